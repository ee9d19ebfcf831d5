"""Keeping what the camera reads, and what people say it should have read, for a training that learns from it."""

import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.sinks.crops import CropFolder, crop_of, seen_at
from mnist_edge.camera.tracker import MOVING, PAGES, Tracker
from mnist_edge.camera.view import View
from mnist_edge.reading import Box, Digit

MAX_FILES = 10_000
# A digit is kept once it was there for so many frames: by then the page lies still, and it is read as it will stay.
SETTLED = 10
# Refused ink that is worth a look, and how much of it in a frame.
UNSURE = "low confidence"
MOST_REFUSED = 50
# Frames that may wait to be looked at; until then what is in them is asked for again at the next frame.
WAITING = 4
# How long to wait for the disk at the end.
PATIENCE_SECONDS = 2.0
NO_DIGIT = -1


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
    """What to keep of one frame, and what was corrected since the one before: label by key."""

    image: NDArray[np.uint8]
    inks: tuple[_Ink, ...]
    corrections: dict[str, int]
    time: str


class Collector:
    """Keeps one crop of each digit that is tracked, and writes down what people correct.

    A crop is the digit as the network sees it, a 28x28 PNG, and as the camera saw it; each has a line in
    `collected.jsonl`. Ink that was refused for want of confidence is kept too, without a label. Digits that touch and
    were cut apart are not: their ink alone cannot be told from the frame. A thread finds the ink and writes.
    """

    def __init__(
        self,
        folder: Path,
        controls: Controls,
        *,
        model: str,
        note: Callable[[str], None],
        still: bool = False,
        refused: bool = True,
        max_files: int = MAX_FILES,
    ) -> None:
        """Prepare; nothing is written before the first digit.

        Args:
            folder: Where everything goes; what earlier runs left there stays.
            controls: Whose corrections are taken, and whose message says what became of them.
            model: Name of what reads.
            note: Told once when the folder is full, and once when it cannot be written.
            still: Whether each frame is a page of its own, as `Source` says it.
            refused: Whether ink of low confidence is kept.
            max_files: Pictures, two a digit, that the folder may hold.
        """
        self._folder = CropFolder(folder, max_files)
        self._controls, self._model, self._note = controls, model, note
        self._still, self._keep_refused = still, refused
        # A clock that starts anew with each boot would name files of two runs alike.
        self._run = f"{datetime.now(timezone.utc):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        self._refused = Tracker(PAGES if still else MOVING)
        self._frame: Frame | None = None
        self._inks: list[_Ink] = []
        self._frames: dict[str, int] = {}
        self._asked: set[str] = set()
        self._corrections: dict[str, int] = {}
        self._told: set[str] = set()
        self._over = False
        self._tasks: queue.Queue[_Task | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._work, name="collector", daemon=True)

    def __enter__(self) -> "Collector":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Write what is waiting, unless the disk takes seconds for it."""
        self._take_corrections()
        if self._frame is not None:
            self._ask(self._frame, PATIENCE_SECONDS)
        with suppress(queue.Full):
            self._tasks.put(None, timeout=PATIENCE_SECONDS)
        self._thread.join(PATIENCE_SECONDS)
        self._over = True

    def show(self, view: View) -> None:
        """Take note of a frame's digits, and of corrections since the last."""
        self._take_corrections()
        if view.frame is not self._frame:
            self._frame = view.frame
            self._inks = [*_digits(view), *(self._unsure(view) if self._keep_refused else ())]
            self._frames = {ink.key: self._frames.get(ink.key, 0) + 1 for ink in self._inks}
            # A track that went never comes back.
            self._asked &= self._frames.keys()
        # A page that is turned does not come back, and nobody waits for the next one to be read.
        self._ask(view.frame, PATIENCE_SECONDS if self._still else 0.0)

    def _take_corrections(self) -> None:
        waiting = self._controls.corrections
        while waiting:
            track, label = waiting.popleft()
            if NO_DIGIT <= label <= 9:
                self._corrections[str(track)] = label

    def _unsure(self, view: View) -> Iterator[_Ink]:
        boxes = [one.box for one in view.reading.rejected if one.reason == UNSURE]
        # A digit of which a single frame is not sure is still that digit.
        boxes = [box for box in boxes if not any(_touch(box, digit.box) for digit in view.digits)][:MOST_REFUSED]
        self._refused.update([Digit(0, 0.0, box) for box in boxes])
        tracks = self._refused.digits
        if self._still:
            self._refused.end()
        return (_Ink(f"refused{one.track}", one.box in boxes, one.box, reason=UNSURE) for one in tracks)

    def _ask(self, frame: Frame, timeout: float = 0.0) -> None:
        settled = 1 if self._still else SETTLED
        due = tuple(
            ink
            for ink in self._inks
            if ink.key not in self._asked
            and (ink.key in self._corrections or (ink.now and self._frames[ink.key] >= settled))
        )
        if not due and not self._corrections:
            return
        now = datetime.now(timezone.utc).isoformat(timespec="milliseconds")
        try:
            self._tasks.put(_Task(frame.image, due, dict(self._corrections), now), timeout > 0, timeout or None)
        except queue.Full:
            return
        self._asked.update(ink.key for ink in due)
        self._corrections.clear()

    def _work(self) -> None:
        while not self._over and (task := self._tasks.get()):
            try:
                if task.inks:
                    self._keep(task)
                for key, label in task.corrections.items():
                    self._correct(key, label, task.time)
            except OSError as error:
                why = error.strerror or str(error)
                self._tell("failed", f"note: digits cannot be kept in {self._folder.path}: {why}; reading goes on")
                if task.corrections:
                    self._controls.message = f"not kept: {why}"

    def _keep(self, task: _Task) -> None:
        for ink, seen in zip(task.inks, seen_at(task.image, [ink.box for ink in task.inks]), strict=True):
            if seen is None:
                continue
            if self._folder.full:
                self._tell("full", f"note: {self._folder.path} is full; no more digits are kept, only corrections")
                return
            known = {"item": f"{self._run}-{ink.key}", "time": task.time, "model": self._model}
            self._folder.add(known | ink.to_json(), seen, crop_of(task.image, ink.box))

    def _correct(self, key: str, label: int, time: str) -> None:
        meaning = "no digit" if label == NO_DIGIT else str(label)
        if self._folder.correct(f"{self._run}-{key}", label, time):
            self._controls.message = f"kept as {meaning}"
        else:
            self._controls.message = f"not kept as {meaning}: of that digit there is no crop"

    def _tell(self, what: str, line: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self._note(line)


def _digits(view: View) -> Iterator[_Ink]:
    now = {(digit.label, digit.box) for digit in view.reading.digits}
    for one in view.digits:
        yield _Ink(str(one.track), (one.label, one.box) in now, one.box, one.track, one.label, one.confidence)


def _touch(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width and other.x < one.x + one.width
    return across and one.y < other.y + other.height and other.y < one.y + one.height
