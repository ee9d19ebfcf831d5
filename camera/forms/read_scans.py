"""Read filled forms, many at a time, into a file of pages, which a later run can go on with."""

import json
import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.camera.archive.executor import Executor, read_new
from mnist_edge.camera.archive.row import Read
from mnist_edge.camera.archive.walk import Found
from mnist_edge.camera.forms.form import load_form
from mnist_edge.camera.forms.page_document import page_document
from mnist_edge.camera.forms.page_file import PageFile, create_pages
from mnist_edge.camera.forms.read_page import FormReader
from mnist_edge.camera.forms.scans import read_scan
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import MnistEdgeError
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress, no_progress

LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenFormReader:
    """Opens a reader of a form; called in each process.

    Attributes:
        form: The form's file.
        min_trust: As for `FormReader`.
        how: Keyword arguments of `Reader`, with the model.
        max_pixels: As for `read_image`.
    """

    form: Path
    min_trust: float
    how: Mapping[str, Any]
    max_pixels: int

    def reader(self) -> FormReader:
        """Load the form and the model."""
        return FormReader(load_form(self.form), Reader(**self.how), self.min_trust)

    def __call__(self) -> tuple[str, Read]:
        """Load the form and the model; returns the model's name, and what reads one picture."""
        # Each core has a process already.
        cv2.setNumThreads(1)
        reader = self.reader()

        def read(source: str) -> list[dict[str, Any]]:
            pages: list[dict[str, Any]] = []
            with native_stderr.silenced():
                for name, photo in read_scan(source, self.max_pixels):
                    pages += map(page_document, reader.read_all(photo, name))
            return [{"source": source, "pages": pages}]

        return reader.model, read


@dataclass(slots=True)
class ScansSummary:
    """What one run did.

    Attributes:
        pages: How many it read.
        copies: How many of them show a page that another picture shows better.
        misfits: How many of them do not show the form.
        failed: Pictures that cannot be read.
        skipped: Pictures that an earlier run has read.
        doubtful: Fields at which a person must look.
    """

    pages: int = 0
    copies: int = 0
    misfits: int = 0
    failed: int = 0
    skipped: int = 0
    doubtful: int = 0

    def skip(self) -> None:
        """Count a picture that an earlier run has read."""
        self.skipped += 1


def read_scans(
    found: Iterable[Found],
    output: Path,
    open_reader: OpenFormReader,
    executor: AbstractContextManager[Executor],
    *,
    resume: bool = False,
    force: bool = False,
    progress: Progress = no_progress,
    expected: Callable[[], int] = lambda: 0,
) -> ScansSummary:
    """Read pictures of a form into a file of pages.

    What was read of a picture is added at once and whole, so that whatever ends the run leaves a file that `resume`
    goes on with.

    Args:
        found: The pictures, each once, taken as they are needed.
        output: The file.
        open_reader: Has the form; it is what the executor reads with.
        executor: What reads, as for `read_archive`.
        resume: Go on with the file, if it is there.
        force: Replace the file.
        progress: Called after each picture.
        expected: How many pictures there are in all, as far as that is known by now.

    Raises:
        UsageError: The form's file is wrong, or the file to go on with is of another form.
        OutputError: The file exists already, or cannot be written.
        MnistEdgeError: As for `read_archive`.
    """
    form, summary = load_form(open_reader.form), ScansSummary()
    with (
        executor as reading,
        create_pages(output, form, reading.model, open_reader.min_trust, resume=resume, force=force) as file,
    ):
        done = 0
        try:
            for row in read_new(reading, found, file.has, summary.skip):
                _add(json.loads(row.lines), file, summary)
                done += 1
                left = max(done, expected() - summary.skipped)
                progress(done, left, f"{done:,} of {left:,}")
        except (KeyboardInterrupt, MnistEdgeError):
            LOG.info("what was read until now is in %s; the same command with --resume reads the rest", output)
            raise
    return summary


def _add(picture: dict[str, Any], file: PageFile, summary: ScansSummary) -> None:
    summary.copies += file.add(picture)
    summary.failed += "error" in picture
    for page in picture.get("pages", ()):
        summary.pages += 1
        summary.misfits += not page["fits"]
        summary.doubtful += sum(not one["settled"] for one in page["fields"].values())
