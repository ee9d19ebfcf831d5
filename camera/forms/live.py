"""Pages of a form before a live camera: shown with their fields, and taken once where held still and complete."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.events import timestamp
from mnist_edge.camera.forms.copies import alike
from mnist_edge.camera.forms.following import Following
from mnist_edge.camera.forms.read_page import FormReader, PageReading
from mnist_edge.camera.forms.values import CUT_OFF
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.rows import Mark, Row, Value
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import BackgroundSink, Worker
from mnist_edge.opencv import cv2

# Frames are compared at this width, pixels; grey levels that they may differ by on the average while a page is held
# still, which is more than the noise of cameras; how long it must be, seconds of the film.
WIDTH, STILL, HELD_SECONDS = 160, 4.0, 0.5
# A page that lies still and was not complete is read again so often: a finger may have gone.
AGAIN_SECONDS = 1.0

Take = Callable[[Sequence[Row]], object]


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What was read in a frame, and what follows its page; None where there is none."""

    frame: Frame
    page: PageReading
    following: Following | None


class FormWatch(BackgroundSink):
    """Reads the form in frames that stand still, in a thread beside the loop; a watch of the loop."""

    def __init__(self, open_reader: Callable[[], FormReader], take: Take, still: bool = False) -> None:
        """Prepare; the form is loaded in the thread, with the first frame.

        Args:
            open_reader: Makes the reader, which one thread may use.
            take: Gets the rows, in the loop's thread.
            still: Whether each frame is a page of its own, see `SourceInfo`.
        """
        self._open_reader, self._take, self._still = open_reader, take, still
        self._reader: FormReader | None = None
        self._frame: Frame | None = None
        self._small: NDArray[np.uint8] | None = None
        self._still_since = self._read_at = float("-inf")
        self._found: deque[_Read] = deque()
        # The page whose fields are shown, and they themselves.
        self._shown: _Read | None = None
        self._marks: tuple[Mark, ...] = ()
        # What was taken while the page lies there; and of the last that was, so that it counts once if it comes back.
        self._taken = b""
        self._done = False
        self.worker: Worker[Frame] = Worker("frames of forms", self._read, limit=1)

    def look(self, view: View) -> Sequence[Mark]:
        """Pass a frame on that stands still, hand on what was read of earlier ones, and follow the page."""
        before, is_new = self._shown, view.frame is not self._frame
        if is_new:
            self._frame = view.frame
            if self._still:
                # Nothing waits for the next picture.
                self._shown = None
                self._read(view.frame)
            elif self._is_due(view.frame) and not self.worker.busy:
                self._read_at = view.frame.seconds
                self.worker.put(view.frame)
        self._hand_on()
        if is_new or self._shown is not before:
            self._marks = self._marks_in(view.frame)
        return self._marks

    def end(self, deadline: float) -> None:
        """See `Worker.end`; what was read by then is handed on."""
        super().end(deadline)
        self._hand_on()

    def __exit__(self, *error: object) -> None:
        """Wait for the last frame."""
        super().__exit__(*error)
        self._hand_on()

    def _is_due(self, frame: Frame) -> bool:
        height = max(1, round(WIDTH * frame.image.shape[0] / frame.image.shape[1]))
        small = np.asarray(cv2.resize(cv2.cvtColor(frame.image, cv2.COLOR_BGR2GRAY), (WIDTH, height)), np.uint8)
        before, self._small = self._small, small
        if before is None or before.shape != small.shape or float(cv2.absdiff(before, small).mean()) > STILL:
            self._still_since, self._read_at, self._done = frame.seconds, float("-inf"), False
            return False
        held = frame.seconds - self._still_since >= HELD_SECONDS
        return held and not self._done and frame.seconds - self._read_at >= AGAIN_SECONDS

    def _read(self, frame: Frame) -> None:
        self._reader = self._reader or self._open_reader()
        page = self._reader.read(frame.image, frame.source)
        self._found.append(_Read(frame, page, Following(frame.image, page.outlines) if page.fits else None))

    def _marks_in(self, frame: Frame) -> tuple[Mark, ...]:
        """Return the fields of the page where they are now; a page that is out of sight is forgotten."""
        shown = self._shown
        if shown is None or shown.following is None:
            return ()
        here = shown.frame is frame
        outlines = shown.following.outlines if here else shown.following.outlines_in(frame.image)
        if outlines is None:
            self._shown = None
            return ()
        corners = (tuple((float(x), float(y)) for x, y in outline) for outline in outlines)
        return tuple(
            Mark(one.name, place, Value(one.value, one.trust, one.outcome))
            for one, place in zip(shown.page.fields, corners, strict=True)
        )

    def _hand_on(self) -> None:
        while self._found:
            self._shown = found = self._found.popleft()
            page, frame = found.page, found.frame
            if not page.fits or any(one.outcome == CUT_OFF for one in page.fields):
                continue
            self._done = True
            if not self._still and alike(page.fingerprint, self._taken):
                continue
            self._taken = page.fingerprint
            values = {one.name: Value(one.value, one.trust, one.outcome) for one in page.fields}
            name = self._reader.form.name if self._reader else ""
            self._take([Row(timestamp(), frame.number, frame.seconds, frame.source, "page", name, values)])
