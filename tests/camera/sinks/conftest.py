"""What the tests of sinks share: a recorder with all that it needs, and small disks."""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.sinks import encoders
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.view import View
from tests.helpers import wait_until

Image = NDArray[np.uint8]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(size)`: a real file system of so many bytes, for those who may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if not shutil.which("mount") or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("may not mount a file system here")
        return folder

    yield mount
    if folder.is_mount():
        subprocess.run(["umount", "-l", folder], check=True)


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

    def __init__(self, view: Callable[..., View], path: Path, source: ArraySource | None = None, **options: Any):
        self.controls = Controls(0.5)
        self.source = source or ArraySource([])
        self.recorder = Recorder(path, self.source, self.controls, **{"raw": True, **options})
        self._view, self.number = view, 0

    def show(self, image: Image | int, seconds: float | None = None) -> View:
        """Show a picture, or a small one of a grey level."""
        image = np.full((120, 160, 3), image, np.uint8) if isinstance(image, int) else image
        seconds = self.number / self.source.info.rate if seconds is None else seconds
        shown = self._view(image, number=self.number, seconds=seconds)
        self.number += 1
        if not self.source.info.live:
            # As the loop does.
            self.wait_for(lambda: not self.recorder.worker.full or self.controls.stop.requested)
        self.recorder.show(shown)
        return shown

    def wait_for(self, condition: Callable[[], object], images: Sequence[Image | int] = ()) -> None:
        """Wait for a condition, and show pictures meanwhile, over and over."""
        wait_until(condition, meanwhile=lambda: self.show(images[self.number % len(images)]) if len(images) else None)


@pytest.fixture
def make_desk(view: Callable[..., View]) -> Callable[..., Desk]:
    """`make_desk(path, source=None, **options)`: a recorder that is not entered yet."""
    return lambda *arguments, **options: Desk(view, *arguments, **options)


@pytest.fixture
def record(make_desk: Callable[..., Desk]) -> Callable[..., Desk]:
    """`record(path, pictures, rate=25.0, **options)`: a recording from its beginning to its end."""

    def whole(path: Path, images: Sequence[Image | int], rate: float = 25.0, **options: Any) -> Desk:
        desk = make_desk(path, ArraySource([], rate=rate), **options)
        with desk.recorder:
            for image in images:
                desk.show(image)
        return desk

    return whole
