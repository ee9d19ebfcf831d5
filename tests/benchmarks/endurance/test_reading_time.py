"""The three ways do what their names promise, and the figures follow from their times."""

import json
from pathlib import Path

import pytest

from mnist_edge.benchmarks.endurance import reading_time
from mnist_edge.benchmarks.endurance.reading_time import (
    FrameTime,
    ReadingTime,
    main,
    measure_reading_time,
    scene_frames,
)
from mnist_edge.benchmarks.harness.peers import Frame, floor
from mnist_edge.dataset import Dataset
from mnist_edge.opencv import cv2


def test_the_bounds_are_those_that_are_promised() -> None:
    assert (reading_time.MAX_TO_FLOOR, reading_time.MAX_TO_WEBCAM) == (2.5, 1.0)
    assert ReadingTime((FrameTime(2, 5, 5, 10, 10),)).broken() == []
    (floor,) = ReadingTime((FrameTime(1.9, 5, 5, 10, 10),)).broken()
    assert floor == "reading takes 2.6 times as long as its floor, not 2.5"
    (webcam,) = ReadingTime((FrameTime(2, 4, 5, 10, 10),)).broken()
    assert webcam == "reading takes 1.2 times as long as the usual webcam loop, not 1.0"


def test_ratios_of_sums_and_of_frames() -> None:
    times = ReadingTime((FrameTime(1, 2, 2, 3, 1), FrameTime(1, 4, 1, 9, 2), FrameTime(2, 10, 9, 4, 9)))
    document = times.to_json()
    assert document == {
        "frames": 3, "floor_ms": 1, "webcam_ms": 4, "reader_ms": 2, "contours": 4, "digits": 2,
        "to_floor": 3.0, "to_webcam": 0.75, "median_to_floor": 2.0, "median_to_webcam": 0.9,
    }  # fmt: skip


def test_scenes_are_frames_with_ten_digits(digits: Dataset) -> None:
    frames = scene_frames(digits.test, 2)
    assert [frame.shape for frame in frames] == [(480, 640, 3)] * 2
    assert (frames[0] != frames[1]).any()
    # Not all are read where the digits are scikit-learn's.
    assert 4 <= measure_reading_time(frames, runs=1).to_json()["digits"] <= 12


def test_times_are_of_one_thread_and_in_milliseconds(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: set[int] = set()
    before = cv2.getNumThreads()

    def watched(frame: Frame) -> int:
        seen.add(cv2.getNumThreads())
        return floor(frame)

    monkeypatch.setattr(reading_time, "floor", watched)
    reports: list[tuple[float, float]] = []
    frames = scene_frames(digits.test, 2)
    times = measure_reading_time(frames, runs=2, progress=lambda done, total, note="": reports.append((done, total)))
    assert seen == {1} and cv2.getNumThreads() == before
    assert reports == [(1, 2), (2, 2)]
    for one in times.frames:
        # Far wider than any machine: a wrong unit would be off by a thousand.
        assert 0.02 < one.floor_ms < 200 and 0.02 < one.webcam_ms < 200
        assert 0.2 < one.reader_ms / one.floor_ms < 200
        assert one.contours >= 5 and one.digits >= 3


def test_the_tool_prints_one_document(digits: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading_time, "RUNS", 1)
    few = scene_frames(digits.test, 1)
    monkeypatch.setattr(reading_time, "scene_frames", lambda split: few)
    code = main(["--output", str(tmp_path / "times.json"), "--keep"])
    document = json.loads((tmp_path / "times.json").read_text())
    assert (code, document["scenes"]["frames"]) == (0, 1)
    assert document["stamp"]["machine"]["cores"] >= 1 and document["model"] == "small"
