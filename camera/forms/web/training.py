"""A training that is started from the review page, in a process of its own."""

import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any, ClassVar

from mnist_edge.camera.forms.web.requests import JsonPost
from mnist_edge.camera.web.access import Refused
from mnist_edge.camera.web.handler import Handler
from mnist_edge.child_process import failure_of
from mnist_edge.errors import MnistEdgeError
from mnist_edge.progress import Progress

Table = Sequence[Sequence[str]]
# Trains, and returns what, before and after of each figure; called in a process of its own, so it can be pickled.
Teach = Callable[[Progress], Table]
# The progress is told so often at most, and an ended process is waited for so long.
REPORT_SECONDS, END_SECONDS = 0.2, 2.0


@dataclass(slots=True)
class Training:
    """At most one training at a time; one thread at a time may use it.

    Attributes:
        teach: Trains; None where nothing can be trained.
        why: Why it cannot.
        prepare: Called before each training begins, in the server's process.
    """

    teach: Teach | None
    why: str = ""
    prepare: Callable[[], object] = lambda: None
    _process: Any = None
    _pipe: Connection | None = None
    _state: dict[str, Any] = field(default_factory=lambda: {"share": 0.0, "note": "", "table": [], "error": ""})

    def start(self) -> None:
        """Begin a training.

        Raises:
            Refused: One is running already, or none can.
        """
        if self.teach is None:
            raise Refused(409, self.why)
        if self.state()["running"]:
            raise Refused(409, "a training is running already")
        try:
            self.prepare()
        except (MnistEdgeError, OSError) as error:
            raise Refused(507, f"what was corrected cannot be kept: {error}") from None
        # Of a training before this one.
        self.end()
        spawn = get_context("spawn")
        self._pipe, there = spawn.Pipe(duplex=False)
        self._process = spawn.Process(target=_work, args=(there, self.teach), daemon=True)
        self._state |= {"share": 0.0, "note": "starting", "table": [], "error": ""}
        self._process.start()
        there.close()

    def state(self) -> dict[str, Any]:
        """Return how far it is: `possible`, `why` not, `running`, `share` done, `note`, the `table` or the `error`."""
        while self._pipe and self._pipe.poll():
            try:
                self._state |= self._pipe.recv()
            except (EOFError, OSError):
                self._process.join(END_SECONDS)
                if not (self._state["table"] or self._state["error"]):
                    how = failure_of(self._process.exitcode or 0) or "exit code 0"
                    self._state["error"] = f"the training ended before it was done: {how}"
                self._pipe = None
        ended = self._pipe is None or bool(self._state["table"] or self._state["error"])
        return {"possible": self.teach is not None, "why": self.why, "running": not ended} | self._state

    def end(self) -> None:
        """End a training that is running."""
        if self._process:
            self._process.kill()
            self._process.join(END_SECONDS)


def _work(pipe: Connection, teach: Teach) -> None:
    """Train; the server ends this process, and what libraries print is for nobody."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    told = 0.0

    def report(done: float, total: float, note: str = "") -> None:
        nonlocal told
        if time.monotonic() - told > REPORT_SECONDS:
            told = time.monotonic()
            pipe.send({"share": done / total if total else 0.0, "note": note})

    try:
        pipe.send({"table": [list(row) for row in teach(report)], "share": 1.0, "note": ""})
    except MnistEdgeError as error:
        pipe.send({"error": str(error)})
    except Exception as error:
        pipe.send({"error": f"{type(error).__name__}: {error}"})


class TrainingState(Handler):
    """`GET /api/training`."""

    async def _answer(self) -> None:
        training: Training = self.settings["training"]
        self.send_json(await self.site.worker.run(training.state))


class StartTraining(JsonPost):
    """`POST /api/train`, an empty object: begins a training, and answers with its state."""

    keys: ClassVar = {}

    async def _answer(self) -> None:
        training: Training = self.settings["training"]
        self.sent()
        await self.site.worker.run(training.start)
        self.send_json(await self.site.worker.run(training.state))
