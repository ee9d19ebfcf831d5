"""What a worker of a cluster does: it reads a batch of pictures by a process of its own, as `workers.py` does here.

So a picture that ends or hangs its process does no harm to the worker, whatever Python runs it, and each thread of a
worker reads on one core. The process stays for the next batch.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mnist_edge.camera.archive.row import Open, Row
from mnist_edge.camera.archive.walk import is_address
from mnist_edge.camera.archive.workers import Pool
from mnist_edge.errors import MnistEdgeError, UsageError

# A process for which no batch comes for so long ends: whoever sent them may have gone without a word.
IDLE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Run:
    """What all batches of a run have in common.

    Attributes:
        name: Unlike that of any other run.
        open_reader: As for `workers.started`.
        folder: What paths and models are relative to.
    """

    name: str
    open_reader: Open
    folder: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a batch: the model that read and what there is to know of it, as in `Pool`, and a row a file.

    Attributes:
        model: Its name.
        notes: As `Pool.notes`.
        rows: In the order in which they were finished.
        seconds: How long that took, without starting a process.
    """

    model: str
    notes: list[str]
    rows: list[Row]
    seconds: float


def read_batch(run: Run, sources: tuple[str, ...], worker: str) -> Answer:
    """Read a batch; called on a worker.

    Args:
        run: What it belongs to.
        sources: Paths or addresses; of none, the model alone is told.
        worker: What messages call the worker.

    Raises:
        UsageError: This worker does not see the folder of the pictures.
        MnistEdgeError: As for `workers.started`, with the name of the worker.
    """
    for place in {os.path.dirname(source) for source in sources if not is_address(source)}:
        folder = os.path.join(run.folder, place)
        if not os.path.isdir(folder):
            raise UsageError(
                f"{worker} sees no folder {folder}; share it under this path with all workers, or name the pictures "
                "by an address"
            )
    try:
        with _reader(run) as pool:
            started = time.perf_counter()
            rows = [*pool.read(iter(sources))]
            return Answer(pool.model, pool.notes, rows, time.perf_counter() - started)
    except MnistEdgeError as error:
        raise type(error)(f"{worker} cannot read: {error}") from None


# Processes that wait for a batch: of which run, and what will end them.
_idle: list[tuple[str, Pool, threading.Timer]] = []
_lock = threading.Lock()


@contextmanager
def _reader(run: Run) -> Iterator[Pool]:
    """Lend a process of this run, which is started where none is idle."""
    pool = _take(run.name) or Pool(1, run.open_reader, folder=run.folder if os.path.isdir(run.folder) else None)
    try:
        yield pool
    except BaseException:
        pool.end()
        raise
    clock = threading.Timer(IDLE_SECONDS, _end_idle, [pool])
    clock.daemon = True
    clock.start()
    with _lock:
        _idle.append((run.name, pool, clock))


def _take(name: str) -> Pool | None:
    with _lock:
        mine = next((one for one in reversed(_idle) if one[0] == name), None)
        if mine is None:
            return None
        _idle.remove(mine)
    mine[2].cancel()
    return mine[1]


def _end_idle(pool: Pool) -> None:
    with _lock:
        mine = next((one for one in _idle if one[1] is pool), None)
        # Else a batch took it at this moment.
        if mine:
            _idle.remove(mine)
    if mine:
        pool.end()
