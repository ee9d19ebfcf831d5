"""The recorder: on demand, never in the loop's way, and what goes wrong ends the recording, never the loop."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera import worker as worker_module
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.sinks import encoders, saved_files
from mnist_edge.camera.sinks import recorder as recorder_module
from mnist_edge.camera.sinks.video_file import VideoFile
from mnist_edge.camera.view import View
from mnist_edge.reading import Box, Digit

Image = NDArray[np.uint8]
FramesOf = Callable[[Path], list[Image]]
Desks = Callable[..., Any]
Record = Callable[..., Any]
Views = Callable[..., View]
Disk = Callable[[int], Path]
Log = pytest.LogCaptureFixture
LIMIT_SECONDS = 60.0
# Of which recordings may use 6 million bytes.
SMALL_DISK = saved_files.RESERVE_BYTES + 6_000_000


def noise(count: int, width: int = 320, height: int = 240) -> Image:
    return np.random.default_rng(0).integers(0, 255, (count, height, width, 3), np.uint8)


def blocks(count: int = 20) -> Image:
    """Large pictures that are quickly encoded."""
    return noise(count, 80, 60).repeat(16, axis=1).repeat(16, axis=2)


def threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "frames of the recording"]


def test_what_was_read_is_drawn_unless_frames_are_wanted_raw(
    tmp_path: Path, frames_of: FramesOf, view: Views, make_desk: Desks
) -> None:
    page, digit = np.full((240, 320, 3), 255, np.uint8), Digit(7, 0.9, Box(100, 80, 60, 90), track=1)
    shown = view(page, digits=(digit,))
    for raw in (False, True):
        desk = make_desk(tmp_path / f"{raw}.avi", raw=raw)
        with desk.recorder:
            desk.recorder.show(shown)
    assert np.abs(frames_of(tmp_path / "False.avi")[0].astype(int) - shown.picture).mean() < 2
    assert frames_of(tmp_path / "False.avi")[0].min() < 100
    assert frames_of(tmp_path / "True.avi")[0].min() > 250


def test_a_frame_that_is_shown_again_is_written_once(tmp_path: Path, frames_of: FramesOf, make_desk: Desks) -> None:
    path = tmp_path / "clip.avi"
    desk = make_desk(path)
    with desk.recorder:
        for level in (10, 100):
            shown = desk.show(level)
            for _ in range(5):
                desk.recorder.show(shown)
                desk.recorder.show(replace(shown, paused=True))
                desk.recorder.show(replace(shown, outage="its cable"))
    assert [round(frame.mean() / 10) for frame in frames_of(path)] == [1, 10]


def test_an_error_in_the_loop_still_closes_the_video(
    tmp_path: Path, frames_of: FramesOf, make_desk: Desks, suffix: str
) -> None:
    desk = make_desk(tmp_path / f"clip{suffix}")
    with pytest.raises(RuntimeError), desk.recorder:
        for _ in range(10):
            desk.show(0)
        raise RuntimeError
    assert len(frames_of(tmp_path / f"clip{suffix}")) == 10


def test_turning_it_on_begins_a_file_and_turning_it_off_closes_it(
    tmp_path: Path, frames_of: FramesOf, make_desk: Desks
) -> None:
    desk = make_desk(tmp_path / "clip.avi", always=False)
    with desk.recorder:
        for level, wanted in ((0, False), (50, True), (100, False), (150, True), (200, False)):
            desk.controls.recording = wanted
            for _ in range(4):
                desk.show(level)
            if not wanted and level:
                desk.wait_for(lambda: desk.controls.message)
                desk.controls.message, said = "", desk.controls.message
        assert sorted(path.name for path in tmp_path.iterdir()) == ["clip-2.avi", "clip.avi"]
        assert said == f"recorded {tmp_path / 'clip-2.avi'}"
    for name, level in (("clip.avi", 50), ("clip-2.avi", 150)):
        assert [round(frame.mean() / 50) for frame in frames_of(tmp_path / name)] == [level // 50] * 4


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
    tmp_path: Path, frames_of: FramesOf, make_desk: Desks, slow_encoder: threading.Event, caplog: Log
) -> None:
    path = tmp_path / "clip.avi"
    desk = make_desk(path, ArraySource([], live=True))
    with desk.recorder:
        desk.show(0)
        desk.wait_for(lambda: desk.controls.video)
        for level in range(1, 100):
            desk.show(2 * level)
        assert 100 - desk.recorder.worker.lost in (recorder_module.MAX_WAITING, recorder_module.MAX_WAITING + 1)
        (message,) = caplog.messages
        assert "frames of the recording are being lost: the encoder or the" in message
        slow_encoder.set()
        desk.wait_for(lambda: not desk.recorder.worker.busy)
        desk.show(250, 100 / 25)
    # The video is as long as it was all the same.
    levels = [frame.mean() for frame in frames_of(path)]
    assert len(levels) == 101
    assert abs(levels[-1] - 250) < 6 and levels[-2] < 25


def test_a_loop_that_waits_fills_no_queue(tmp_path: Path, make_desk: Desks, slow_encoder: threading.Event) -> None:
    desk = make_desk(tmp_path / "clip.avi", ArraySource([], live=True))
    with desk.recorder:
        shown = desk.show(0)
        for _ in range(100):
            desk.recorder.show(replace(shown, paused=True))
        slow_encoder.set()
    assert desk.recorder.worker.lost == 0


def test_a_file_waits_for_the_encoder(
    tmp_path: Path, frames_of: FramesOf, record: Record, slow_encoder: threading.Event, caplog: Log
) -> None:
    path = tmp_path / "clip.avi"
    threading.Timer(0.5, slow_encoder.set).start()
    desk = record(path, range(100))
    assert np.allclose([frame.mean() for frame in frames_of(path)], range(100), atol=6)
    assert desk.recorder.worker.lost == 0 and not caplog.messages


def test_an_encoder_that_hangs_does_not_keep_the_loop_from_ending(
    tmp_path: Path, make_desk: Desks, slow_encoder: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: Log
) -> None:
    monkeypatch.setattr(worker_module, "END_SECONDS", 0.2)
    desk = make_desk(tmp_path / "clip.avi")
    threading.Timer(0.3, lambda: setattr(desk.controls.stop, "requested", True)).start()
    with desk.recorder:
        while not desk.controls.stop.requested:
            desk.show(0)
    assert caplog.messages[-1].startswith(f"frames of the recording lost: {desk.recorder.worker.lost}")
    slow_encoder.set()
    desk.wait_for(lambda: not threads())


def why_stopped(desk: Any, caplog: Log) -> str:
    """Show frames, which change nothing once recording has stopped; returns the one note that says why, else ""."""
    for _ in range(30):
        desk.show(0)
    message = desk.controls.message
    told = caplog.messages == [message] and message.startswith("recording stopped: ")
    return str(message) if told and not desk.controls.recording else ""


@pytest.mark.parametrize("name", ["ring", "clip.mp4", "clip.avi"])
def test_recording_ends_while_there_is_room_to_end_it(
    tmp_path: Path, frames_of: FramesOf, make_desk: Desks, name: str, monkeypatch: pytest.MonkeyPatch, caplog: Log
) -> None:
    real, asked = shutil.disk_usage(tmp_path), iter(range(1000))
    monkeypatch.setattr(shutil, "disk_usage", lambda path: real._replace(free=int(60e6) - next(asked) * 1_000_000))
    desk = make_desk(tmp_path / name)
    with desk.recorder:
        desk.wait_for(lambda: caplog.messages, noise(5))
        disk = tmp_path / name if name == "ring" else tmp_path
        assert f"the disk of {disk} is full, 49 MB are left" in why_stopped(desk, caplog)
    (left,) = [path for path in tmp_path.rglob("*.*") if path.is_file()]
    assert ".part" not in left.name and len(frames_of(left)) == 11


@pytest.mark.parametrize("name", ["ring", "clip.mp4", "clip.avi"])
def test_a_full_disk_stops_the_recording_before_anything_is_lost(
    small_disk: Disk, frames_of: FramesOf, make_desk: Desks, name: str, caplog: Log
) -> None:
    disk = small_disk(SMALL_DISK)
    desk = make_desk(disk / name)
    with desk.recorder:
        desk.wait_for(lambda: caplog.messages, noise(20, 640, 480))
        assert f"the disk of {disk}" in why_stopped(desk, caplog)
        videos = [path for path in disk.rglob("*.*") if path.is_file()]
        assert len(videos) == 1 and ".part" not in videos[0].name
        assert len(frames_of(videos[0])) > 20
        # Others filled it; with room again, a press is enough.
        if name == "ring":
            videos[0].unlink()
            caplog.clear()
            desk.controls.recording = True
            desk.show(0)
            desk.wait_for(lambda: list((disk / name).iterdir()))
    assert not caplog.messages or name != "ring"


@pytest.mark.parametrize("suffix", [".mp4", "OpenCV's .mp4"], indirect=True)
def test_a_disk_that_others_fill_at_once_leaves_what_was_written_playable(
    small_disk: Disk, frames_of: FramesOf, make_desk: Desks, monkeypatch: pytest.MonkeyPatch, suffix: str, caplog: Log
) -> None:
    monkeypatch.setattr(saved_files, "RESERVE_BYTES", 0)
    # These pictures take more than blank ones; it need not wait as long to be sure.
    monkeypatch.setattr(encoders, "BUFFER_BYTES", 100_000)
    disk = small_disk(SMALL_DISK)
    desk = make_desk(disk / "clip.mp4")
    with desk.recorder:
        desk.wait_for(lambda: (disk / "clip.part.mp4").exists() and desk.number > 60, blocks())
        with pytest.raises(OSError, match="No space"), (disk / "others").open("wb") as others:
            while True:
                others.write(bytes(65536))
        desk.wait_for(lambda: caplog.messages, blocks())
        assert ("No space left" if encoders.has_pyav() else "does not grow") in why_stopped(desk, caplog)
    assert len(frames_of(disk / "clip.mp4")) > 20


def test_a_folder_that_vanishes_stops_the_recording(tmp_path: Path, make_desk: Desks, caplog: Log) -> None:
    folder = tmp_path / "ring"
    desk = make_desk(folder)
    with desk.recorder:
        desk.wait_for(lambda: folder.exists() and list(folder.iterdir()), noise(5))
        shutil.rmtree(folder)
        desk.wait_for(lambda: caplog.messages, noise(5))
        assert str(folder) in why_stopped(desk, caplog)


@pytest.mark.parametrize("name", ["file/ring", "file/clip.mp4", "closed/clip.mp4"])
def test_a_place_that_cannot_be_written_stops_the_recording(
    tmp_path: Path, make_desk: Desks, name: str, caplog: Log
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "closed").mkdir(0o500)
    if name.startswith("closed") and os.access(tmp_path / "closed", os.W_OK):
        pytest.skip("root may write everything")
    desk = make_desk(tmp_path / name)
    with desk.recorder:
        desk.wait_for(lambda: caplog.messages, noise(5))
        assert ("Permission denied" if name.startswith("closed") else f"{tmp_path / 'file'}") in why_stopped(
            desk, caplog
        )


def test_threads_end_with_their_recorder(tmp_path: Path, record: Record) -> None:
    for n in range(3):
        record(tmp_path / f"{n}.avi", [0])
    assert not threads()
