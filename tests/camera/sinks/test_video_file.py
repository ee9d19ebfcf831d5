"""Videos: playable by all, every frame once, at the right speed and size."""

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.sinks import encoders
from mnist_edge.camera.sinks.video_file import fit
from mnist_edge.opencv import cv2

Image = NDArray[np.uint8]
FramesOf = Callable[[Path], list[Image]]
Desks = Callable[..., Any]
Record = Callable[..., Any]
Log = pytest.LogCaptureFixture


@pytest.mark.parametrize("rate", [25.0, 29.97, 10.0])
def test_every_frame_of_a_file_is_recorded_once_in_order(
    tmp_path: Path, frames_of: FramesOf, record: Record, suffix: str, rate: float, caplog: Log
) -> None:
    path = tmp_path / "new" / f"clip{suffix}"
    record(path, [8 * n for n in range(30)], rate)
    levels = [frame.mean() for frame in frames_of(path)]
    assert np.allclose(levels, [8 * n for n in range(30)], atol=6)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(rate, rel=0.01)
    assert list(path.parent.iterdir()) == [path]
    assert not caplog.messages


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe")
def test_other_players_take_it_for_what_it_is(tmp_path: Path, record: Record, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    record(path, list(np.random.default_rng(0).integers(0, 255, (50, 240, 320, 3), np.uint8)), 20.0)
    asked = ["-count_frames", "-show_entries", "stream=nb_read_frames,avg_frame_rate:format=duration"]
    answer = subprocess.run(
        ["ffprobe", "-v", "error", *asked, "-of", "default=nk=1:nw=1", path], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["20/1", "50", "2.500000"]
    assert not answer.stderr


def test_the_first_frame_sets_the_size(tmp_path: Path, frames_of: FramesOf, record: Record, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    record(path, [np.full((*size, 3), 255, np.uint8) for size in ((121, 161), (50, 300), (300, 50))])
    frames = frames_of(path)
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 3
    assert frames[1][60, 80].min() > 200 and frames[1][2, 80].max() < 50


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 99, 3), (57, 3, 3), (31, 33), (1, 1)])
def test_any_picture_can_be_recorded(
    tmp_path: Path, frames_of: FramesOf, record: Record, suffix: str, shape: tuple[int, ...], caplog: Log
) -> None:
    path = tmp_path / f"clip{suffix}"
    record(path, [np.full(shape, 200, np.uint8)] * 5)
    frames = frames_of(path)
    assert len(frames) == 5 and not caplog.messages
    assert abs(float(frames[0].max()) - 200) < 10


def test_turned_and_mirrored_frames_can_be_recorded(
    tmp_path: Path, frames_of: FramesOf, record: Record, suffix: str
) -> None:
    page = np.zeros((120, 160, 3), np.uint8)
    page[:40] = 255
    record(tmp_path / f"clip{suffix}", [np.rot90(page)[:, ::-1]] * 2)
    frame = frames_of(tmp_path / f"clip{suffix}")[0]
    assert frame.shape == (160, 120, 3)
    assert frame[:, 90:].min() > 200 and frame[:, :70].max() < 50


def test_a_frame_lasts_as_long_as_it_was_seen(tmp_path: Path, frames_of: FramesOf, make_desk: Desks) -> None:
    path = tmp_path / "clip.avi"
    desk = make_desk(path, ArraySource([], rate=20.0))
    with desk.recorder:
        for number, seconds in enumerate((7.0, 7.01, 8.0, 8.5, 8.51)):
            desk.show(50 * number, seconds)
    # 1.5 seconds at 20 frames a second; each instant shows what was the newest picture then.
    levels = [round(frame.mean() / 50) for frame in frames_of(path)]
    assert levels == [0, *[1] * 19, *[2] * 10, 3]


def test_time_that_jumps_does_not_fill_the_disk(tmp_path: Path, frames_of: FramesOf, make_desk: Desks) -> None:
    path = tmp_path / "clip.avi"
    desk = make_desk(path, ArraySource([], rate=10.0))
    with desk.recorder:
        for number, seconds in enumerate((0.0, 0.1, 1e6, 1e6 + 0.1, 5.0, 5.1)):
            desk.show(40 * number, seconds)
    levels = [round(frame.mean() / 40) for frame in frames_of(path)]
    assert levels == [0, *[1] * 100, 2, 3, 5]


def test_a_codec_that_is_missing_is_one_clear_note(
    tmp_path: Path, record: Record, monkeypatch: pytest.MonkeyPatch, caplog: Log
) -> None:
    monkeypatch.setitem(encoders.OPENCV_CODECS, ".avi", "????")
    record(tmp_path / "clip.avi", [0] * 20)
    (message,) = caplog.messages
    assert "recording stopped: OpenCV cannot record clip.part.avi, 160x120 in the codec ????" in message
    assert not list(tmp_path.iterdir())


def test_fitting_keeps_proportions() -> None:
    fitted = fit(np.full((100, 100, 3), 255, np.uint8), (160, 80))
    assert fitted.shape == (80, 160, 3)
    assert (fitted[40] > 0).all(axis=1).sum() == 80


LIMITED = """
import logging, resource, sys, numpy as np
from itertools import count
from pathlib import Path
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.sinks import encoders
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.reading import Reading

class Nothing:
    min_confidence = 0.5
    def read(self, frame, source):
        return Reading(source, 320, 240, "", "", (), ())

logging.basicConfig(stream=sys.stdout, format="%(message)s")
encoders.BUFFER_BYTES = 100_000
if sys.argv[2] == "opencv":
    encoders.has_pyav = lambda: False
resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, 3_000_000))
blocks = np.random.default_rng(0).integers(0, 255, (20, 60, 80, 3), np.uint8).repeat(16, 1).repeat(16, 2)
controls = Controls(0.5)

def images():
    for number in count():
        yield blocks[number % 20]
        if not controls.recording:
            yield from blocks
            return

source = ArraySource(images())
with Recorder(Path(sys.argv[1]), source, controls) as recorder:
    stats = run(source, Nothing(), views=[recorder], workers=[recorder.worker], controls=controls)
    print(stats.frames > 20, controls.recording)
"""


def test_a_file_that_may_not_grow_is_noticed(tmp_path: Path, frames_of: FramesOf, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    writer = "pyav" if encoders.has_pyav() else "opencv"
    result = subprocess.run(
        [sys.executable, "-c", LIMITED, path, writer],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    note, end = result.stdout.splitlines()
    why = "File too large" if writer == "pyav" else "does not grow any more; check the disk, its quota"
    assert why in note
    assert end == "True False"
    assert path.stat().st_size <= 3_000_000
    assert len(frames_of(path)) > 5
