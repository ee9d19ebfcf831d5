"""`mnist-edge read --output FILE`: many pictures into a file of results."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, NamedTuple

import typer

from mnist_edge.cli.console import note, progress
from mnist_edge.cli.signals import interrupted_by_signals
from mnist_edge.errors import ImageError, UsageError
from mnist_edge.progress import no_progress

if TYPE_CHECKING:
    from mnist_edge.camera.archive.executor import Executor
    from mnist_edge.camera.archive.read_archive import Summary
    from mnist_edge.camera.archive.row import Open
    from mnist_edge.camera.archive.walk import Counts, Found
    from mnist_edge.cli.read_files import Files

SUFFIXES = (".jsonl", ".parquet")


class Into(NamedTuple):
    """The file that results go to.

    Attributes:
        output: The file; for rows of readings it may be an address.
        workers: How many processes read; None for one for each core.
        scheduler: Address of a cluster that reads; None for this machine.
        resume: Go on with the file.
        force: Replace the file.
    """

    output: str
    workers: int | None
    scheduler: str | None
    resume: bool
    force: bool

    def executor(self, open_reader: Open) -> AbstractContextManager[Executor]:
        """Return what reads; it starts with its block."""
        from mnist_edge.camera.archive.cluster import connected
        from mnist_edge.camera.archive.workers import started
        from mnist_edge.machine import usable_cores

        if self.scheduler:
            return connected(self.scheduler, open_reader)
        return started(self.workers or usable_cores(), open_reader)

    def refuse_usage(self, suffixes: tuple[str, ...], kind: str) -> None:
        """Refuse a file of another kind, and what excludes each other."""
        if Path(self.output).suffix not in suffixes:
            raise UsageError(f"{kind}; let {self.output} end in {' or '.join(suffixes)}")
        if self.resume and self.force:
            raise UsageError("--resume goes on with a file and --force replaces it; choose one")
        if self.workers and self.scheduler:
            raise UsageError("--workers are processes of this machine, and --scheduler has its own; choose one")


def read_into_file(files: Files, open_reader: Open, into: Into) -> None:
    """Read all that the arguments name, and say what became of it; exit code 1 where something could not be read."""
    from mnist_edge.camera.archive.read_archive import read_archive
    from mnist_edge.camera.archive.stored_results import begin_results, finish_results
    from mnist_edge.camera.archive.walk import is_address, walk_all
    from mnist_edge.camera.video_files import has_readable_name

    into.refuse_usage(SUFFIXES, "results are JSON Lines or Parquet")
    places, missing = find_places(files, has_readable_name)

    def found() -> Iterator[Found]:
        return walk_all(places, files.recursive, has_readable_name)

    first = first_of(found(), files)
    stored = is_address(into.output)
    output = begin_results(into.output, into.resume, into.force) if stored else Path(into.output)
    with interrupted_cleanly():
        with progress("reading") as report:
            summary = read_archive(
                first, output, into.executor(open_reader),
                resume=into.resume, force=into.force, progress=report,
                expected=(lambda: 0) if report is no_progress else count_behind(found),
            )  # fmt: skip
        if stored:
            with progress("writing") as report:
                finish_results(into.output, report)
    note(_told(summary, into.output))
    if missing or summary.failed:
        raise typer.Exit(1)


@contextmanager
def interrupted_cleanly() -> Iterator[None]:
    """Let any signal interrupt the block as Ctrl-C does, with a shell's exit code for it."""
    with interrupted_by_signals() as received:
        try:
            yield
        except KeyboardInterrupt:
            if received and received[0] != signal.SIGINT:
                note("interrupted")
                raise typer.Exit(128 + received[0]) from None
            raise


def find_places(files: Files, counts: Counts) -> tuple[list[Path | str], bool]:
    """List the files and folders that the arguments name, addresses as text, and whether any stands for none."""
    from mnist_edge.camera.archive.storage import exists
    from mnist_edge.camera.archive.walk import is_address
    from mnist_edge.camera.image_files import find_images
    from mnist_edge.camera.images import STDIN

    if STDIN in files.arguments:
        raise UsageError("--output names each picture, and standard input has no name; give files or folders")
    places: list[Path | str] = []
    missing = False
    for argument in files.arguments:
        try:
            if is_address(argument):
                if not exists(argument):
                    raise ImageError(f"{argument}: no such file or folder")
                places.append(argument)
            elif Path(argument).is_dir():
                places.append(Path(argument))
            else:
                places += map(Path, find_images([argument], counts=counts))
        except ImageError as error:
            missing = True
            note(f"error: {error}")
    if not places:
        raise typer.Exit(1)
    return places, missing


def first_of(found: Iterator[Found], files: Files) -> Iterator[Found]:
    """Look for the first file, so that a wrong folder is told before anything begins."""
    first = next(found, None)
    if first is None:
        hint = "" if files.recursive else " (--recursive looks into the folders of folders too)"
        raise ImageError(f"{', '.join(files.arguments)}: no picture in there{hint}")
    return chain([first], found)


def count_behind(found: Callable[[], Iterator[Found]]) -> Callable[[], int]:
    """Count the files in the background; returns what tells how many there are as far as it is known."""
    counted = 0

    def count() -> None:
        nonlocal counted
        for _ in found():
            counted += 1

    Thread(target=count, daemon=True).start()
    return lambda: counted


def _told(summary: Summary, output: str) -> str:
    rate = summary.files / summary.seconds if summary.seconds else 0.0
    parts = [f"wrote {summary.rows:,} rows to {output}"]
    if summary.failed:
        parts.append(f"{summary.failed:,} with an error")
    if summary.skipped:
        parts.append(f"{summary.skipped:,} files had theirs already")
    if summary.files:
        parts.append(f"{rate:.1f} files a second")
    return "; ".join(parts)
