"""Recording what the camera sees, or what was read in it."""

import logging
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.sinks.recordings import Ring, recordings_at
from mnist_edge.camera.sinks.video_file import VideoFile, even_size
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import BackgroundSink, Worker, reason

# Frames that may wait for the encoder: a third of a second, and 8 MB at 640x480.
MAX_WAITING = 8

logger = logging.getLogger(__name__)


class Recorder(BackgroundSink):
    """Writes videos at the source's own speed, while `Controls.recording` says so.

    A worker draws, encodes and writes, so that neither the codec nor a slow disk delays the loop: frames that it
    cannot keep up with are left out. Where writing fails, that is logged, recording is turned off and the loop goes on.

    A single video is written to `NAME.part.SUFFIX` and renamed when it is finished. If the process is killed, what was
    written can be played, but for the last moment, which was still in memory.
    """

    def __init__(
        self,
        path: Path,
        source: Source,
        controls: Controls,
        *,
        always: bool = True,
        raw: bool = False,
        max_mb: float = 100.0,
        files: int = 10,
        force: bool = False,
    ) -> None:
        """Check the name; a file begins with the first frame.

        Args:
            path: A video, such as `page.mp4`, or a folder for a ring of files; either is created.
            source: Its frame rate is the video's.
            controls: Where recording is turned on and off.
            always: Whether recording is on from the start.
            raw: Whether frames are recorded as they come, with nothing drawn over them.
            max_mb: In a folder, the size at which a new video begins, in millions of bytes.
            files: In a folder, how many videos to keep.
            force: Whether a video that is there is replaced.

        Raises:
            PackageMissing: This kind of video needs PyAV.
            UsageError: The suffix is none of a video that can be written.
            OutputError: There is such a video, or a part of one that was never finished.
        """
        self._place = recordings_at(path, files, force)
        self._max_bytes = max_mb * 1e6 if isinstance(self._place, Ring) else float("inf")
        self._source, self._controls = source, controls
        self._always, self._raw = always, raw
        # Used by the loop. A recording, which has a number, lasts from turning it on to turning it off.
        self._on = self._unfinished = False
        self._recording = 0
        self._last: Frame | None = None
        # Used by the worker.
        self._current = self._failed = 0
        self._file: VideoFile | None = None
        self._final = path
        self.worker = Worker(
            "frames of the recording",
            self._handle,
            limit=MAX_WAITING,
            slow="the encoder or the disk is slower than the camera",
            last=partial(self._handle, None),
        )

    def __enter__(self) -> "Recorder":
        """Start the worker, and turn recording on where it is always on.

        Raises:
            OutputError: Another process records to the same place.
        """
        if self._always:
            # A folder that cannot be written may be mended until the first frame.
            with suppress(OSError):
                self._place.claim()
            self._controls.recording = True
        return super().__enter__()

    def __exit__(self, *error: Any) -> None:
        """Wait for the worker, until the deadline at most, and let other processes record here."""
        with self._place:
            super().__exit__(*error)

    def show(self, view: View) -> None:
        """Record a frame, unless it was recorded already."""
        if self._controls.recording and not self._on:
            self._recording, self._last = self._recording + 1, None
        self._on = self._controls.recording
        if self._on and view.frame is not self._last:
            self._last, self._unfinished = view.frame, True
            self.worker.put((self._recording, view))
        # The request to finish the video is repeated until the queue takes it.
        elif self._unfinished and not self._on and not self.worker.full:
            self._unfinished = not self.worker.put(None)

    def _handle(self, item: tuple[int, View] | None) -> None:
        try:
            if item:
                self._write(*item)
            else:
                self._finish()
        # Whatever it is, reading goes on.
        except Exception as error:
            self._fail(error)

    def _write(self, recording: int, view: View) -> None:
        if recording == self._failed:
            return
        turned_on, self._current = recording != self._current, recording
        if turned_on or (self._file and self._file.bytes >= self._max_bytes):
            self._finish()
        picture = view.frame.image if self._raw else view.picture
        if self._file is None:
            path, self._final = self._place.begin()
            self._file = VideoFile(path, self._source.info.rate, even_size(picture))
            self._controls.video = self._final
        self._file.show(picture, view.frame.seconds)

    def _finish(self) -> None:
        file, self._file, self._controls.video = self._file, None, None
        if file is None:
            return
        file.close()
        if file.path != self._final:
            file.path.replace(self._final)
        if not self._controls.recording:
            self._controls.message = f"recorded {self._final}"

    def _fail(self, error: Exception) -> None:
        # Frames that still wait belong to the recording that failed; turning it on again begins a new one.
        self._failed = self._current
        with suppress(OSError):
            self._finish()
        self._controls.message = f"recording stopped: {reason(error)}"
        self._controls.recording = self._on = False
        logger.warning("%s", self._controls.message)
