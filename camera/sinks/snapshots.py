"""Snapshots: a frame with its digits drawn in, and the frame itself beside it."""

import logging
import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_bytes
from mnist_edge.camera.controls import Controls
from mnist_edge.camera.sinks.saved_files import PATTERN, check_free_space, unused_timestamp
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import BackgroundSink, Worker, reason
from mnist_edge.errors import OutputError
from mnist_edge.opencv import cv2

# The most that a folder may hold, so that a client that asks again and again fills no disk.
MAX_SNAPSHOTS = 1_000
TAKEN = re.compile(PATTERN + r"\.jpg")

logger = logging.getLogger(__name__)


def snapshots_in(folder: Path) -> list[Path]:
    """List the snapshots in a folder, with digits drawn in, newest first."""
    found = [path for path in folder.glob("*.jpg") if TAKEN.fullmatch(path.name) and path.is_file()]
    return sorted((path for path in found if not path.is_symlink()), reverse=True)


class Snapshots(BackgroundSink):
    """Takes the snapshot that `Controls.snapshot` asks for, and reports in `Controls.message` and the log where it is.

    `TIME.jpg` has the digits drawn in, `TIME.raw.png` holds the frame's pixels as they came. A worker writes them, and
    the next is taken when it has. What goes wrong is reported in the same way.
    """

    def __init__(self, folder: Path, controls: Controls) -> None:
        """Prepare; nothing is written before the first snapshot."""
        self._folder, self._controls = folder, controls
        self.worker = Worker("snapshots", self._take, limit=1)

    def end(self, deadline: float) -> None:
        """Count a snapshot that was asked for and not taken yet as lost, and end."""
        self.worker.lost += self._controls.snapshot
        self._controls.snapshot = False
        super().end(deadline)

    def show(self, view: View) -> None:
        """Take the snapshot that was asked for, unless one is still being written."""
        if self._controls.snapshot and not self.worker.busy:
            self._controls.snapshot = False
            self.worker.put(view)

    def _take(self, view: View) -> None:
        try:
            level, message = logging.INFO, f"snapshot: {self._write(view)}"
        # Whatever it is, reading goes on.
        except Exception as error:
            level, message = logging.WARNING, f"no snapshot: {reason(error)}"
        self._controls.message = message
        logger.log(level, "%s", message)

    def _write(self, view: View) -> Path:
        self._folder.mkdir(parents=True, exist_ok=True)
        check_free_space(self._folder)
        if len(snapshots_in(self._folder)) >= MAX_SNAPSHOTS:
            raise OutputError(f"{self._folder} holds {MAX_SNAPSHOTS} snapshots already; move some elsewhere")
        drawn, raw = _encode(".jpg", view.picture), _encode(".png", view.frame.image)
        path = self._folder / f"{unused_timestamp(self._is_used)}.jpg"
        try:
            write_bytes(path.with_suffix(".raw.png"), raw)
            write_bytes(path, drawn)
        except OSError:
            path.with_suffix(".raw.png").unlink(missing_ok=True)
            raise
        return path

    def _is_used(self, name: str) -> bool:
        """Whether a snapshot has this name; if not, reserve it, as another camera may write to the same folder."""
        try:
            (self._folder / f"{name}.raw.png").touch(exist_ok=False)
        except FileExistsError:
            return True
        if (self._folder / f"{name}.jpg").exists():
            (self._folder / f"{name}.raw.png").unlink()
            return True
        return False


def _encode(suffix: str, picture: NDArray[np.uint8]) -> bytes:
    fine, content = cv2.imencode(suffix, picture)
    if not fine:
        raise ValueError(f"OpenCV cannot write {suffix[1:].upper()}")
    return bytes(content.tobytes())
