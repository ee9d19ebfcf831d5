"""Digits that are kept: one crop each, as the network sees it, with what people say it is; and disks that are full."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera import worker as worker_module
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.loop import run
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.decision import NOT_A_DIGIT, UNSURE
from mnist_edge.camera.sinks import collect as collect_module
from mnist_edge.camera.sinks import crops as crops_module
from mnist_edge.camera.sinks.collect import SETTLED_FRAMES, Collector
from mnist_edge.camera.sinks.crops import LIST, CropFolder, cut_out
from mnist_edge.camera.view import View
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Rejected
from tests.helpers import PATIENCE_SECONDS, wait_until

Image = NDArray[np.uint8]
Views = Callable[..., View]


def running() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "digits to collect"]


def lines_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / LIST).read_text().splitlines()]


def latest(folder: Path) -> dict[str, dict[str, Any]]:
    return {line["item"]: line for line in lines_of(folder)}


@pytest.fixture
def page(write_digit: Callable[..., Box]) -> tuple[Image, list[Box]]:
    """Grey paper with a 7, a 2 and a 5, and their boxes."""
    image = np.full((240, 320, 3), 220, np.uint8)
    return image, [write_digit(image, label, 40 + 90 * k, 80, 70, 7) for k, label in enumerate((7, 2, 5))]


@pytest.fixture
def written(page: tuple[Image, list[Box]]) -> tuple[Digit, ...]:
    crop = np.zeros((28, 28), np.uint8)
    return tuple(
        Digit(label, 0.9, box, track=k + 1, crop=crop)
        for k, (label, box) in enumerate(zip((7, 2, 5), page[1], strict=True))
    )


class Desk:
    """A collector with all that it needs, shown the same page over and over."""

    def __init__(self, folder: Path, view: Views, image: Image, digits: tuple[Digit, ...]) -> None:
        self.folder, self.controls = folder, Controls(0.5)
        self.view, self.image, self.digits = view, image, digits
        self.number = 0

    def turn_page(self) -> None:
        self.digits = tuple(replace(one, track=(one.track or 0) + 10) for one in self.digits)

    def collector(self, **options: Any) -> Collector:
        return Collector(self.folder, self.controls, model="small", **options)

    def correct(self, *corrections: tuple[int, int]) -> list["Future[str]"]:
        return [self.controls.correct(track, label).answer for track, label in corrections]

    def show(self, collector: Collector, frames: int = SETTLED_FRAMES, **more: Any) -> View:
        for _ in range(frames):
            self.number += 1
            shown = self.view(self.image, self.number, digits=self.digits, **more)
            collector.show(shown)
        return shown


@pytest.fixture
def desk(tmp_path: Path, view: Views, page: tuple[Image, list[Box]], written: tuple[Digit, ...]) -> Desk:
    return Desk(tmp_path / "collected", view, page[0], written)


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


def test_what_passes_by_is_not_kept(desk: Desk) -> None:
    with desk.collector() as collector:
        desk.show(collector, SETTLED_FRAMES - 1)
        desk.digits = ()
        desk.show(collector)
    assert not desk.folder.exists()


def test_a_paused_picture_counts_once(desk: Desk) -> None:
    with desk.collector() as collector:
        paused = replace(desk.show(collector, 1), paused=True)
        for _ in range(3 * SETTLED_FRAMES):
            collector.show(paused)
    assert not desk.folder.exists()


def test_a_digit_is_kept_in_a_frame_that_shows_it(desk: Desk) -> None:
    with desk.collector() as collector:
        shown = desk.show(collector, SETTLED_FRAMES - 1)
        # Believed to be there still, but in this frame nothing was read.
        missed = replace(shown.reading, digits=())
        white = Frame(np.full_like(desk.image, 255), 1000, 40.0, "a camera")
        collector.show(replace(shown, frame=white, reading=missed))
        desk.show(collector, 1)
    assert len(lines_of(desk.folder)) == 3
    assert all(cv2.imread(str(desk.folder / line["crop"])).std() > 10 for line in lines_of(desk.folder))


def test_a_correction_adds_a_line(desk: Desk) -> None:
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


def test_a_correction_keeps_a_digit_at_once(desk: Desk) -> None:
    with desk.collector() as collector:
        shown = desk.show(collector, 1)
        desk.correct((2, 3))
        # The picture stands still, and yet the key counts.
        collector.show(replace(shown, paused=True))
        wait_until(lambda: desk.controls.message == "kept as 3")
    assert [(line["track"], line["corrected"]) for line in latest(desk.folder).values()] == [(2, 3)]


def test_a_digit_that_has_gone_can_still_be_corrected(desk: Desk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
        desk.digits = ()
        desk.show(collector)
        desk.correct((3, 6))
    # Asked for after the last frame.
    assert {line["track"]: line["corrected"] for line in latest(desk.folder).values()} == {1: None, 2: None, 3: 6}


def test_each_correction_is_answered_once_it_is_known_what_became_of_it(desk: Desk) -> None:
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


def test_a_digit_of_long_ago_cannot(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_refused_ink_is_kept_without_a_label(desk: Desk) -> None:
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


def test_refused_ink_is_left_out_where_it_is_not_wanted(desk: Desk) -> None:
    rejected = (refused(desk.digits[0], UNSURE),)
    desk.digits = ()
    with desk.collector(refused=False) as collector:
        for number in range(20):
            shown = desk.view(desk.image, number)
            collector.show(replace(shown, reading=replace(shown.reading, rejected=rejected)))
    assert not desk.folder.exists()


def test_a_full_folder_is_logged_once_and_can_still_be_corrected(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    with desk.collector(max_files=4) as collector:
        desk.show(collector)
        desk.turn_page()
        desk.show(collector)
        desk.correct((1, 9))
        desk.show(collector, 1)
    assert len(list(desk.folder.glob("*.png"))) == 4
    assert [line["corrected"] for line in lines_of(desk.folder)] == [None, None, 9]
    assert caplog.messages == [f"{desk.folder} is full; no more digits are kept, only corrections"]
    with desk.collector(max_files=4) as collector:
        desk.turn_page()
        desk.show(collector)
    assert len(list(desk.folder.glob("*.png"))) == 4


def test_a_folder_that_cannot_be_written_is_logged_once(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.folder.write_text("a file, where the folder should be")
    with desk.collector() as collector:
        for _ in range(3):
            desk.turn_page()
            desk.show(collector)
        desk.correct((31, 7))
        desk.show(collector, 1)
        wait_until(lambda: desk.controls.message == "not kept as 7: of that digit there is no crop")
        desk.turn_page()
        desk.correct((41, 7))
        desk.show(collector, 1)
        wait_until(lambda: desk.controls.message == "not kept as 7: File exists")
    (note,) = caplog.messages
    assert note.startswith(f"digits cannot be kept in {desk.folder}: ") and note.endswith("; reading goes on")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_full_disk_is_logged_once_and_the_loop_goes_on(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.folder.mkdir()
    (desk.folder / LIST).symlink_to("/dev/full")
    with desk.collector() as collector:
        desk.show(collector)
        wait_until(lambda: caplog.messages)
        # Room again.
        (desk.folder / LIST).unlink()
        desk.turn_page()
        desk.show(collector)
    assert caplog.messages == [f"digits cannot be kept in {desk.folder}: No space left on device; reading goes on"]
    assert [line["track"] for line in lines_of(desk.folder)] == [11, 12, 13]


def test_half_a_line_spoils_no_other(desk: Desk) -> None:
    desk.folder.mkdir()
    (desk.folder / LIST).write_text('{"item": "old"}\n{"item": "broken o')
    with desk.collector() as collector:
        desk.show(collector)
    lines = (desk.folder / LIST).read_text().splitlines()
    assert lines[:2] == ['{"item": "old"}', '{"item": "broken o']
    assert [json.loads(line)["track"] for line in lines[2:]] == [1, 2, 3]


def test_runs_share_a_folder(desk: Desk) -> None:
    for _ in range(2):
        with desk.collector() as collector:
            desk.show(collector)
    assert len(latest(desk.folder)) == 6
    assert len({line["image"] for line in lines_of(desk.folder)}) == 6


@pytest.fixture
def stuck_disk(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Whatever is written waits for this."""
    freed = threading.Event()

    add = CropFolder.add

    def add_late(*arguments: Any) -> None:
        freed.wait(PATIENCE_SECONDS)
        add(*arguments)

    monkeypatch.setattr(CropFolder, "add", add_late)
    yield freed
    freed.set()


def test_a_slow_disk_holds_nobody_up_and_what_still_lies_there_is_kept_later(
    desk: Desk, stuck_disk: threading.Event
) -> None:
    with desk.collector() as collector:
        took = []
        for turn in range(8):
            desk.digits = tuple(replace(one, track=turn * 3 + k) for k, one in enumerate(desk.digits))
            began = time.perf_counter()
            desk.show(collector)
            took.append(time.perf_counter() - began)
        desk.correct((21, 8))
        desk.show(collector, 1)
        assert max(took) < 5
        stuck_disk.set()
        wait_until(lambda: len(list(desk.folder.glob("*.png"))) >= 2 * 3 * collect_module.MAX_WAITING)
        # The last page still lies there, and waits for its turn.
        desk.show(collector, 1)
    kept = {line["track"]: line["corrected"] for line in latest(desk.folder).values()}
    assert {21, 22, 23} <= kept.keys()
    assert kept[21] == 8


def test_it_ends_while_the_disk_is_stuck(
    desk: Desk, stuck_disk: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_module, "END_SECONDS", 0.1)
    with desk.collector() as collector:
        for _ in range(8):
            desk.turn_page()
            desk.show(collector)
    assert not list(desk.folder.iterdir())
    assert running()
    stuck_disk.set()
    wait_until(lambda: not running())


def test_its_thread_ends_with_it(desk: Desk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
        assert len(running()) == 1
    assert not running()


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


def test_files_have_the_permissions_of_any_new_file(desk: Desk) -> None:
    with desk.collector() as collector:
        desk.show(collector)
    umask = os.umask(0)
    os.umask(umask)
    assert {path.stat().st_mode & 0o777 for path in desk.folder.iterdir()} == {0o666 & ~umask}
