"""Where recordings go: never over another unasked, the newest of a ring, and what a killed process leaves."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.loop import run
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sinks import encoders
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import OutputError, PackageMissing, UsageError

Image = NDArray[np.uint8]
FramesOf = Callable[[Path], list[Image]]
Desks = Callable[..., Any]
Record = Callable[..., Any]


def test_nothing_is_overwritten_unasked(tmp_path: Path, frames_of: FramesOf, record: Record) -> None:
    path = tmp_path / "clip.avi"
    record(path, [10])
    with pytest.raises(OutputError, match=r"clip\.avi exists already.*--force"):
        record(path, [10])
    record(path, [10] * 3, force=True)
    assert len(frames_of(path)) == 3


@pytest.mark.parametrize("name", ["clip.mov", "clip.mp5", "clip.png", "clip.part"])
def test_an_unknown_suffix_is_wrong_usage(tmp_path: Path, make_desk: Desks, name: str) -> None:
    with pytest.raises(UsageError, match=rf"{name}.*\.mp4, \.mkv, \.webm or \.avi"):
        make_desk(tmp_path / name)


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_what_needs_a_package_says_so_before_anything_is_recorded(
    tmp_path: Path, make_desk: Desks, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "has_pyav", lambda: False)
    with pytest.raises(PackageMissing, match=r"clip.*needs PyAV.*install av"):
        make_desk(tmp_path / name)


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path, make_desk: Desks) -> None:
    (tmp_path / "ring").touch()
    with pytest.raises(OutputError, match="ring is a file; name a folder"):
        make_desk(tmp_path / "ring")


def test_a_source_without_frames_leaves_no_file(tmp_path: Path, record: Record) -> None:
    record(tmp_path / "clip.avi", [])
    record(tmp_path / "ring", [])
    assert [path.name for path in tmp_path.rglob("*")] == ["ring"]


def test_a_second_video_replaces_none_that_is_there(tmp_path: Path, make_desk: Desks) -> None:
    (tmp_path / "clip-2.avi").write_text("mine")
    desk = make_desk(tmp_path / "clip.avi")
    with desk.recorder:
        for wanted in (True, False, True):
            desk.controls.recording = wanted
            desk.show(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-2.avi", "clip-3.avi", "clip.avi"]
    assert (tmp_path / "clip-2.avi").read_text() == "mine"


def test_quick_presses_make_a_file_each(tmp_path: Path, frames_of: FramesOf, make_desk: Desks) -> None:
    desk = make_desk(tmp_path / "ring", always=False)
    with desk.recorder:
        for press in range(6):
            desk.controls.recording = press % 2 == 0
            desk.show(0)
    assert [len(frames_of(path)) for path in sorted((tmp_path / "ring").iterdir())] == [1, 1, 1]


def ring_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".avi", ".mp4"))


@pytest.mark.parametrize("suffix", [".mp4", ".avi"], indirect=True)
def test_a_folder_keeps_the_newest_files(tmp_path: Path, frames_of: FramesOf, record: Record, suffix: str) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    old = folder / "2020-01-01T00-00-00.000Z.avi"
    others = [folder / name for name in ("holiday.avi", "2020-01-01.mp4", "2020-01-01T00-00-00.000Z.txt")]
    for path in (old, *others):
        path.write_bytes(b"x")
    images = np.random.default_rng(0).integers(0, 255, (20, 240, 320, 3), np.uint8)
    # A file ends with the fragment in which it has grown large enough: a second, of 25 frames.
    record(folder, [images[n % 20] for n in range(200)], max_mb=0.6, files=3)
    made = [path for path in ring_files(folder) if path not in others]
    assert len(made) == 3 and old not in made
    assert all(path.exists() for path in others)
    for path in made[:-1]:
        assert 0.6e6 <= path.stat().st_size < (1.2e6 if suffix == ".avi" else 3e6), path.stat().st_size
    assert [len(frames_of(path)) > 5 for path in made[:-1]] == [True, True] and frames_of(made[-1])


def test_a_clock_that_was_put_back_costs_no_new_file(tmp_path: Path, make_desk: Desks) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    future = [folder / f"2199-01-01T00-00-0{n}.000Z.avi" for n in range(3)]
    for path in future:
        path.write_bytes(b"x")
    desk = make_desk(folder, files=3)
    with desk.recorder:
        for press in range(4):
            desk.controls.recording = press % 2 == 0
            desk.show(0)
    left = ring_files(folder)
    assert len(left) == 3 and left[-1] == future[-1] and not {*left} & {*future[:2]}


def test_empty_files_cost_no_real_one_its_place(tmp_path: Path, record: Record) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    real = [folder / f"2020-01-01T00-00-0{n}.000Z.avi" for n in range(4)]
    for path in real:
        path.write_bytes(b"x")
    for n in range(9):
        (folder / f"2020-01-01T00-00-09.00{n}Z.avi").touch()
    record(folder, [0], files=4)
    assert [path for path in real if path.exists()] == real[1:]


KILLED = """
import os, sys, time, numpy as np
from pathlib import Path
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.view import View
from mnist_edge.reading import Reading

images = np.random.default_rng(0).integers(0, 255, (100, 240, 320, 3), np.uint8)
with Recorder(Path(sys.argv[1]), ArraySource([]), Controls(0.5), raw=True) as recorder:
    for number, image in enumerate(images):
        while recorder.worker.full:
            time.sleep(0.001)
        recorder.show(View(Frame(image, number, number / 25, ""), Reading("", 320, 240, "", "", (), ()), (), ()))
    while recorder.worker.busy:
        time.sleep(0.01)
    os.kill(os.getpid(), 9)
"""


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv", "clip.webm", "clip.avi", "ring"])
def test_what_a_killed_process_has_written_can_be_played(
    tmp_path: Path, frames_of: FramesOf, record: Record, ink_reader: Any, name: str
) -> None:
    if name in ("clip.mkv", "clip.webm") and not encoders.has_pyav():
        pytest.skip("PyAV is not installed")
    result = subprocess.run([sys.executable, "-c", KILLED, tmp_path / name], check=False, timeout=60)
    assert result.returncode == -signal.SIGKILL
    (left,) = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    frames = frames_of(left)
    # At most the last second is missing, or with OpenCV a buffer of 256 kB.
    assert len(frames) > 100 * left.stat().st_size / (left.stat().st_size + encoders.BUFFER_BYTES) - 26
    if shutil.which("ffmpeg"):
        decoded = subprocess.run(
            ["ffmpeg", "-v", "error", "-i", left, "-f", "rawvideo", "-pix_fmt", "gray", "-"],
            capture_output=True,
            check=True,
        )
        assert len(decoded.stdout) == len(frames) * 320 * 240
    with open_source(Settings(source=str(left)), Stop()) as source:
        assert run(source, ink_reader).frames == len(frames)
    if name == "ring":
        assert ".part" not in left.name
        record(tmp_path / name, [0] * 3, files=2)
        assert left in ring_files(tmp_path / name) and len(ring_files(tmp_path / name)) == 2
    else:
        assert left.name == f"clip.part{left.suffix}"
        with pytest.raises(OutputError, match=r"clip\.part\.\w+ exists"):
            record(tmp_path / name, [0])


@pytest.mark.parametrize("name", ["clip.avi", "ring"])
def test_two_that_record_to_one_place_do_not_cost_each_other_a_frame(
    tmp_path: Path, frames_of: FramesOf, make_desk: Desks, name: str
) -> None:
    first = make_desk(tmp_path / name, files=1)
    with first.recorder:
        for _ in range(10):
            first.show(50)
        with pytest.raises(OutputError, match=r"is being written by (another process|process \d+)"):
            make_desk(tmp_path / name, files=1, force=True).recorder.__enter__()
    (video,) = (path for path in tmp_path.rglob("*.*") if path.is_file())
    assert len(frames_of(video)) == 10
    with make_desk(tmp_path / name, force=True).recorder:
        pass


def test_two_that_record_on_demand_get_names_of_their_own(
    tmp_path: Path, frames_of: FramesOf, make_desk: Desks
) -> None:
    desks = [make_desk(tmp_path / "clip.avi", always=False) for _ in range(2)]
    with desks[0].recorder, desks[1].recorder:
        for desk, count in zip(desks, (3, 5), strict=True):
            desk.controls.recording = True
            for _ in range(count):
                desk.show(50)
    assert sorted(len(frames_of(path)) for path in tmp_path.iterdir()) == [3, 5]
