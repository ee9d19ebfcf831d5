"""Read the pictures of an archive into a file, with a process for each core."""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_edge.camera.archive.parquet import SUFFIX, open_parquet
from mnist_edge.camera.archive.results import Results, open_results
from mnist_edge.camera.archive.walk import Found
from mnist_edge.camera.archive.workers import Open, Pool, failure_line, started
from mnist_edge.errors import UsageError
from mnist_edge.progress import Progress, no_progress

LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Summary:
    """What one run did.

    Attributes:
        rows: How many it wrote, one for each picture.
        failed: How many of them say that something cannot be read.
        skipped: How many pictures had a row from an earlier run.
        seconds: How long reading took, without the start of the processes.
    """

    rows: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0


def read_archive(
    found: Iterable[Found],
    output: Path,
    open_reader: Open,
    workers: int,
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress = no_progress,
    expected: Callable[[], int] = lambda: 0,
) -> Summary:
    """Read pictures with several processes, and write a row for each to a file.

    Rows come in the order in which pictures are finished, which is nearly that of `found`. Each is written at once and
    whole, so that whatever ends the run leaves a file that `resume` goes on with: pictures with a row, also one that
    says why it cannot be read, are not read again.

    Args:
        found: The pictures, each once, taken as they are needed.
        output: The file: `.parquet`, or else JSON Lines.
        open_reader: As for `workers.started`.
        workers: How many processes.
        resume: Go on with the file, if it is there.
        force: Replace the file.
        progress: Called after each row.
        expected: How many pictures there are in all, as far as that is known by now.

    Raises:
        UsageError: The file to go on with has rows of another model.
        OutputError: As for `open_results`.
        OSError: A row cannot be written.
        MnistEdgeError: As for `workers.started`.
    """
    summary = Summary()
    opened = open_parquet if output.suffix == SUFFIX else open_results
    with opened(output, resume, force) as results, started(workers, open_reader) as pool:
        if results.model not in (None, pool.model):
            raise UsageError(
                f"{output} has what {results.model} read, not {pool.model}; "
                f"go on with --model {results.model}, or name another file"
            )
        results.begin()
        try:
            _read_all(found, results, pool, summary, progress, expected)
        except (KeyboardInterrupt, OSError):
            LOG.info("what was read until now is in %s; the same command with --resume reads the rest", results.path)
            raise
    return summary


def _read_all(
    found: Iterable[Found],
    results: Results,
    pool: Pool,
    summary: Summary,
    progress: Progress,
    expected: Callable[[], int],
) -> None:
    started_at = time.monotonic()

    def wanted() -> Iterator[str]:
        for one in found:
            if one.source in results.done:
                summary.skipped += 1
            elif one.error:
                write(failure_line(one.source, one.error), True)
            else:
                yield one.source

    def write(line: bytes, failed: bool) -> None:
        results.append(line)
        summary.rows += 1
        summary.failed += failed
        left = max(summary.rows, expected() - summary.skipped)
        progress(summary.rows, left, f"{summary.rows:,} of {left:,}")

    for row in pool.read(wanted()):
        write(row.line, row.failed)
    summary.seconds = time.monotonic() - started_at
