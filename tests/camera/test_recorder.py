"""Recordings: playable, complete, at the right speed, and never over another unasked."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.recorder import Recorder, fit
from mnist_edge.errors import OutputError, UsageError

Image = NDArray[np.uint8]


def record(path: Path, images: list[Image], rate: float = 25.0, force: bool = False) -> None:
    source = ArraySource(images, rate=rate)
    with Recorder(path, source, force=force) as recorder:
        for frame in source:
            recorder.show(frame.image, frame)


def grey(level: int, width: int = 160, height: int = 120) -> Image:
    return np.full((height, width, 3), level, np.uint8)


@pytest.mark.parametrize("suffix", [".mp4", ".avi", ".AVI"])
@pytest.mark.parametrize("rate", [25.0, 29.97, 10.0])
def test_every_frame_of_a_file_is_recorded_once_in_order(
    tmp_path: Path, frames_of: Callable[[Path], list[Image]], suffix: str, rate: float
) -> None:
    path = tmp_path / "new" / f"clip{suffix}"
    record(path, [grey(8 * n) for n in range(30)], rate)
    levels = [frame.mean() for frame in frames_of(path)]
    assert np.allclose(levels, [8 * n for n in range(30)], atol=6)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(rate, rel=0.01)
    assert list(path.parent.iterdir()) == [path]


def test_the_first_frame_sets_the_size(tmp_path: Path, frames_of: Callable[[Path], list[Image]]) -> None:
    record(tmp_path / "clip.avi", [grey(255, 161, 121), grey(255, 300, 50), grey(255, 50, 300)])
    frames = frames_of(tmp_path / "clip.avi")
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 3
    assert frames[1][60, 80].min() > 200 and frames[1][2, 80].max() < 50


def test_a_frame_lasts_as_long_as_it_was_seen(tmp_path: Path, frames_of: Callable[[Path], list[Image]]) -> None:
    path = tmp_path / "clip.avi"
    with Recorder(path, ArraySource([], rate=20.0)) as recorder:
        for number, seconds in enumerate((7.0, 7.01, 8.0, 8.5)):
            image = grey(50 * number)
            recorder.show(image, Frame(image, number, seconds, "live"))
    # 1.5 seconds at 20 frames a second, and the frame that came at once after the first is left out.
    levels = [round(frame.mean() / 50) for frame in frames_of(path)]
    assert len(levels) == 31
    assert set(levels) == {0, 2, 3}


def test_nothing_is_overwritten_unasked(tmp_path: Path, frames_of: Callable[[Path], list[Image]]) -> None:
    path = tmp_path / "clip.avi"
    record(path, [grey(10)])
    with pytest.raises(OutputError, match=r"clip\.avi exists already.*--force"):
        record(path, [grey(10)])
    record(path, [grey(10)] * 3, force=True)
    assert len(frames_of(path)) == 3


def test_an_unknown_suffix_is_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"clip\.mkv.*\.mp4 or \.avi"):
        record(tmp_path / "clip.mkv", [grey(0)])


def test_a_codec_that_is_missing_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("mnist_edge.camera.recorder", fromlist=["CODECS"]).CODECS, ".avi", "????")
    with pytest.raises(OutputError, match="lacks the codec"):
        record(tmp_path / "clip.avi", [grey(0)])
    assert not (tmp_path / "clip.avi").exists()


def test_a_source_without_frames_leaves_no_file(tmp_path: Path) -> None:
    record(tmp_path / "clip.avi", [])
    assert not list(tmp_path.iterdir())


def test_an_error_in_the_loop_still_closes_the_video(tmp_path: Path, frames_of: Callable[[Path], list[Image]]) -> None:
    path = tmp_path / "clip.mp4"
    with pytest.raises(RuntimeError), Recorder(path, ArraySource([])) as recorder:
        for number in range(10):
            recorder.show(grey(0), Frame(grey(0), number, number / 25, ""))
        raise RuntimeError
    assert len(frames_of(path)) == 10


KILLED = """
import os, sys, numpy as np
from pathlib import Path
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.recorder import Recorder
source = ArraySource(np.random.default_rng(0).integers(0, 255, (60, 120, 160, 3), np.uint8))
recorder = Recorder(Path(sys.argv[1]), source)
for frame in source:
    recorder.show(frame.image, frame)
os.kill(os.getpid(), 9)
"""


def test_of_a_killed_process_an_avi_can_be_played(tmp_path: Path, frames_of: Callable[[Path], list[Image]]) -> None:
    result = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "clip.avi")], check=False)
    assert result.returncode == -signal.SIGKILL
    assert len(frames_of(tmp_path / "clip.part.avi")) > 30
    with pytest.raises(OutputError, match=r"clip\.part\.avi exists"):
        record(tmp_path / "clip.avi", [grey(0)])


def test_fitting_keeps_proportions() -> None:
    fitted = fit(grey(255, 100, 100), (160, 80))
    assert fitted.shape == (80, 160, 3)
    assert (fitted[40] > 0).all(axis=1).sum() == 80
