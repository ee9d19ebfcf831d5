"""Digits that are kept: one crop each, as the network sees it, with what people say it is."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.loop import run
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.decision import NOT_A_DIGIT, UNSURE
from mnist_edge.camera.sinks import crops as crops_module
from mnist_edge.camera.sinks.collect import SETTLED_FRAMES, Collector
from mnist_edge.camera.sinks.crops import cut_out
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Rejected
from tests.camera.sinks.collecting import CollectorDesk, latest, lines_of
from tests.helpers import PATIENCE_SECONDS, wait_until

Image = NDArray[np.uint8]


def test_the_loop_keeps_each_digit_once_as_the_network_sees_it(
    tmp_path: Path, page: tuple[Image, list[Box]], caplog: pytest.LogCaptureFixture
) -> None:
    reader, controls = Reader(), Controls(0.4)
    source = ArraySource([page[0]] * 40)
    with Collector(tmp_path, controls, model=reader.model) as collector:
        run(source, reader, views=[collector], workers=[collector.worker], controls=controls)
    lines = lines_of(tmp_path)
    assert [line["label"] for line in sorted(lines, key=lambda line: line["box"])] == [7, 2, 5]
    seen = {one.box: one.crop for one in reader.read(page[0]).digits}
    for line in lines:
        image = cv2.imread(str(tmp_path / line["image"]), cv2.IMREAD_UNCHANGED)
        assert image.shape == (28, 28)
        assert np.array_equal(image, np.asarray(seen[Box(*line["box"])]))
        crop = cv2.imread(str(tmp_path / line["crop"]), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(crop, cut_out(page[0], Box(*line["box"])))
        assert (line["model"], line["corrected"], line["reason"]) == ("small", None, None)
        assert 0.4 < line["confidence"] <= 1 and line["time"].endswith("+00:00")
    assert len(list(tmp_path.iterdir())) == 7
    assert caplog.messages == []


def test_stills_are_kept_at_once(tmp_path: Path, page: tuple[Image, list[Box]]) -> None:
    reader, controls = Reader(), Controls(0.4)
    with Collector(tmp_path, controls, model="small", still=True) as collector:
        source = ArraySource([page[0]] * 12, still=True)
        run(source, reader, views=[collector], workers=[collector.worker], controls=controls)
    # Faster than they can be written, and yet none is left out.
    assert sorted(line["label"] for line in lines_of(tmp_path)) == [2] * 12 + [5] * 12 + [7] * 12


def test_what_passes_by_is_not_kept(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        desk.show(collector, SETTLED_FRAMES - 1)
        desk.digits = ()
        desk.show(collector)
    assert not desk.folder.exists()


def test_a_paused_picture_counts_once(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        paused = replace(desk.show(collector, 1), paused=True)
        for _ in range(3 * SETTLED_FRAMES):
            collector.show(paused)
    assert not desk.folder.exists()


def test_a_digit_is_kept_in_a_frame_that_shows_it(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        shown = desk.show(collector, SETTLED_FRAMES - 1)
        # Believed to be there still, but in this frame nothing was read.
        missed = replace(shown.reading, digits=())
        white = Frame(np.full_like(desk.image, 255), 1000, 40.0, "a camera")
        collector.show(replace(shown, frame=white, reading=missed))
        desk.show(collector, 1)
    assert len(lines_of(desk.folder)) == 3
    assert all(cv2.imread(str(desk.folder / line["crop"])).std() > 10 for line in lines_of(desk.folder))


def test_a_correction_adds_a_line(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
        desk.correct((1, 1), (2, -1))
        desk.show(collector, 1)
        wait_until(lambda: desk.controls.message == "kept as no digit")
        desk.correct((1, 1), (1, 4))
        desk.show(collector, 1)
    assert len(lines_of(desk.folder)) == 6
    by_track = {line["track"]: line for line in latest(desk.folder).values()}
    assert [by_track[track]["corrected"] for track in (1, 2, 3)] == [4, -1, None]
    assert [by_track[track]["label"] for track in (1, 2, 3)] == [7, 2, 5]
    assert len(list(desk.folder.glob("*.png"))) == 6


def test_a_correction_keeps_a_digit_at_once(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        shown = desk.show(collector, 1)
        desk.correct((2, 3))
        # The picture stands still, and yet the key counts.
        collector.show(replace(shown, paused=True))
        wait_until(lambda: desk.controls.message == "kept as 3")
    assert [(line["track"], line["corrected"]) for line in latest(desk.folder).values()] == [(2, 3)]


def test_a_digit_that_has_gone_can_still_be_corrected(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
        desk.digits = ()
        desk.show(collector)
        desk.correct((3, 6))
    # Asked for after the last frame.
    assert {line["track"]: line["corrected"] for line in latest(desk.folder).values()} == {1: None, 2: None, 3: 6}


def test_each_correction_is_answered_once_it_is_known_what_became_of_it(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
        given_up = desk.controls.correct(2, 4)
        assert given_up.answer.cancel()
        right, wrong = desk.correct((1, 4), (77, 4))
        desk.show(collector, 1)
        assert right.result(PATIENCE_SECONDS) == "kept as 4"
        with pytest.raises(LookupError, match="not kept as 4: there is no digit 77"):
            wrong.result(PATIENCE_SECONDS)
    assert {line["track"]: line["corrected"] for line in latest(desk.folder).values()} == {1: 4, 2: None, 3: None}


def test_a_digit_of_long_ago_cannot(desk: CollectorDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crops_module, "RECENT", 2)
    with desk.collector() as collector:
        desk.show(collector)
        desk.correct((1, 6))
        desk.show(collector, 1)
        wait_until(lambda: desk.controls.message == "not kept as 6: of that digit there is no crop")
    assert len(lines_of(desk.folder)) == 3


def refused(digit: Digit, reason: str) -> Rejected:
    """The ink of a digit, refused."""
    score = 0.7 if reason == UNSURE else 0.2
    return Rejected(digit.box, reason, digit.label, 0.3, score, 0.9, digit.crop)


def test_refused_ink_is_kept_without_a_label(desk: CollectorDesk) -> None:
    digits, desk.digits = desk.digits, desk.digits[:1]
    plain = desk.view(desk.image, 0, digits=desk.digits).reading
    # The first is a digit that this frame alone is unsure of, the last is no ink of a digit.
    reasons = UNSURE, UNSURE, NOT_A_DIGIT
    rejected = tuple(refused(one, reason) for one, reason in zip(digits, reasons, strict=True))
    with desk.collector() as collector:
        for number in range(20):
            shown = desk.view(desk.image, number, digits=desk.digits)
            collector.show(replace(shown, reading=replace(plain, rejected=rejected)))
    found = sorted(lines_of(desk.folder), key=lambda line: line["box"])
    assert [(line["track"], line["label"], line["reason"]) for line in found] == [
        (1, 7, None),
        (None, None, "low confidence"),
    ]
    assert found[1]["box"] == list(digits[1].box)


def test_refused_ink_is_left_out_where_it_is_not_wanted(desk: CollectorDesk) -> None:
    rejected = (refused(desk.digits[0], UNSURE),)
    desk.digits = ()
    with desk.collector(refused=False) as collector:
        for number in range(20):
            shown = desk.view(desk.image, number)
            collector.show(replace(shown, reading=replace(shown.reading, rejected=rejected)))
    assert not desk.folder.exists()


def test_digits_that_touch_are_collected_each(tmp_path: Path, write_digit: Callable[..., Box]) -> None:
    image = np.full((240, 320, 3), 220, np.uint8)
    for k, label in enumerate((4, 7)):
        write_digit(image, label, 60 + 40 * k, 80, 70, 7)
    reader, controls = Reader(), Controls(0.4)
    assert [one.label for one in reader.read(image).digits] == [4, 7]
    with Collector(tmp_path, controls, model=reader.model, still=True) as collector:
        run(ArraySource([image], still=True), reader, views=[collector], workers=[collector.worker], controls=controls)
    assert [line["label"] for line in lines_of(tmp_path)] == [4, 7]


def test_a_crop_is_bounded_and_ends_with_the_picture() -> None:
    image = np.zeros((50, 60, 3), np.uint8)
    large = np.zeros((1500, 3200, 3), np.uint8)
    assert max(cut_out(large, Box(300, 400, 500, 600)).shape) == crops_module.LARGEST_CROP
    assert cut_out(image, Box(0, 0, 20, 40)).shape == (50, 30, 3)
    assert cut_out(image, Box(50, 45, 10, 5)).shape == (7, 12, 3)


def test_files_have_the_permissions_of_any_new_file(desk: CollectorDesk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
    umask = os.umask(0)
    os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in desk.folder.iterdir()} == {0o666 & ~umask}
