"""Keeping what the camera reads, and what people say it should have read, for a training that learns from it."""

import logging
import secrets
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import NO_DIGIT, Controls, Correction
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.sinks.crops import CropFolder, crop_of, seen_at
from mnist_edge.camera.tracker import MOVING, PAGES, Tracker
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import BackgroundSink, Worker
from mnist_edge.errors import OutputError
from mnist_edge.reading import Box, Digit

MAX_FILES = 10_000
# A digit is kept once it was there for so many frames: by then the page lies still, and it is read as it will stay.
SETTLED = 10
# Refused ink that is worth a look, and how much of it in a frame.
UNSURE = "low confidence"
MOST_REFUSED = 50
# Frames that may wait to be looked at; until then what is in them is asked for again at the next frame.
WAITING = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Ink:
    """Something in a frame that may be kept; `now` says that it was found in this very frame."""

    key: str
    now: bool
    box: Box
    track: int | None = None
    label: int | None = None
    confidence: float | None = None
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        return {
            "track": self.track,
            "label": self.label,
            "confidence": None if self.confidence is None else round(self.confidence, 4),
            "box": list(self.box),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What to keep of one frame, what was corrected since the one before, and the keys of all that is in the frame."""

    image: NDArray[np.uint8]
    inks: tuple[_Ink, ...]
    corrections: tuple[Correction, ...]
    there: frozenset[str]
    time: str


class Collector(BackgroundSink):
    """Keeps one crop of each digit that is tracked, and writes down what people correct.

    A crop is the digit as the network sees it, a 28x28 PNG, and as the camera saw it; each has a line in
    `collected.jsonl`. Ink that was refused for want of confidence is kept too, without a label. Digits that touch and
    were cut apart are not: their ink alone cannot be told from the frame. A worker finds the ink and writes.
    """

    def __init__(
        self,
        folder: Path,
        controls: Controls,
        *,
        model: str,
        still: bool = False,
        refused: bool = True,
        max_files: int = MAX_FILES,
    ) -> None:
        """Prepare; nothing is written before the first digit.

        Args:
            folder: Where everything goes; what earlier runs left there stays.
            controls: Whose corrections are taken, and whose message says what became of them.
            model: Name of what reads.
            still: Whether each frame is a page of its own, as `Source` says it.
            refused: Whether ink of low confidence is kept.
            max_files: Pictures, two a digit, that the folder may hold.
        """
        self._folder = CropFolder(folder, max_files)
        self._controls, self._model = controls, model
        self._still, self._keep_refused = still, refused
        # A clock that starts anew with each boot would name files of two runs alike.
        self._run = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        self._refused = Tracker(PAGES if still else MOVING)
        self._frame: Frame | None = None
        self._inks: list[_Ink] = []
        self._frames: dict[str, int] = {}
        self._asked: set[str] = set()
        self._corrections: list[Correction] = []
        self._warned: set[str] = set()
        self.worker = Worker("digits to collect", self._collect, limit=WAITING)
        controls.corrections = deque()

    def end(self, deadline: float) -> None:
        """Ask for what was not asked for yet, and end."""
        if self._frame is not None:
            self._take_corrections()
            self._ask(self._frame)
        super().end(deadline)

    def show(self, view: View) -> None:
        """Take note of a frame's digits, and of corrections since the last."""
        self._take_corrections()
        if view.frame is not self._frame:
            self._frame = view.frame
            self._inks = [*_digits(view), *(self._unsure(view) if self._keep_refused else ())]
            self._frames = {ink.key: self._frames.get(ink.key, 0) + 1 for ink in self._inks}
            # A track that went never comes back.
            self._asked &= self._frames.keys()
        self._ask(view.frame)

    def _take_corrections(self) -> None:
        while waiting := self._controls.corrections:
            self._corrections.append(waiting.popleft())

    def _unsure(self, view: View) -> Iterator[_Ink]:
        boxes = [one.box for one in view.reading.rejected if one.reason == UNSURE]
        # A digit of which a single frame is not sure is still that digit.
        boxes = [box for box in boxes if not any(box.overlaps(digit.box) for digit in view.digits)][:MOST_REFUSED]
        self._refused.update([Digit(0, 0.0, box) for box in boxes])
        tracks = self._refused.digits
        if self._still:
            self._refused.end()
        return (_Ink(f"refused{one.track}", one.box in boxes, one.box, reason=UNSURE) for one in tracks)

    def _ask(self, frame: Frame) -> None:
        settled = 1 if self._still else SETTLED
        corrected = {str(one.track) for one in self._corrections}
        due = tuple(
            ink
            for ink in self._inks
            if ink.key not in self._asked and (ink.key in corrected or (ink.now and self._frames[ink.key] >= settled))
        )
        # Where there is no room, what still lies there is asked for at the next frame.
        if self.worker.full or not (due or self._corrections):
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self.worker.put(_Task(frame.image, due, tuple(self._corrections), frozenset(self._frames), now))
        self._asked.update(ink.key for ink in due)
        self._corrections.clear()

    def _collect(self, task: _Task) -> None:
        failure = ""
        try:
            self._keep(task)
        except OSError as error:
            failure = self._say_failure(error)
        for correction in task.corrections:
            # One that nobody waits for any more was refused already.
            if correction.answer.set_running_or_notify_cancel():
                self._answer(correction, task, failure)

    def _keep(self, task: _Task) -> None:
        for ink, seen in zip(task.inks, seen_at(task.image, [ink.box for ink in task.inks]), strict=True):
            if seen is None:
                continue
            if self._folder.full:
                self._warn_once("%s is full; no more digits are kept, only corrections", self._folder.path)
                return
            known = {"item": f"{self._run}-{ink.key}", "time": task.time, "model": self._model}
            self._folder.add(known | ink.to_json(), seen, crop_of(task.image, ink.box))

    def _answer(self, correction: Correction, task: _Task, failure: str) -> None:
        meaning = "no digit" if correction.label == NO_DIGIT else str(correction.label)
        try:
            self._correct(correction, task, failure)
        except (LookupError, OutputError) as error:
            self._controls.message = f"not kept as {meaning}: {error}"
            correction.answer.set_exception(type(error)(self._controls.message))
        else:
            self._controls.message = f"kept as {meaning}"
            correction.answer.set_result(self._controls.message)

    def _correct(self, correction: Correction, task: _Task, failure: str) -> None:
        key = str(correction.track)
        try:
            known = self._folder.correct(f"{self._run}-{key}", correction.label, task.time)
        except OSError as error:
            raise OutputError(self._say_failure(error)) from error
        if not known and key in task.there:
            raise OutputError(failure or "of that digit there is no crop")
        if not known:
            raise LookupError(f"there is no digit {key}, or it went too long ago")

    def _say_failure(self, error: OSError) -> str:
        why = error.strerror or str(error)
        self._warn_once("digits cannot be kept in %s: %s; reading goes on", self._folder.path, why)
        return why

    def _warn_once(self, message: str, *details: object) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning(message, *details)


def _digits(view: View) -> Iterator[_Ink]:
    now = {(digit.label, digit.box) for digit in view.reading.digits}
    for one in view.digits:
        yield _Ink(str(one.track), (one.label, one.box) in now, one.box, one.track, one.label, one.confidence)
