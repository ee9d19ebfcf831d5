"""Snapshots: a pair of whole files, never over another, and never an exception."""

import re
import shutil
import threading
from collections.abc import Callable
from datetime import datetime, tzinfo
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.sinks.saved_files import RESERVE_BYTES
from mnist_edge.camera.sinks.snapshots import Snapshots
from mnist_edge.camera.view import View
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit
from tests.helpers import wait_until

Views = Callable[..., View]
NAME = r"\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z"


def page(width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    return (
        np.random.default_rng(0)
        .integers(200, 255, (height // 40, width // 40, 3), np.uint8)
        .repeat(40, 0)
        .repeat(40, 1)
    )


class Desk:
    """Snapshots with all that they need."""

    def __init__(self, folder: Path) -> None:
        self.controls = Controls(0.5)
        self.snapshots = Snapshots(folder, self.controls).__enter__()

    def take(self, view: View, count: int = 1) -> None:
        """Ask for snapshots, one after the other, and show the same view until all are written."""
        for _ in range(count):
            self.controls.snapshot = True
            self.wait(view)

    def wait(self, view: View) -> None:
        wait_until(
            lambda: not (self.controls.snapshot or self.snapshots.worker.busy),
            meanwhile=lambda: self.snapshots.show(view),
        )


def test_a_snapshot_is_the_frame_and_what_was_read(
    tmp_path: Path, view: Views, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "new" / "snapshots"
    desk = Desk(folder)
    shown = view(page(), digits=(Digit(7, 0.9, Box(100, 80, 60, 90), track=1),))
    desk.take(shown)
    raw, drawn = sorted(folder.iterdir(), reverse=True)
    assert re.fullmatch(NAME + r"\.raw\.png", raw.name) and drawn.name == raw.name.replace(".raw.png", ".jpg")
    assert np.array_equal(cv2.imread(str(raw)), shown.frame.image)
    seen = cv2.imread(str(drawn)).astype(int)
    assert np.abs(seen - shown.picture).mean() < 3
    assert np.abs(seen - shown.frame.image)[75:80, 100:160].mean() > 60
    assert desk.controls.message == f"snapshot: {drawn}" and caplog.messages == [f"snapshot: {drawn}"]


def test_nothing_is_taken_unasked(tmp_path: Path, view: Views) -> None:
    desk = Desk(tmp_path)
    desk.take(view(), 0)
    for _ in range(5):
        desk.snapshots.show(view())
    assert not list(tmp_path.iterdir()) and not desk.controls.message


def test_each_one_asked_for_is_taken_once(tmp_path: Path, view: Views) -> None:
    desk = Desk(tmp_path)
    desk.take(view(), 5)
    for _ in range(5):
        desk.snapshots.show(view())
    assert len(list(tmp_path.glob("*.jpg"))) == len(list(tmp_path.glob("*.raw.png"))) == 5
    assert len(list(tmp_path.iterdir())) == 10


def test_none_replaces_another(tmp_path: Path, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stopped":
            return cls(2026, 11, 21, 18, 4, 59, 998_700)

    monkeypatch.setattr("mnist_edge.camera.sinks.saved_files.datetime", Stopped)
    (tmp_path / "2026-11-21T18-04-59.998Z.jpg").write_text("mine")
    (tmp_path / "2026-11-21T18-04-59.999Z.raw.png").write_text("mine too")
    Desk(tmp_path).take(view(), 2)
    assert {path.name for path in tmp_path.glob("*.raw.png")} == {
        "2026-11-21T18-04-59.999Z.raw.png",
        "2026-11-21T18-05-00.000Z.raw.png",
        "2026-11-21T18-05-00.001Z.raw.png",
    }
    assert (tmp_path / "2026-11-21T18-04-59.998Z.jpg").read_text() == "mine"
    assert (tmp_path / "2026-11-21T18-04-59.999Z.raw.png").read_text() == "mine too"


def test_cameras_that_share_a_folder_do_not_replace_each_others_snapshots(
    tmp_path: Path, view: Views, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopped(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> "Stopped":
            return cls(2026, 11, 21, 18, 4, 59)

    monkeypatch.setattr("mnist_edge.camera.sinks.saved_files.datetime", Stopped)
    desks = [Desk(tmp_path) for _ in range(4)]
    threads = [threading.Thread(target=desk.take, args=(view(), 5)) for desk in desks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.glob("*Z.jpg"))) == len(list(tmp_path.glob("*.raw.png"))) == 20


@pytest.mark.parametrize("shape", [(1, 1, 3), (31, 33, 3), (3, 500, 3), (20, 30)])
def test_any_frame_can_be_kept(tmp_path: Path, view: Views, shape: tuple[int, ...]) -> None:
    image = np.full(shape, 77, np.uint8)
    Desk(tmp_path).take(view(image))
    (raw,) = tmp_path.glob("*.raw.png")
    assert np.array_equal(cv2.imread(str(raw), cv2.IMREAD_UNCHANGED), image)
    assert len(list(tmp_path.glob("*.jpg"))) == 1


def test_a_folder_that_cannot_be_made_is_a_message(
    tmp_path: Path, view: Views, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").touch()
    desk = Desk(tmp_path / "file" / "snapshots")
    desk.take(view())
    assert re.fullmatch(r"no snapshot: .*file.*: .*(Not a directory|File exists)", desk.controls.message)
    assert caplog.messages == [f"{desk.controls.message}"]
    assert not desk.controls.snapshot


def test_a_frame_that_cannot_be_encoded_is_one_line(tmp_path: Path, view: Views) -> None:
    desk = Desk(tmp_path)
    shown = view(page())
    object.__setattr__(shown.frame, "image", np.zeros((0, 0, 3), np.uint8))
    desk.take(shown)
    assert desk.controls.message.startswith("no snapshot: ") and "\n" not in desk.controls.message
    assert not list(tmp_path.iterdir())


def test_snapshots_leave_events_and_recordings_their_room(small_disk: Callable[[int], Path], view: Views) -> None:
    disk = small_disk(RESERVE_BYTES + 3_000_000)
    desk = Desk(disk / "snapshots")
    noise = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
    for _ in range(20):
        desk.take(view(noise))
    assert "the disk of" in desk.controls.message and "is full" in desk.controls.message
    taken = list((disk / "snapshots").iterdir())
    assert taken and shutil.disk_usage(disk).free > RESERVE_BYTES - 3_000_000
    # With room again the next one is taken.
    for path in taken:
        path.unlink()
    desk.take(view(noise))
    assert len(list((disk / "snapshots").iterdir())) == 2


def test_the_loop_waits_for_no_disk(tmp_path: Path, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    go, writing = threading.Event(), threading.Event()

    def slowly(path: Path, content: bytes) -> None:
        writing.set()
        assert go.wait(60)
        write_bytes(path, content)

    monkeypatch.setattr("mnist_edge.camera.sinks.snapshots.write_bytes", slowly)
    desk = Desk(tmp_path)
    desk.controls.snapshot = True
    desk.snapshots.show(view())
    assert writing.wait(60)
    # That this returns at all is the test: nothing is written until `go`. However often it is asked for, one waits.
    for _ in range(500):
        desk.controls.snapshot = True
        desk.snapshots.show(view())
    go.set()
    desk.wait(view())
    assert len(list(tmp_path.glob("*.jpg"))) == 2


def test_a_folder_of_snapshots_has_its_end(tmp_path: Path, view: Views, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_edge.camera.sinks.snapshots.MAX_SNAPSHOTS", 3)
    desk = Desk(tmp_path)
    desk.take(view(), 5)
    assert len(list(tmp_path.glob("*.jpg"))) == 3
    assert desk.controls.message == f"no snapshot: {tmp_path} holds 3 snapshots already; move some elsewhere"
