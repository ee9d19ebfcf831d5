"""Recording what the camera sees, or what was read in it."""

import queue
import threading
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import Frame, Source
from mnist_edge.camera.sinks.reasons import reason
from mnist_edge.camera.sinks.recordings import Ring, recordings_at
from mnist_edge.camera.sinks.video_file import VideoFile, even_size
from mnist_edge.camera.view import View

# Frames that may wait for the encoder: a third of a second, and 8 MB at 640x480.
WAITING = 8
# How often the thread looks whether recording was turned off.
POLL_SECONDS = 0.1
# How long to wait for the disk at the end.
PATIENCE_SECONDS = 10.0


class Recorder:
    """Writes videos at the source's own speed, while `Controls.recording` says so.

    A thread draws, encodes and writes, so that neither the codec nor a slow disk holds the loop up: frames of a live
    source that it cannot keep up with are left out, those of a file are waited for. Where writing fails, recording is
    turned off with a note and the loop goes on.

    One video goes to `NAME.part.SUFFIX` beside the wanted file and gets its name when it is closed. Whatever was
    written can be played even if the process is killed, but for the last moment, which was still in memory.

    Attributes:
        dropped: Frames that were left out since the encoder was busy.
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
        note: Callable[[str], None],
    ) -> None:
        """Check the name; a file begins with the first frame.

        Args:
            path: A video, ending in `.mp4` or `.avi`, or a folder for a ring of AVI files; is created.
            source: Whose frame rate the video gets.
            controls: Where recording is turned on and off.
            always: Whether to record from the start.
            raw: Record frames as they come, with nothing drawn over them.
            max_mb: In a folder, begin a new video when one has grown to so many million bytes.
            files: In a folder, how many videos to keep.
            force: Replace what is there.
            note: Told when recording stops by itself, and that frames are left out.

        Raises:
            UsageError: Another suffix.
            OutputError: There is such a video, or a part of one that was never finished.
        """
        self._place = recordings_at(path, files, force)
        self._max_bytes = max_mb * 1e6 if isinstance(self._place, Ring) else float("inf")
        self._source, self._controls, self._note = source, controls, note
        self._always, self._raw = always, raw
        self.dropped = 0
        # Of the loop: a recording is what lies between turning it on and off.
        self._on = False
        self._recordings = count(1)
        self._recording = 0
        self._last: Frame | None = None
        # Of the thread.
        self._queue: queue.Queue[tuple[int, View]] = queue.Queue(WAITING)
        self._ending = False
        self._current = self._failed = 0
        self._file: VideoFile | None = None
        self._final = path
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)

    def __enter__(self) -> "Recorder":
        """Start, and turn recording on where it is always on."""
        if self._always:
            self._controls.recording = True
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Write what is waiting, and close the video."""
        self._ending = True
        self._thread.join(PATIENCE_SECONDS)

    def show(self, view: View) -> None:
        """Record a frame, as often as its time asks for; nothing where it was recorded already."""
        if self._controls.recording and not self._on:
            self._recording, self._last = next(self._recordings), None
        self._on = self._controls.recording
        if not self._on or view.frame is self._last:
            return
        self._last = view.frame
        try:
            self._queue.put_nowait((self._recording, view))
        except queue.Full:
            if self._source.info.live:
                self._drop()
            else:
                self._wait_for_room(view)

    def _drop(self) -> None:
        self.dropped += 1
        if self.dropped == 1:
            self._note("note: the recording leaves frames out: the encoder or the disk is slower than the camera")

    def _wait_for_room(self, view: View) -> None:
        while not self._controls.stop.requested:
            try:
                self._queue.put((self._recording, view), timeout=POLL_SECONDS)
                return
            except queue.Full:
                continue

    def _run(self) -> None:
        while True:
            try:
                item = self._queue.get(timeout=POLL_SECONDS)
            except queue.Empty:
                item = None
            try:
                if item:
                    self._write(*item)
                elif self._ending or not self._controls.recording:
                    self._finish()
            # Whatever it is, reading goes on.
            except Exception as error:
                self._fail(error)
            if item is None and self._ending:
                return

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
        self._file.show(picture, view.frame.seconds)

    def _finish(self) -> None:
        file, self._file = self._file, None
        if file is None:
            return
        file.close()
        if file.path != self._final:
            file.path.replace(self._final)
        if not self._controls.recording:
            self._controls.message = f"recorded {self._final}"

    def _fail(self, error: Exception) -> None:
        # What is still waiting belongs to the recording that failed; turned on again, a new one begins.
        self._failed = self._current
        self._controls.recording = self._on = False
        with suppress(OSError):
            self._finish()
        self._controls.message = f"recording stopped: {reason(error)}"
        self._note(f"note: {self._controls.message}")
