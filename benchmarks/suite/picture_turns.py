"""Let engines read pictures in turns, each in a process of its own; what each read is kept picture by picture."""

import json
import logging
import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_text
from mnist_edge.benchmarks.suite.picture_engines import PICTURE_ENGINES
from mnist_edge.benchmarks.suite.pictures import Picture
from mnist_edge.benchmarks.suite.processes import EngineProcess, python_with
from mnist_edge.benchmarks.suite.text_boxes import digits_of
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.progress import Progress, no_progress

WORKER = "picture_worker"
PICTURE = "picture.npy"
_LOG = logging.getLogger(__name__)


class Journal:
    """What was read so far, a line a picture: a run that was broken off goes on with it."""

    def __init__(self, path: Path, begun_with: Mapping[str, str | None]) -> None:
        """Open it, or begin it.

        Args:
            path: The file.
            begun_with: The version of each engine, None of one that is absent, and what else must stay as it is.

        Raises:
            UsageError: It was begun with others.
        """
        self._path = path
        # The last line may have been cut off.
        lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
        first, *self.rows = [json.loads(line) for line in lines] or [dict(begun_with)]
        if first != dict(begun_with):
            raise UsageError(
                f"{path} was begun with other engines, versions or models; go on with those, or begin anew with --force"
            )
        write_text(path, "".join(f"{json.dumps(row)}\n" for row in (first, *self.rows)))

    def __contains__(self, picture: Picture) -> bool:
        """Whether all have read it."""
        return any((row["kind"], row["name"]) == (picture.kind, picture.name) for row in self.rows)

    def add(self, row: dict[str, Any]) -> None:
        """Keep what was read in a picture."""
        self.rows.append(row)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")


def find_engines(
    names: Sequence[str], log: Path, pythons: Sequence[Path] = ()
) -> dict[str, tuple[Path | None, str] | None]:
    """Find the environment and the version of each engine; None of one that is nowhere."""
    return {
        name: python_with(name, PICTURE_ENGINES[name].version(), log.parent, log, pythons, WORKER) for name in names
    }


def read_in_turns(
    pictures: Sequence[Picture],
    pythons: Mapping[str, Path | None],
    journal: Journal,
    log: Path,
    progress: Progress = no_progress,
) -> None:
    """Have every engine read every picture that the journal lacks, one after another in an order drawn anew each time.

    Args:
        pictures: What to read.
        pythons: The environment of each engine by its name, None for this one.
        journal: Takes what was read.
        log: What libraries print is added there.
        progress: Receives the pictures done.
    """
    order = random.Random(0)
    rest = [picture for picture in pictures if picture not in journal]
    with _running(pythons, log) as (folder, running):
        for done, picture in enumerate(rest, start=len(pictures) - len(rest)):
            progress(done, len(pictures), f"reading {picture.name}")
            truth, pixels = picture.get()
            np.save(folder / PICTURE, pixels)
            if picture is rest[0]:
                for engine in running.values():
                    engine.read(pixels)
            names = list(running)
            order.shuffle(names)
            answers = {name: running[name].read(pixels) for name in names}
            size = {"height": pixels.shape[0], "width": pixels.shape[1]}
            journal.add({"kind": picture.kind, "name": picture.name, "truth": truth, **size, "answers": answers})
    progress(len(pictures), len(pictures), "read")


@contextmanager
def _running(pythons: Mapping[str, Path | None], log: Path) -> Iterator[tuple[Path, dict[str, "RunningEngine"]]]:
    """A folder for the picture, and the engines, ready to read it."""
    with tempfile.TemporaryDirectory() as place:
        running = {name: RunningEngine(name, Path(place), log, python) for name, python in pythons.items()}
        try:
            yield Path(place), running
        finally:
            for engine in running.values():
                engine.close()


class RunningEngine:
    """An engine in a process, which is started again after a failure."""

    def __init__(self, name: str, folder: Path, log: Path, python: Path | None) -> None:
        """Remember how it is started; see `EngineProcess`."""
        self._name, self._folder, self._log, self._python = name, folder, log, python
        self._process: EngineProcess | None = None

    def read(self, pixels: NDArray[np.uint8]) -> dict[str, Any]:
        """Read the picture in the folder; tell its digits and the time, or the `error`."""
        try:
            if self._process is None:
                self._process = EngineProcess(self._folder, self._log, self._python, WORKER)
                self._process.ask("load", engine=self._name)
            answer = self._process.ask("read", name=PICTURE)
        except ModelError as error:
            _LOG.info("%s fails: %s", self._name, error)
            self.close()
            return {"error": str(error)}
        digits = digits_of(answer.pop("texts"), pixels, PICTURE_ENGINES[self._name].tight)
        return {"digits": [(digit.label, *digit.box) for digit in digits], **answer}

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process:
            with suppress(OSError):
                process.close()
