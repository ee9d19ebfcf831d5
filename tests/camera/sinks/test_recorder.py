"""Recordings: playable, complete, at the right speed, never over another unasked, and never in the loop's way."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera import worker as worker_module
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sinks import encoders, saved_files
from mnist_edge.camera.sinks import recorder as recorder_module
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.sinks.video_file import VideoFile, fit
from mnist_edge.camera.sources import open_source
from mnist_edge.camera.view import View
from mnist_edge.errors import OutputError, PackageMissing, UsageError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit

Image = NDArray[np.uint8]
FramesOf = Callable[[Path], list[Image]]
Views = Callable[..., View]
# CI runs on busy machines.
LIMIT_SECONDS = 60.0


def grey(level: int, width: int = 160, height: int = 120) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def noise(count: int, width: int = 320, height: int = 240) -> Image:
    return np.random.default_rng(0).integers(0, 255, (count, height, width, 3), np.uint8)


def blocks(count: int = 20) -> Image:
    """Large pictures that are quickly encoded."""
    return noise(count, 80, 60).repeat(16, axis=1).repeat(16, axis=2)


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.01)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "frames of the recording"]


@pytest.fixture(params=[".mp4", ".avi", ".mkv", ".webm", ".MP4", "OpenCV's .mp4"])
def suffix(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of each kind of video that this computer can write."""
    suffix = str(request.param)
    if suffix == ".avi" or suffix.startswith("OpenCV"):
        monkeypatch.setattr(encoders, "has_pyav", lambda: False)
    elif not encoders.has_pyav():
        pytest.skip("PyAV is not installed")
    return suffix.split()[-1]


class Desk:
    """A recorder with all that it needs; `raw`, so that grey levels stay what they are."""

    def __init__(self, view: Views, path: Path, source: ArraySource | None = None, **options: Any) -> None:
        self.controls = Controls(0.5)
        self.source = source or ArraySource([])
        self.recorder = Recorder(path, self.source, self.controls, **{"raw": True, **options})
        self._view, self.number = view, 0

    def show(self, image: Image, seconds: float | None = None) -> View:
        seconds = self.number / self.source.info.rate if seconds is None else seconds
        shown = self._view(image, number=self.number, seconds=seconds)
        self.number += 1
        if not self.source.info.live:
            # As the loop does.
            wait_for(lambda: not self.recorder.worker.full or self.controls.stop.requested)
        self.recorder.show(shown)
        return shown


def record(view: Views, path: Path, images: list[Image] | Image, rate: float = 25.0, **options: Any) -> Desk:
    desk = Desk(view, path, ArraySource([], rate=rate), **options)
    with desk.recorder:
        for image in images:
            desk.show(image)
    return desk


@pytest.mark.parametrize("rate", [25.0, 29.97, 10.0])
def test_every_frame_of_a_file_is_recorded_once_in_order(
    tmp_path: Path, frames_of: FramesOf, view: Views, suffix: str, rate: float, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "new" / f"clip{suffix}"
    record(view, path, [grey(8 * n) for n in range(30)], rate)
    levels = [frame.mean() for frame in frames_of(path)]
    assert np.allclose(levels, [8 * n for n in range(30)], atol=6)
    assert cv2.VideoCapture(str(path)).get(cv2.CAP_PROP_FPS) == pytest.approx(rate, rel=0.01)
    assert list(path.parent.iterdir()) == [path]
    assert not caplog.messages


@pytest.mark.skipif(not shutil.which("ffprobe"), reason="needs ffprobe")
def test_other_players_take_it_for_what_it_is(tmp_path: Path, view: Views, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    record(view, path, list(noise(50)), 20.0)
    asked = ["-count_frames", "-show_entries", "stream=nb_read_frames,avg_frame_rate:format=duration"]
    answer = subprocess.run(
        ["ffprobe", "-v", "error", *asked, "-of", "default=nk=1:nw=1", path], capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == ["20/1", "50", "2.500000"]
    assert not answer.stderr


def test_what_was_read_is_drawn_unless_frames_are_wanted_raw(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    page, digit = grey(255, 320, 240), Digit(7, 0.9, Box(100, 80, 60, 90), track=1)
    shown = view(page, digits=(digit,))
    for raw in (False, True):
        desk = Desk(view, tmp_path / f"{raw}.avi", raw=raw)
        with desk.recorder:
            desk.recorder.show(shown)
    assert np.abs(frames_of(tmp_path / "False.avi")[0].astype(int) - shown.picture).mean() < 2
    assert frames_of(tmp_path / "False.avi")[0].min() < 100
    assert frames_of(tmp_path / "True.avi")[0].min() > 250


def test_the_first_frame_sets_the_size(tmp_path: Path, frames_of: FramesOf, view: Views, suffix: str) -> None:
    path = tmp_path / f"clip{suffix}"
    record(view, path, [grey(255, 161, 121), grey(255, 300, 50), grey(255, 50, 300)])
    frames = frames_of(path)
    assert [frame.shape for frame in frames] == [(120, 160, 3)] * 3
    assert frames[1][60, 80].min() > 200 and frames[1][2, 80].max() < 50


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 99, 3), (57, 3, 3), (31, 33), (1, 1)])
def test_any_picture_can_be_recorded(
    tmp_path: Path,
    frames_of: FramesOf,
    view: Views,
    suffix: str,
    shape: tuple[int, ...],
    caplog: pytest.LogCaptureFixture,
) -> None:
    path = tmp_path / f"clip{suffix}"
    record(view, path, [np.full(shape, 200, np.uint8)] * 5)
    frames = frames_of(path)
    assert len(frames) == 5 and not caplog.messages
    assert abs(float(frames[0].max()) - 200) < 10


def test_turned_and_mirrored_frames_can_be_recorded(
    tmp_path: Path, frames_of: FramesOf, view: Views, suffix: str
) -> None:
    page = grey(0)
    page[:40] = 255
    record(view, tmp_path / f"clip{suffix}", [np.rot90(page)[:, ::-1]] * 2)
    frame = frames_of(tmp_path / f"clip{suffix}")[0]
    assert frame.shape == (160, 120, 3)
    assert frame[:, 90:].min() > 200 and frame[:, :70].max() < 50


def test_a_frame_lasts_as_long_as_it_was_seen(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    path = tmp_path / "clip.avi"
    desk = Desk(view, path, ArraySource([], rate=20.0))
    with desk.recorder:
        for number, seconds in enumerate((7.0, 7.01, 8.0, 8.5, 8.51)):
            desk.show(grey(50 * number), seconds)
    # 1.5 seconds at 20 frames a second; each instant shows what was the newest picture then.
    levels = [round(frame.mean() / 50) for frame in frames_of(path)]
    assert levels == [0, *[1] * 19, *[2] * 10, 3]


def test_time_that_jumps_does_not_fill_the_disk(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    path = tmp_path / "clip.avi"
    desk = Desk(view, path, ArraySource([], rate=10.0))
    with desk.recorder:
        for number, seconds in enumerate((0.0, 0.1, 1e6, 1e6 + 0.1, 5.0, 5.1)):
            desk.show(grey(40 * number), seconds)
    levels = [round(frame.mean() / 40) for frame in frames_of(path)]
    assert levels == [0, *[1] * 100, 2, 3, 5]


def test_a_frame_that_is_shown_again_is_written_once(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    path = tmp_path / "clip.avi"
    desk = Desk(view, path)
    with desk.recorder:
        for level in (10, 100):
            shown = desk.show(grey(level))
            for _ in range(5):
                desk.recorder.show(shown)
                desk.recorder.show(replace(shown, paused=True))
                desk.recorder.show(replace(shown, outage="its cable"))
    assert [round(frame.mean() / 10) for frame in frames_of(path)] == [1, 10]


def test_nothing_is_overwritten_unasked(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    path = tmp_path / "clip.avi"
    record(view, path, [grey(10)])
    with pytest.raises(OutputError, match=r"clip\.avi exists already.*--force"):
        record(view, path, [grey(10)])
    record(view, path, [grey(10)] * 3, force=True)
    assert len(frames_of(path)) == 3


@pytest.mark.parametrize("name", ["clip.mov", "clip.mp5", "clip.png", "clip.part"])
def test_an_unknown_suffix_is_wrong_usage(tmp_path: Path, view: Views, name: str) -> None:
    with pytest.raises(UsageError, match=rf"{name}.*\.mp4, \.mkv, \.webm or \.avi"):
        Desk(view, tmp_path / name)


@pytest.mark.parametrize("name", ["clip.mkv", "clip.webm"])
def test_what_needs_a_package_says_so_before_anything_is_recorded(
    tmp_path: Path, view: Views, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoders, "has_pyav", lambda: False)
    with pytest.raises(PackageMissing, match=r"clip.*needs PyAV.*install av"):
        Desk(view, tmp_path / name)


def test_a_folder_that_is_a_file_is_an_error(tmp_path: Path, view: Views) -> None:
    (tmp_path / "ring").touch()
    with pytest.raises(OutputError, match="ring is a file; name a folder"):
        Desk(view, tmp_path / "ring")


def test_a_codec_that_is_missing_is_one_clear_note(
    tmp_path: Path, view: Views, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(encoders.OPENCV_CODECS, ".avi", "????")
    record(view, tmp_path / "clip.avi", [grey(0)] * 20)
    assert len(caplog.messages) == 1
    assert "recording stopped: OpenCV cannot record clip.part.avi, 160x120 in the codec ????" in caplog.messages[0]
    assert not list(tmp_path.iterdir())


def test_a_source_without_frames_leaves_no_file(tmp_path: Path, view: Views) -> None:
    record(view, tmp_path / "clip.avi", [])
    record(view, tmp_path / "ring", [])
    assert [path.name for path in tmp_path.rglob("*")] == ["ring"]


def test_an_error_in_the_loop_still_closes_the_video(
    tmp_path: Path, frames_of: FramesOf, view: Views, suffix: str
) -> None:
    desk = Desk(view, tmp_path / f"clip{suffix}")
    with pytest.raises(RuntimeError), desk.recorder:
        for _ in range(10):
            desk.show(grey(0))
        raise RuntimeError
    assert len(frames_of(tmp_path / f"clip{suffix}")) == 10


# Recording on demand.


def test_turning_it_on_begins_a_file_and_turning_it_off_closes_it(
    tmp_path: Path, frames_of: FramesOf, view: Views
) -> None:
    desk = Desk(view, tmp_path / "clip.avi", always=False)
    with desk.recorder:
        for level, wanted in ((0, False), (50, True), (100, False), (150, True), (200, False)):
            desk.controls.recording = wanted
            for _ in range(4):
                desk.show(grey(level))
            if not wanted and level:
                wait_for(lambda: desk.controls.message)
                desk.controls.message, said = "", desk.controls.message
        assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-2.avi", "clip.avi"]
        assert said == f"recorded {tmp_path / 'clip-2.avi'}"
    for name, level in (("clip.avi", 50), ("clip-2.avi", 150)):
        assert [round(frame.mean() / 50) for frame in frames_of(tmp_path / name)] == [level // 50] * 4


def test_a_second_video_replaces_none_that_is_there(tmp_path: Path, view: Views) -> None:
    (tmp_path / "clip-2.avi").write_text("mine")
    desk = Desk(view, tmp_path / "clip.avi")
    with desk.recorder:
        for wanted in (True, False, True):
            desk.controls.recording = wanted
            desk.show(grey(0))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-2.avi", "clip-3.avi", "clip.avi"]
    assert (tmp_path / "clip-2.avi").read_text() == "mine"


def test_quick_presses_make_a_file_each(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    desk = Desk(view, tmp_path / "ring", always=False)
    with desk.recorder:
        for press in range(6):
            desk.controls.recording = press % 2 == 0
            desk.show(grey(0))
    assert [len(frames_of(path)) for path in sorted((tmp_path / "ring").iterdir())] == [1, 1, 1]


# A ring of files.


def ring_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix in (".avi", ".mp4"))


@pytest.mark.parametrize("suffix", [".mp4", ".avi"], indirect=True)
def test_a_folder_keeps_the_newest_files(tmp_path: Path, frames_of: FramesOf, view: Views, suffix: str) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    old = folder / "2020-01-01T00-00-00.000Z.avi"
    others = [folder / name for name in ("holiday.avi", "2020-01-01.mp4", "2020-01-01T00-00-00.000Z.txt")]
    for path in (old, *others):
        path.write_bytes(b"x")
    images = noise(20)
    # A file ends with the fragment in which it has grown large enough: a second, of 25 frames.
    record(view, folder, [images[n % 20] for n in range(200)], max_mb=0.6, files=3)
    made = [path for path in ring_files(folder) if path not in others]
    assert len(made) == 3 and old not in made
    assert all(path.exists() for path in others)
    for path in made[:-1]:
        assert 0.6e6 <= path.stat().st_size < (1.2e6 if suffix == ".avi" else 3e6), path.stat().st_size
    assert [len(frames_of(path)) > 5 for path in made[:-1]] == [True, True] and frames_of(made[-1])


def test_a_clock_that_was_put_back_costs_no_new_file(tmp_path: Path, view: Views) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    future = [folder / f"2199-01-01T00-00-0{n}.000Z.avi" for n in range(3)]
    for path in future:
        path.write_bytes(b"x")
    desk = Desk(view, folder, files=3)
    with desk.recorder:
        for press in range(4):
            desk.controls.recording = press % 2 == 0
            desk.show(grey(0))
    left = ring_files(folder)
    assert len(left) == 3 and left[-1] == future[-1] and not {*left} & {*future[:2]}


def test_empty_files_cost_no_real_one_its_place(tmp_path: Path, view: Views) -> None:
    folder = tmp_path / "ring"
    folder.mkdir()
    real = [folder / f"2020-01-01T00-00-0{n}.000Z.avi" for n in range(4)]
    for path in real:
        path.write_bytes(b"x")
    for n in range(9):
        (folder / f"2020-01-01T00-00-09.00{n}Z.avi").touch()
    record(view, folder, [grey(0)], files=4)
    assert [path for path in real if path.exists()] == real[1:]


# Never in the loop's way.


@pytest.fixture
def slow_encoder(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Frames are encoded once the event is set."""
    go = threading.Event()
    before = VideoFile.show

    def slowly(file: VideoFile, picture: Image, seconds: float) -> None:
        assert go.wait(LIMIT_SECONDS)
        before(file, picture, seconds)

    monkeypatch.setattr(VideoFile, "show", slowly)
    yield go
    go.set()


def test_a_camera_waits_for_no_encoder(
    tmp_path: Path, frames_of: FramesOf, view: Views, slow_encoder: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "clip.avi"
    desk = Desk(view, path, ArraySource([], live=True))
    with desk.recorder:
        desk.show(grey(0))
        wait_for(lambda: desk.controls.video)
        for level in range(1, 100):
            desk.show(grey(2 * level))
        assert 100 - desk.recorder.worker.lost in (recorder_module.MAX_WAITING, recorder_module.MAX_WAITING + 1)
        (message,) = caplog.messages
        assert "frames of the recording are being lost: the encoder or the" in message
        slow_encoder.set()
        wait_for(lambda: not desk.recorder.worker.busy)
        desk.show(grey(250), 100 / 25)
    # The video is as long as it was all the same.
    levels = [frame.mean() for frame in frames_of(path)]
    assert len(levels) == 101
    assert abs(levels[-1] - 250) < 6 and levels[-2] < 25


def test_a_loop_that_waits_fills_no_queue(tmp_path: Path, view: Views, slow_encoder: threading.Event) -> None:
    desk = Desk(view, tmp_path / "clip.avi", ArraySource([], live=True))
    with desk.recorder:
        shown = desk.show(grey(0))
        for _ in range(100):
            desk.recorder.show(replace(shown, paused=True))
        slow_encoder.set()
    assert desk.recorder.worker.lost == 0


def test_a_file_waits_for_the_encoder(
    tmp_path: Path, frames_of: FramesOf, view: Views, slow_encoder: threading.Event, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "clip.avi"
    threading.Timer(0.5, slow_encoder.set).start()
    desk = record(view, path, [grey(n) for n in range(100)])
    assert np.allclose([frame.mean() for frame in frames_of(path)], range(100), atol=6)
    assert desk.recorder.worker.lost == 0 and not caplog.messages


def test_an_encoder_that_hangs_does_not_keep_the_loop_from_ending(
    tmp_path: Path,
    view: Views,
    slow_encoder: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(worker_module, "END_SECONDS", 0.2)
    desk = Desk(view, tmp_path / "clip.avi")
    threading.Timer(0.3, lambda: setattr(desk.controls.stop, "requested", True)).start()
    with desk.recorder:
        while not desk.controls.stop.requested:
            desk.show(grey(0))
    assert caplog.messages[-1].startswith(f"frames of the recording lost: {desk.recorder.worker.lost}")
    slow_encoder.set()
    wait_for(lambda: not threads())


# What goes wrong ends the recording, never the loop.


def keep_showing(desk: Desk, images: Image, until: Callable[[], object]) -> None:
    deadline = time.monotonic() + LIMIT_SECONDS
    while not until():
        assert time.monotonic() < deadline, "it does not happen"
        desk.show(images[desk.number % len(images)])


def stopped(desk: Desk, why: str, caplog: pytest.LogCaptureFixture) -> None:
    """Recording has stopped, with one note, and later frames change nothing."""
    for _ in range(30):
        desk.show(grey(0))
    assert not desk.controls.recording
    assert desk.controls.message.startswith("recording stopped: ") and why in desk.controls.message
    assert caplog.messages == [desk.controls.message]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A real file system of 56 MB, of which 6 may be used."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = shutil.which("mount") and subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=56M", "tmpfs", folder], check=False, capture_output=True
    )
    if not mounted or mounted.returncode:
        pytest.skip("may not mount a file system here")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("name", ["ring", "clip.mp4", "clip.avi"])
def test_recording_ends_while_there_is_room_to_end_it(
    tmp_path: Path,
    frames_of: FramesOf,
    view: Views,
    name: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    real, asked = shutil.disk_usage(tmp_path), iter(range(1000))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=int(60e6) - next(asked) * 1_000_000))
    desk = Desk(view, tmp_path / name)
    with desk.recorder:
        keep_showing(desk, noise(5), lambda: caplog.messages)
        stopped(desk, f"the disk of {tmp_path / name if name == 'ring' else tmp_path} is full, 49 MB are left", caplog)
    (left,) = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    assert ".part" not in left.name and len(frames_of(left)) == 11


@pytest.mark.parametrize("name", ["ring", "clip.mp4", "clip.avi"])
def test_a_full_disk_stops_the_recording_before_anything_is_lost(
    small_disk: Path, frames_of: FramesOf, view: Views, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(view, small_disk / name)
    with desk.recorder:
        keep_showing(desk, noise(20, 640, 480), lambda: caplog.messages)
        stopped(desk, f"the disk of {small_disk}", caplog)
        videos = [path for path in small_disk.rglob("*.*") if path.is_file()]
        assert len(videos) == 1 and ".part" not in videos[0].name
        assert len(frames_of(videos[0])) > 20
        # Others filled it; with room again, a press is enough.
        if name == "ring":
            videos[0].unlink()
            caplog.clear()
            desk.controls.recording = True
            desk.show(grey(0))
            wait_for(lambda: ring_files(small_disk / name))
    assert not caplog.messages or name != "ring"


@pytest.mark.parametrize("suffix", [".mp4", "OpenCV's .mp4"], indirect=True)
def test_a_disk_that_others_fill_at_once_leaves_what_was_written_playable(
    small_disk: Path,
    frames_of: FramesOf,
    view: Views,
    monkeypatch: pytest.MonkeyPatch,
    suffix: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(saved_files, "RESERVE_BYTES", 0)
    # These pictures take more than blank ones; it need not wait as long to be sure.
    monkeypatch.setattr(encoders, "BUFFER_BYTES", 100_000)
    desk = Desk(view, small_disk / "clip.mp4")
    with desk.recorder:
        keep_showing(desk, blocks(), lambda: (small_disk / "clip.part.mp4").exists() and desk.number > 60)
        with pytest.raises(OSError, match="No space"), (small_disk / "others").open("wb") as others:
            while True:
                others.write(bytes(65536))
        keep_showing(desk, blocks(), lambda: caplog.messages)
        stopped(desk, "No space left" if encoders.has_pyav() else "does not grow", caplog)
    assert len(frames_of(small_disk / "clip.mp4")) > 20


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
        timeout=2 * LIMIT_SECONDS,
    )
    note, end = result.stdout.splitlines()
    why = "File too large" if writer == "pyav" else "does not grow any more; check the disk, its quota"
    assert why in note
    assert end == "True False"
    assert path.stat().st_size <= 3_000_000
    assert len(frames_of(path)) > 5


def test_a_folder_that_vanishes_stops_the_recording(
    tmp_path: Path, view: Views, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "ring"
    desk = Desk(view, folder)
    with desk.recorder:
        keep_showing(desk, noise(5), lambda: ring_files(folder))
        shutil.rmtree(folder)
        keep_showing(desk, noise(5), lambda: caplog.messages)
        stopped(desk, str(folder), caplog)


def test_a_place_that_cannot_be_written_stops_the_recording(
    tmp_path: Path, view: Views, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    for name in ("file/ring", "file/clip.mp4"):
        caplog.clear()
        desk = Desk(view, tmp_path / name)
        with desk.recorder:
            keep_showing(desk, noise(5), lambda: caplog.messages)
            stopped(desk, f"{tmp_path / 'file'}", caplog)
    if hasattr(os, "geteuid") and os.geteuid() != 0:
        tmp_path.chmod(0o500)
        caplog.clear()
        desk = Desk(view, tmp_path / "clip.mp4")
        with desk.recorder:
            keep_showing(desk, noise(5), lambda: caplog.messages)
            stopped(desk, "Permission denied", caplog)
        tmp_path.chmod(0o700)


# A killed process.

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
    tmp_path: Path, frames_of: FramesOf, view: Views, ink_reader: Any, name: str
) -> None:
    if name in ("clip.mkv", "clip.webm") and not encoders.has_pyav():
        pytest.skip("PyAV is not installed")
    result = subprocess.run([sys.executable, "-c", KILLED, tmp_path / name], check=False, timeout=LIMIT_SECONDS)
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
        record(view, tmp_path / name, [grey(0)] * 3, files=2)
        assert left in ring_files(tmp_path / name) and len(ring_files(tmp_path / name)) == 2
    else:
        assert left.name == f"clip.part{left.suffix}"
        with pytest.raises(OutputError, match=r"clip\.part\.\w+ exists"):
            record(view, tmp_path / name, [grey(0)])


def test_fitting_keeps_proportions() -> None:
    fitted = fit(grey(255, 100, 100), (160, 80))
    assert fitted.shape == (80, 160, 3)
    assert (fitted[40] > 0).all(axis=1).sum() == 80


def test_threads_end_with_their_recorder(tmp_path: Path, view: Views) -> None:
    for n in range(3):
        record(view, tmp_path / f"{n}.avi", [grey(0)])
    assert not threads()


# Two processes.


@pytest.mark.parametrize("name", ["clip.avi", "ring"])
def test_two_that_record_to_one_place_do_not_cost_each_other_a_frame(
    tmp_path: Path, frames_of: FramesOf, view: Views, name: str
) -> None:
    first = Desk(view, tmp_path / name, files=1)
    with first.recorder:
        for _ in range(10):
            first.show(grey(50))
        with pytest.raises(OutputError, match=r"is being written by (another process|process \d+)"):
            Desk(view, tmp_path / name, files=1, force=True).recorder.__enter__()
    (video,) = (path for path in tmp_path.rglob("*.*") if path.is_file())
    assert len(frames_of(video)) == 10
    with Desk(view, tmp_path / name, force=True).recorder:
        pass


def test_two_that_record_on_demand_get_names_of_their_own(tmp_path: Path, frames_of: FramesOf, view: Views) -> None:
    desks = [Desk(view, tmp_path / "clip.avi", always=False) for _ in range(2)]
    with desks[0].recorder, desks[1].recorder:
        for desk, count in zip(desks, (3, 5), strict=True):
            desk.controls.recording = True
            for _ in range(count):
                desk.show(grey(50))
    assert sorted(len(frames_of(path)) for path in tmp_path.iterdir()) == [3, 5]
