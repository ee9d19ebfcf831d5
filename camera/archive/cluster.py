"""An archive that a Dask cluster reads: batches of paths go out, and rows come back.

What may happen to a worker is Dask's matter: what it had not answered is read by another one. What may happen to a
picture is that of the process in which the worker reads it (`batch.py`).
"""

import logging
import os
import pickle
import time
import uuid
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.camera.archive.batch import Answer, Run
from mnist_edge.camera.archive.row import TICK_SECONDS, Open, Row, failure
from mnist_edge.camera.archive.workers import AHEAD
from mnist_edge.camera.video_files import has_video_name
from mnist_edge.errors import MnistEdgeError, ModelWarning, UsageError
from mnist_edge.optional_packages import installed_version, require
from mnist_edge.safe_text import mask

LOG = logging.getLogger(__name__)

# A batch has as many pictures as take so long, beside which what Dask does for it, some ms, is little; the first ones
# have so many. With batches of 32 workers were idle for 14.7 % of the time that 100,000 small pictures took.
BATCH_SECONDS, FIRST_PICTURES, MOST_PICTURES = 2.0, 16, 1_000
# How long a scheduler may take to answer.
CONNECT_SECONDS = 10.0
# For so long nothing is said of a cluster that has no worker.
QUIET_SECONDS = 5.0
# Where Dask has handlers that write to standard error.
LOGGERS = ("distributed", "distributed.client", "tornado.application")

Batch = tuple[str, ...]


class Cluster:
    """A cluster, as `connected` gives it.

    Attributes:
        model: Name of the model that reads.
    """

    def __init__(self, client: Any, address: str, open_reader: Open) -> None:
        """Let a worker open the reader; waits for one."""
        self._client, self._address = client, address
        self._run = pickle.dumps(Run(uuid.uuid4().hex, open_reader, os.getcwd()))
        self._task, self._version = _task_for_workers(), installed_version("mnist-edge")
        # Each with its future, whose end would be that of the task, by the key of that.
        self._batches: dict[str, tuple[Any, Batch]] = {}
        self._again: deque[Batch] = deque()
        self._ended: SimpleQueue[Any] = SimpleQueue()
        self._threads, self._looked, self._seen, self._told = 0, 0.0, time.monotonic(), False
        self._pictures = FIRST_PICTURES
        self.model = ""
        self._submit(())
        while not (answers := self._answers()):
            pass
        self.model = answers[0].model
        for note in answers[0].notes:
            warnings.warn(note, ModelWarning, stacklevel=4)

    def read(self, sources: Iterator[str]) -> Iterator[Row]:
        """Read pictures; see `Executor`."""
        batches = in_batches(sources, lambda: self._pictures)
        while self._feed(batches):
            for answer in self._answers():
                yield from answer.rows

    def _feed(self, batches: Iterator[Batch]) -> bool:
        """Give the workers what they have room for; returns whether any has something to do."""
        while len(self._batches) < AHEAD * max(self._threads, 1):
            batch = self._again.popleft() if self._again else next(batches, None)
            if batch is None:
                break
            self._submit(batch)
        return bool(self._batches)

    def _submit(self, batch: Batch) -> None:
        key = f"read-batch-{uuid.uuid4().hex}"
        future = self._client.submit(self._task, self._version, self._run, batch, key=key, pure=False)
        self._batches[key] = future, batch
        future.add_done_callback(self._ended.put)

    def _answers(self) -> list[Answer]:
        """Wait a moment for batches that have been read."""
        self._look()
        finished, answers = list[Any](), list[Answer]()
        for future in self._wait():
            status = future.status
            if status == "finished":
                finished.append(future)
            elif status == "error":
                answers += self._failed(self._batches.pop(future.key)[1], future.exception())
            elif status == "cancelled":
                raise self._lost()
            else:
                # Its rows were lost with their worker, and another one reads it.
                future.add_done_callback(self._ended.put)
        try:
            gathered = self._client.gather(finished)
        except Exception:
            # One was lost with its worker at this moment, and has failed since: its status tells.
            if all(future.status == "finished" for future in finished):
                raise
            for future in finished:
                self._ended.put(future)
        else:
            for future, answer in zip(finished, gathered, strict=True):
                _, batch = self._batches.pop(future.key)
                if batch and not has_video_name(batch[0]):
                    self._pictures = pictures_after(len(batch), answer.seconds)
            answers += gathered
        return answers

    def _wait(self) -> list[Any]:
        ended: list[Any] = []
        with suppress(Empty):
            ended.append(self._ended.get(timeout=TICK_SECONDS))
            while True:
                ended.append(self._ended.get_nowait())
        return ended

    def _failed(self, batch: Batch, error: BaseException) -> list[Answer]:
        """Return what there is to say of a batch that failed, or raise what ends the run."""
        if isinstance(error, MnistEdgeError):
            raise error
        if isinstance(error, ImportError):
            raise UsageError(str(error))
        if not isinstance(error, require("distributed", extra="cluster").KilledWorker):
            raise MnistEdgeError(f"a worker of {self._address} failed: {type(error).__name__}: {error}")
        how = f"its worker ended {error.allowed_failures + 1} times, at last that at {error.last_worker.address}"
        if not batch:
            raise MnistEdgeError(f"no worker of {self._address} can open the model: {how}")
        if len(batch) == 1:
            return [Answer(self.model, [], [failure(batch[0], f"{batch[0]} cannot be read: {how}")], 0.0)]
        self._again += [(source,) for source in batch]
        return []

    def _look(self) -> None:
        """Look how many workers there are now."""
        now = time.monotonic()
        if now - self._looked < TICK_SECONDS:
            return
        self._looked = now
        try:
            self._threads = sum(self._client.nthreads().values())
        except Exception:
            raise self._lost() from None
        if self._threads:
            self._seen, self._told = now, False
        elif now - self._seen > QUIET_SECONDS and not self._told:
            self._told = True
            LOG.info("waiting for workers; start one with: dask worker %s --nthreads 1", self._address)

    def _lost(self) -> MnistEdgeError:
        return MnistEdgeError(f"the scheduler at {self._address} was lost")


def _task_for_workers() -> Callable[..., Answer]:
    """Return what workers call for a batch; made within a function, it is sent whole and not by its name.

    So a worker that cannot import it, or would import another, can still say so. Nothing of this package may be named
    outside of its lines, in types neither.
    """

    def read(version: str | None, run: bytes, batch: tuple[str, ...]) -> Any:
        from importlib import metadata
        from pickle import loads

        from distributed import get_worker

        worker = f"the worker at {get_worker().address}"
        try:
            there = metadata.version("mnist-edge")
        except metadata.PackageNotFoundError:
            there = "no"
        if there != version:
            raise ImportError(f"{worker} has {there} mnist-edge, and this is {version}; install the same there")
        from mnist_edge.camera.archive.batch import read_batch

        return read_batch(loads(run), batch, worker)

    return read


@contextmanager
def connected(address: str, open_reader: Open) -> Iterator[Cluster]:
    """Read with the workers of a cluster while the block runs.

    Whatever ends the block, the workers drop what they have not begun, and end their processes after a minute.

    Args:
        address: Of the scheduler, such as `tcp://10.0.0.5:8786`.
        open_reader: As for `workers.started`; the model and the pictures have the same paths for all workers.

    Raises:
        PackageMissing: Dask is not installed.
        UsageError: No scheduler answers there, or a worker has another version of mnist-edge.
        MnistEdgeError: What `open_reader` raises on a worker, or the scheduler is lost.
    """
    distributed = require("distributed", extra="cluster")
    _silence_log()
    shown = mask(address)
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except Exception as error:
        raise UsageError(f"no scheduler of Dask answers at {shown} ({error}); start one with: dask scheduler") from None
    try:
        yield Cluster(client, shown, open_reader)
    finally:
        client.close()


def _silence_log() -> None:
    """Keep Dask's log off the command line's standard error: what matters of it is raised."""
    if native_stderr.silencing_enabled:
        for name in LOGGERS:
            for handler in logging.getLogger(name).handlers:
                handler.setLevel(logging.CRITICAL + 1)


def pictures_after(count: int, seconds: float) -> int:
    """How many pictures a batch shall have, after one of so many took so long."""
    return max(1, min(MOST_PICTURES, round(count * BATCH_SECONDS / max(seconds, 1e-3))))


def in_batches(sources: Iterator[str], size: Callable[[], int]) -> Iterator[Batch]:
    """Divide what is to be read: as many pictures together as `size` says at their time, and each video alone."""
    batch: list[str] = []
    for source in sources:
        if has_video_name(source):
            yield (source,)
            continue
        batch.append(source)
        if len(batch) >= size():
            yield tuple(batch)
            batch = []
    if batch:
        yield tuple(batch)
