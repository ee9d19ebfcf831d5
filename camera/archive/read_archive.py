"""Read the pictures and videos of an archive into a file."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from mnist_edge.camera.archive.executor import Executor, read_new
from mnist_edge.camera.archive.parquet import SUFFIX, open_parquet
from mnist_edge.camera.archive.results import Results, open_results
from mnist_edge.camera.archive.row import Row
from mnist_edge.camera.archive.walk import Found
from mnist_edge.errors import MnistEdgeError, UsageError
from mnist_edge.progress import Progress, no_progress

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Summary:
    """What one run did.

    Attributes:
        rows: How many it wrote: one for each picture, and one for each reading of a video.
        files: How many pictures and videos they are of.
        failed: How many of these cannot be read, or not to their end.
        skipped: How many had rows from an earlier run.
        seconds: How long reading took, without the start of the processes.
    """

    rows: int = 0
    files: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0

    def skip(self) -> None:
        """Count a file that an earlier run has read."""
        self.skipped += 1


def read_archive(
    found: Iterable[Found],
    output: Path,
    executor: AbstractContextManager[Executor],
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress = no_progress,
    expected: Callable[[], int] = lambda: 0,
) -> Summary:
    """Read pictures and videos, many at a time, and write a row for each reading to a file.

    Rows come in the order in which files are finished, which is nearly that of `found`. Those of a file are written at
    once and whole, so that whatever ends the run leaves results that `resume` goes on with: what has its rows, also one
    that says why it cannot be read, is not read again.

    Args:
        found: The pictures and videos, each once, taken as they are needed.
        output: The file: `.parquet`, or else JSON Lines.
        executor: What reads, such as `workers.started(2, open_reader)`; it starts here.
        resume: Go on with the file, if it is there.
        force: Replace the file.
        progress: Called after each file.
        expected: How many files there are in all, as far as that is known by now.

    Raises:
        UsageError: The file to go on with has rows of another model.
        OutputError: As for `open_results`.
        OSError: A row cannot be written.
        MnistEdgeError: What the start of the executor raises, such as `ModelError`.
    """
    summary = Summary()
    opened = open_parquet if output.suffix == SUFFIX else open_results
    with opened(output, resume, force) as results, executor as reading:
        if results.model not in (None, reading.model):
            raise UsageError(
                f"{output} has what {results.model} read, not {reading.model}; "
                f"go on with --model {results.model}, or name another file"
            )
        results.begin()
        try:
            _read_all(
                read_new(reading, found, results.done.__contains__, summary.skip), results, summary, progress, expected
            )
        except (KeyboardInterrupt, OSError, MnistEdgeError):
            LOG.info("what was read until now is in %s; the same command with --resume reads the rest", results.path)
            raise
    return summary


def _read_all(
    rows: Iterable[Row],
    results: Results,
    summary: Summary,
    progress: Progress,
    expected: Callable[[], int],
) -> None:
    started_at = time.monotonic()
    for row in rows:
        results.append(row.lines)
        summary.rows += row.count
        summary.files += 1
        summary.failed += row.failed
        left = max(summary.files, expected() - summary.skipped)
        progress(summary.files, left, f"{summary.files:,} of {left:,}")
    summary.seconds = time.monotonic() - started_at
