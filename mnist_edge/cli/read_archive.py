"""`mnist-edge read --output FILE`: many pictures into a file of results."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

import typer

from mnist_edge.cli.console import note, progress
from mnist_edge.cli.signals import interrupted_by_signals
from mnist_edge.errors import ImageError, UsageError
from mnist_edge.progress import no_progress

if TYPE_CHECKING:
    from mnist_edge.camera.archive import Summary
    from mnist_edge.camera.archive.walk import Found
    from mnist_edge.camera.archive.workers import Open

SUFFIXES = (".jsonl", ".parquet")


def read_into_file(
    images: list[str],
    output: Path,
    open_reader: Open,
    workers: int | None,
    recursive: bool,
    resume: bool,
    force: bool,
) -> None:
    """Read all pictures that the arguments name, and say what became of them; exit code 1 where one could not be."""
    from mnist_edge.camera.archive import read_archive
    from mnist_edge.camera.archive.walk import walk_all
    from mnist_edge.machine import usable_cores

    if output.suffix not in SUFFIXES:
        raise UsageError(f"results are JSON Lines or Parquet; let {output} end in {' or '.join(SUFFIXES)}")
    refuse_both(resume, force)
    places, missing = find_places(images)

    def found() -> Iterator[Found]:
        return walk_all(places, recursive)

    with interrupted_cleanly(), progress("reading") as report:
        summary = read_archive(
            first_of(found(), images, recursive), output, open_reader, workers or usable_cores(),
            resume=resume, force=force, progress=report,
            expected=(lambda: 0) if report is no_progress else count_behind(found),
        )  # fmt: skip
    note(_told(summary, output))
    if missing or summary.failed:
        raise typer.Exit(1)


def refuse_both(resume: bool, force: bool) -> None:
    """Refuse to go on with a file and to replace it."""
    if resume and force:
        raise UsageError("--resume goes on with a file and --force replaces it; choose one")


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


def find_places(images: list[str]) -> tuple[list[Path], bool]:
    """List the files and folders that the arguments name, and whether any argument stands for none."""
    from mnist_edge.camera.image_files import find_images
    from mnist_edge.camera.images import STDIN

    if STDIN in images:
        raise UsageError("--output names each picture, and standard input has no name; give files or folders")
    places: list[Path] = []
    missing = False
    for argument in images:
        try:
            places += [Path(argument)] if Path(argument).is_dir() else map(Path, find_images([argument]))
        except ImageError as error:
            missing = True
            note(f"error: {error}")
    if not places:
        raise typer.Exit(1)
    return places, missing


def first_of(found: Iterator[Found], images: list[str], recursive: bool) -> Iterator[Found]:
    """Look for the first picture, so that a wrong folder is told before anything begins."""
    first = next(found, None)
    if first is None:
        hint = "" if recursive else " (--recursive looks into the folders of folders too)"
        raise ImageError(f"{', '.join(images)}: no picture in there{hint}")
    return chain([first], found)


def count_behind(found: Callable[[], Iterator[Found]]) -> Callable[[], int]:
    """Count the pictures in the background; returns what tells how many there are as far as it is known."""
    counted = 0

    def count() -> None:
        nonlocal counted
        for _ in found():
            counted += 1

    Thread(target=count, daemon=True).start()
    return lambda: counted


def _told(summary: Summary, output: Path) -> str:
    rate = summary.rows / summary.seconds if summary.seconds else 0.0
    parts = [f"wrote {summary.rows:,} rows to {output}"]
    if summary.failed:
        parts.append(f"{summary.failed:,} with an error")
    if summary.skipped:
        parts.append(f"{summary.skipped:,} pictures had theirs already")
    if summary.rows:
        parts.append(f"{rate:.1f} pictures a second")
    return "; ".join(parts)
