"""`mnist-edge read --form FILE`: photographs of a filled form into a table."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_edge.cli.console import note, print_table, progress
from mnist_edge.cli.read_archive import Into, count_behind, find_places, first_of, interrupted_cleanly
from mnist_edge.cli.read_files import Files, each, find_sources, silently
from mnist_edge.errors import UsageError
from mnist_edge.progress import no_progress
from mnist_edge.safe_text import printable, to_json

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_edge.camera.archive.walk import Found
    from mnist_edge.camera.forms import Form, FormReader, PageReading
    from mnist_edge.camera.forms.copies import BestPictures
    from mnist_edge.camera.forms.read_scans import OpenFormReader

FORMS = "Forms"
SUFFIXES = {".csv": "--csv", ".jsonl": "--json"}
FormFile = Annotated[
    Path | None,
    typer.Option(
        "--form",
        metavar="FILE",
        rich_help_panel=FORMS,
        help="Read the fields of a form that a .toml file describes; with --csv FILE.csv or --json FILE.jsonl "
        "into that file, with --output FILE.sqlite for a review.",
    ),
]
MinTrust = Annotated[
    float | None,
    typer.Option(
        "--min-trust",
        min=0,
        max=1,
        metavar="P",
        rich_help_panel=FORMS,
        help="Leave values to a person that are less probably right than this. Default: 0.95.",
    ),
]
Frames = Iterator[tuple[str, "NDArray[np.uint8] | None"]]


def read_form(
    form: Path,
    files: Files,
    how: Mapping[str, Any],
    min_trust: float | None,
    flags: Mapping[str, bool],
    into: Into | None,
    force: bool,
) -> None:
    """Read photographs of a form into a file of pages or a table; exit code 1 where one does not show the form.

    Args:
        form: The form's file.
        files: The photographs, and perhaps the file that the table goes to.
        how: Keyword arguments of `Reader`.
        min_trust: As for `FormReader`; None for the usual one.
        flags: Whether `--csv` and `--json` were given.
        into: The file of pages; None for a table.
        force: Replace the table's file.
    """
    from mnist_edge.camera.forms import MIN_TRUST
    from mnist_edge.camera.forms.read_scans import OpenFormReader
    from mnist_edge.camera.forms.scans import read_scan

    opened = OpenFormReader(form, MIN_TRUST if min_trust is None else min_trust, how, files.max_pixels)
    if into:
        _read_into_pages(files, opened, into)
        return
    images, written = _take_output(files.arguments, flags, force)
    sources, whole = find_sources(files._replace(arguments=images), pictures_only=True)
    frames = each(sources, lambda source: silently(read_scan(source, files.max_pixels)))
    whole &= _read_table(opened, frames, flags, written)
    if not whole:
        raise typer.Exit(1)


def _take_output(images: list[str], flags: Mapping[str, bool], force: bool) -> tuple[list[str], Path | None]:
    """Take the file that the table goes to from the arguments: no picture has its suffix.

    Args:
        images: The arguments.
        flags: Whether `--csv` and `--json` were given.
        force: Replace the file.

    Returns:
        The pictures, and the file; None for standard output.
    """
    from mnist_edge.atomic_files import refuse_overwrite

    files = [one for one in images if Path(one).suffix in SUFFIXES]
    pictures = [one for one in images if one not in files]
    if not files:
        return pictures, None
    if len(files) > 1 or not flags[SUFFIXES[Path(files[0]).suffix]]:
        raise UsageError(f"{', '.join(files)}: name one file, --csv FILE.csv or --json FILE.jsonl")
    if not pictures:
        raise UsageError("there are no pictures to read; name them, such as: scans")
    refuse_overwrite(Path(files[0]), force)
    return pictures, Path(files[0])


def _read_table(opened: OpenFormReader, frames: Frames, flags: Mapping[str, bool], output: Path | None) -> bool:
    """Read all photographs and write the table; returns whether each showed the form."""
    from mnist_edge.atomic_files import write_text
    from mnist_edge.camera.forms.copies import BestPictures

    reader = opened.reader()
    form = reader.form
    written = "csv" if flags["--csv"] else "json" if flags["--json"] else "people"
    lines = [_csv_row(["source", "outcome", "review", *(field.name for field in form.fields)])] * (written == "csv")
    best, missed = BestPictures(), list[str]()
    if not output:
        _print(lines)
    for page in _pages(frames, reader, best, missed):
        if written == "people":
            _show(page)
            continue
        rows = [_csv_page(page, form) if written == "csv" else to_json(page.to_json()) + "\n"]
        lines += rows
        if not output:
            _print(rows)
    if output:
        write_text(output, "".join(lines))
        note(f"wrote {output}")
    if best.copies:
        note(f"pictures of a page that another shows better: {best.copies:,}")
    return not missed


def _pages(frames: Frames, reader: FormReader, best: BestPictures, missed: list[str]) -> Iterator[PageReading]:
    """Yield each page once, as its best picture shows it; `missed` gets the pictures that cannot be read or fit not."""
    for source, photo in frames:
        if photo is None:
            missed.append(source)
            continue
        for page in reader.read_all(photo, source):
            if not page.fits:
                note(f"error: {source} does not fit the form {reader.form.name}: {page.reason}")
                missed.append(source)
            yield from best.add(page)
    yield from best.rest()


def _read_into_pages(files: Files, opened: OpenFormReader, into: Into) -> None:
    """Read all photographs into a file of pages, and say what became of them; exit code 1 where one does not fit."""
    from mnist_edge.camera.archive.walk import is_address, walk_all
    from mnist_edge.camera.forms.page_file import SUFFIX
    from mnist_edge.camera.forms.read_scans import read_scans
    from mnist_edge.camera.forms.scans import is_scan

    if is_address(into.output):
        raise UsageError(f"pages for a review go into a file on this machine, not {into.output}")
    into.refuse_usage((SUFFIX,), "pages for a review go into a file of SQLite")
    places, missing = find_places(files, is_scan)

    def found() -> Iterator[Found]:
        return walk_all(places, files.recursive, is_scan)

    with interrupted_cleanly(), progress("reading") as report:
        summary = read_scans(
            first_of(found(), files), Path(into.output), opened, into.executor(opened),
            resume=into.resume, force=into.force, progress=report,
            expected=(lambda: 0) if report is no_progress else count_behind(found),
        )  # fmt: skip
    parts = [f"wrote {summary.pages:,} pages to {into.output}", f"{summary.doubtful:,} fields to look at"]
    parts += [f"{summary.copies:,} of them again"] * bool(summary.copies)
    parts += [f"{summary.misfits:,} pages do not fit"] * bool(summary.misfits)
    parts += [f"{summary.failed:,} pictures with an error"] * bool(summary.failed)
    parts += [f"{summary.skipped:,} pictures had theirs already"] * bool(summary.skipped)
    note("; ".join(parts))
    if summary.doubtful:
        note(f"look at them with: mnist-edge form review {into.output}")
    if missing or summary.failed or summary.misfits:
        raise typer.Exit(1)


def _print(lines: list[str]) -> None:
    print("".join(lines), end="", flush=True)


def _csv_page(page: PageReading, form: Form) -> str:
    """One row: a value that a person must look at is left out, and its field is named in `review`."""
    outcome = "read" if page.fits else "does not fit"
    values = [field.value if field.settled else "" for field in page.fields] or [""] * len(form.fields)
    return _csv_row([page.source, outcome, "; ".join(page.unsettled), *values])


def _csv_row(cells: list[str]) -> str:
    row = io.StringIO()
    # Rows of free digits keep their lines; a cell of CSV may have some.
    csv.writer(row, lineterminator="\n").writerow("\n".join(map(printable, cell.split("\n"))) for cell in cells)
    return row.getvalue()


def _show(page: PageReading) -> None:
    if not page.fits:
        return
    title = f"{page.source}: {len(page.fields)} fields, {len(page.unsettled)} to look at"
    rows = [
        (one.name, " / ".join(one.value.split("\n")), f"{one.trust:.1%}", one.outcome, one.reason)
        for one in page.fields
    ]
    print_table(title, ("field", "value", "trust", "outcome", "reason"), rows)
