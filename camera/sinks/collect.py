"""Collects the digits that the camera reads, and what people say they really are, for a training to learn from."""

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
from mnist_edge.camera.events import name_to_json
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.reader.decision import UNSURE
from mnist_edge.camera.sinks.crops import CropFolder, cut_out
from mnist_edge.camera.tracker import MOVING, PAGES, Tracker
from mnist_edge.camera.view import View
from mnist_edge.camera.worker import BackgroundSink, Worker
from mnist_edge.classes import names_of
from mnist_edge.errors import OutputError
from mnist_edge.reading import Digit

# Pictures that the folder may hold, two a digit.
MAX_FILES = 10_000
# A digit is kept once it was there for so many frames: by then the page lies still, and it is read as it will stay.
SETTLED_FRAMES = 10
# How much refused ink of one frame is kept: a page of text is all refused.
MAX_REFUSED = 50
# Frames that may wait for the disk; until then what is in them is due again at the next frame.
MAX_WAITING = 4

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Candidate:
    """A tracked digit, or refused ink with the reason, in one frame.

    Attributes:
        key: What names it in this run.
        present: Whether it was found in this very frame; else its track bridges a gap.
    """

    key: str
    digit: Digit
    present: bool
    reason: str | None = None

    def to_json(self) -> dict[str, Any]:
        digit, refused = self.digit, self.reason is not None
        return {
            "track": None if refused else digit.track,
            "label": None if refused else digit.label,
            "confidence": None if refused else round(digit.confidence, 4),
            "box": list(digit.box),
            "reason": self.reason,
        } | ({} if refused else name_to_json(digit))


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What to keep of one frame, the corrections since the frame before, and the keys of all that is in the frame."""

    image: NDArray[np.uint8]
    due: tuple[_Candidate, ...]
    corrections: tuple[Correction, ...]
    keys: frozenset[str]
    time: str


class Collector(BackgroundSink):
    """Keeps one crop of each digit that is tracked, and writes down what people correct.

    A crop is the digit as the network saw it, a 28x28 PNG, and as the camera saw it; each has a line in
    `collected.jsonl`. Ink that was refused for want of confidence is kept too, without a label. A worker writes.
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
            controls: Whose corrections are taken, and whose message reports what became of them.
            model: Name of the model that reads.
            still: Whether each frame is a page of its own, see `SourceInfo`.
            refused: Whether ink of low confidence is kept.
            max_files: Pictures, two a digit, that the folder may hold.
        """
        self._folder = CropFolder(folder, max_files)
        self._controls, self._model = controls, model
        self._still, self._keep_refused = still, refused
        self._settled = 1 if still else SETTLED_FRAMES
        # The random part keeps the files of two runs apart where a clock starts anew with each boot.
        self._run = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        self._refused = Tracker(PAGES if still else MOVING)
        self._frame: Frame | None = None
        self._candidates: list[_Candidate] = []
        self._frames: dict[str, int] = {}
        self._queued: set[str] = set()
        self._corrections: list[Correction] = []
        self._warned: set[str] = set()
        self.worker = Worker("digits to collect", self._collect, limit=MAX_WAITING)
        controls.corrections = deque()

    def end(self, deadline: float) -> None:
        """Queue what found the queue full until now, and end."""
        if self._frame is not None:
            self._take_corrections()
            self._queue_due(self._frame)
        super().end(deadline)

    def show(self, view: View) -> None:
        """Look at a frame's digits, and at the corrections since the last frame."""
        self._take_corrections()
        if view.frame is not self._frame:
            self._frame = view.frame
            self._candidates = [*_digits(view), *(self._unsure(view) if self._keep_refused else ())]
            self._frames = {seen.key: self._frames.get(seen.key, 0) + 1 for seen in self._candidates}
            # A track that has ended never comes back.
            self._queued &= self._frames.keys()
        self._queue_due(view.frame)

    def _take_corrections(self) -> None:
        while waiting := self._controls.corrections:
            self._corrections.append(waiting.popleft())

    def _unsure(self, view: View) -> Iterator[_Candidate]:
        unsure = [ink for ink in view.reading.rejected if ink.reason == UNSURE]
        # A digit of which a single frame is not sure is still that digit.
        unsure = [ink for ink in unsure if not any(ink.box.overlaps(digit.box) for digit in view.digits)][:MAX_REFUSED]
        self._refused.update([Digit(0, 0.0, ink.box, crop=ink.crop) for ink in unsure])
        tracks = self._refused.digits
        if self._still:
            self._refused.end()
        boxes = {ink.box for ink in unsure}
        return (_Candidate(f"refused{digit.track}", digit, digit.box in boxes, UNSURE) for digit in tracks)

    def _queue_due(self, frame: Frame) -> None:
        corrected = {str(correction.track) for correction in self._corrections}
        due = tuple(
            seen
            for seen in self._candidates
            if seen.key not in self._queued
            and (seen.key in corrected or (seen.present and self._frames[seen.key] >= self._settled))
        )
        # Where the queue is full, what is there still is due again at the next frame.
        if self.worker.full or not (due or self._corrections):
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        self.worker.put(_Task(frame.image, due, tuple(self._corrections), frozenset(self._frames), now))
        self._queued.update(candidate.key for candidate in due)
        self._corrections.clear()

    def _collect(self, task: _Task) -> None:
        failure = ""
        try:
            self._keep(task)
        except OSError as error:
            failure = self._warn_of_failure(error)
        for correction in task.corrections:
            # A correction that was cancelled meanwhile was refused already.
            if correction.answer.set_running_or_notify_cancel():
                self._answer(correction, task, failure)

    def _keep(self, task: _Task) -> None:
        for candidate in task.due:
            digit = candidate.digit
            if digit.crop is None:
                continue
            if self._folder.full:
                self._warn_once("%s is full; no more digits are kept, only corrections", self._folder.path)
                return
            line = {
                "item": f"{self._run}-{candidate.key}",
                "time": task.time,
                "model": self._model,
            } | candidate.to_json()
            self._folder.add(line, digit.crop, cut_out(task.image, digit.box))

    def _answer(self, correction: Correction, task: _Task, failure: str) -> None:
        meaning = self._controls.called(correction.label)
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
            known = self._folder.correct(
                f"{self._run}-{key}", correction.label, task.time, self._name(correction.label)
            )
        except OSError as error:
            raise OutputError(self._warn_of_failure(error)) from error
        if not known and key in task.keys:
            raise OutputError(failure or "of that digit there is no crop")
        if not known:
            raise LookupError(f"there is no digit {key}, or it went too long ago")

    def _name(self, label: int) -> str | None:
        names = names_of(self._controls.classes)
        return names[label] if names and label != NO_DIGIT else None

    def _warn_of_failure(self, error: OSError) -> str:
        why = error.strerror or str(error)
        self._warn_once("digits cannot be kept in %s: %s; reading goes on", self._folder.path, why)
        return why

    def _warn_once(self, message: str, *details: object) -> None:
        if message not in self._warned:
            self._warned.add(message)
            logger.warning(message, *details)


def _digits(view: View) -> Iterator[_Candidate]:
    present = {(digit.label, digit.box) for digit in view.reading.digits}
    for digit in view.digits:
        yield _Candidate(str(digit.track), digit, (digit.label, digit.box) in present)
