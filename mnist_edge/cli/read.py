"""`mnist-edge read`."""

from __future__ import annotations

import csv as csv_format
import sys
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_edge.cli.console import note, print_json, progress
from mnist_edge.cli.options import Finder, Force, Invert, Pixels, Runtime, Threads, complete_models
from mnist_edge.cli.read_archive import read_into_file
from mnist_edge.cli.read_form import FormFile, MinTrust, read_forms, read_scans_into_file, take_output
from mnist_edge.errors import ImageError, UsageError
from mnist_edge.safe_text import printable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_edge.camera.image_files import Kind
    from mnist_edge.camera.reader import Reader
    from mnist_edge.reading import Reading

# Columns of `--csv`.
COLUMNS = (
    "source", "row", "label", "confidence", "x", "y", "width", "height", "runner_up", "runner_up_probability",
)  # fmt: skip


Images = Annotated[
    list[str], typer.Argument(metavar="IMAGE", help="Picture files, folders, globs, or - for standard input.")
]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        metavar="MODEL",
        autocompletion=complete_models,
        help="A .tflite file or the name of a model that ships.",
    ),
]
MinConfidence = Annotated[
    float | None, typer.Option("--min-confidence", min=0, max=1, metavar="P", help="Refuse digits less sure than this.")
]
Recursive = Annotated[bool, typer.Option("--recursive", help="Look into the folders of folders too.")]
Annotate = Annotated[
    Path | None, typer.Option("--annotate", metavar="DIR", help="Also draw what was read: NAME.annotated.png.")
]
Explain = Annotated[
    Path | None,
    typer.Option(
        "--explain",
        metavar="DIR",
        help="Also draw all stages on one sheet, to see why a digit was missed: NAME.explained.png.",
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        "--labels",
        metavar="FILE",
        help="Also write what was read as labels.json, to correct and score with benchmark --photos.",
    ),
]
MaxMegapixels = Annotated[
    float, typer.Option("--max-megapixels", metavar="MP", min=0.001, max=1000, help="Refuse pictures with more.")
]
ARCHIVES = "Archives"
Output = Annotated[
    Path | None,
    typer.Option(
        "--output",
        metavar="FILE",
        rich_help_panel=ARCHIVES,
        help="Write a row for each picture to a .jsonl or .parquet file, with all cores, instead of printing; with "
        "--form the values of a form to a .sqlite file.",
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        metavar="N",
        min=1,
        max=1024,
        rich_help_panel=ARCHIVES,
        help="Processes that read for --output. Default: one for each core.",
    ),
]
Resume = Annotated[
    bool,
    typer.Option("--resume", rich_help_panel=ARCHIVES, help="Go on with --output: read what has no row in it yet."),
]


def command(
    images: Images,
    model: Model = "small",
    finder: Finder = None,
    pixels: Pixels = None,
    invert: Invert = False,
    min_confidence: MinConfidence = None,
    recursive: Recursive = False,
    annotate: Annotate = None,
    details: Annotated[bool, typer.Option("--details", help="Draw refused ink too, with the reason.")] = False,
    explain: Explain = None,
    labels: Labels = None,
    max_megapixels: MaxMegapixels = 200.0,
    runtime: Runtime = None,
    threads: Threads = 1,
    force: Force = False,
    output: Output = None,
    workers: Workers = None,
    resume: Resume = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one document an image.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text alone, one line a row.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one line a digit.")] = False,
    form: FormFile = None,
    min_trust: MinTrust = None,
) -> None:
    """Find and read the handwritten digits in photographs.

    A picture that cannot be read is named on stderr and the others are read all the same; the exit code is then 1.

    With --output, folders of any size are read into a file, which may be broken off and gone on with.

    Example: mnist-edge read page.jpg --annotate out
    """
    from mnist_edge.camera.archive.reading import OpenReader
    from mnist_edge.camera.forms import MIN_TRUST
    from mnist_edge.camera.forms.read_scans import OpenFormReader
    from mnist_edge.camera.forms.scans import read_scan
    from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
    from mnist_edge.pixels import parse_pixels
    from mnist_edge.shipped_models import FINDER

    show = _printer(json, text, csv)
    _refuse_usage(images, annotate, details, labels, force)
    how: dict[str, Any] = {
        "model": model,
        "finder": finder or FINDER,
        "trained_on": parse_pixels(pixels, invert),
        "runtime": runtime,
        "threads": threads,
        "min_confidence": MIN_CONFIDENCE if min_confidence is None else min_confidence,
    }
    max_pixels = round(max_megapixels * 1e6)
    if form:
        if annotate or explain or labels or text or (output and (csv or json)):
            raise UsageError("--form goes with --csv, --json or --output; leave the other ways to show a reading out")
        if output:
            open_scans = OpenFormReader(form, MIN_TRUST if min_trust is None else min_trust, how, max_pixels)
            read_scans_into_file(images, output, open_scans, workers, recursive, resume, force)
            return
        if workers or resume:
            raise UsageError("--workers and --resume are for reading into a file; name it with --output FILE.sqlite")
        flags = {"--csv": csv, "--json": json}
        images, written = take_output(images, flags, force)
        sources, failed = _sources(images, recursive)
        open_it = partial(Reader, **how)
        failed |= not read_forms(form, _frames(sources, max_pixels, read_scan), open_it, min_trust, flags, written)
        if failed:
            raise typer.Exit(1)
        return
    if min_trust is not None:
        raise UsageError("--min-trust is for the values of a form; name the form with --form FILE.toml")
    if output:
        if annotate or explain or labels or json or text or csv:
            raise UsageError("--output writes rows and nothing else; leave the other ways to show a reading out")
        read_into_file(images, output, OpenReader(how, max_pixels), workers, recursive, resume, force)
        return
    if workers or resume:
        raise UsageError("--workers and --resume are for reading into a file; name one with --output FILE.jsonl")
    sources, failed = _sources(images, recursive)
    if not sources:
        raise typer.Exit(1)
    drawn = _plan(sources, {"annotated": annotate, "explained": explain}, force)
    reader = Reader(**how)
    if csv:
        print(",".join(COLUMNS))
    failed |= not _show_all(
        _frames(sources, max_pixels, _one_picture), partial(_read, reader, details=details), drawn, show, labels
    )
    if failed:
        raise typer.Exit(1)


def _show_all(
    frames: Iterator[tuple[str, NDArray[np.uint8] | None]],
    read: Callable[[NDArray[np.uint8], str, dict[Kind, Path]], Reading],
    drawn: dict[str, dict[Kind, Path]],
    show: Callable[[Reading, dict[str, str]], None],
    labels: Path | None,
) -> bool:
    """Read, draw and print each picture; returns whether each could be read."""
    from mnist_edge.benchmarks.photo_labels import write_labels

    whole, readings = True, []
    for source, frame in frames:
        if frame is None:
            whole = False
            continue
        reading = read(frame, source, drawn[source])
        show(reading, {kind: str(path) for kind, path in drawn[source].items()})
        if labels:
            readings.append((source, reading))
    if labels and readings:
        write_labels(labels, readings)
        note(f"wrote {labels}")
    return whole


def _refuse_usage(images: list[str], annotate: Path | None, details: bool, labels: Path | None, force: bool) -> None:
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.camera.images import STDIN

    if details and not annotate:
        raise UsageError("--details draws refused ink too; name a folder for the pictures with --annotate DIR")
    if labels and STDIN in images:
        raise UsageError("--labels names picture files, and standard input has no name; give files or folders")
    if labels:
        refuse_overwrite(labels, force)


def _plan(sources: list[str], folders: dict[Kind, Path | None], force: bool) -> dict[str, dict[Kind, Path]]:
    """Choose the file of each drawing of each picture."""
    from mnist_edge.camera.image_files import plan_drawn

    planned = {kind: plan_drawn(sources, folder, kind, force) for kind, folder in folders.items() if folder}
    return {source: {kind: planned[kind][number] for kind in planned} for number, source in enumerate(sources)}


def _read(reader: Reader, frame: NDArray[np.uint8], source: str, drawn: dict[Kind, Path], details: bool) -> Reading:
    """Read one picture and write its drawings."""
    from mnist_edge.camera.image_files import write_drawn
    from mnist_edge.camera.overlay import annotate
    from mnist_edge.camera.reader.explain import explain

    if "explained" in drawn:
        reading, sheet = explain(reader, frame, source)
        write_drawn(drawn["explained"], sheet, source, "explained")
    else:
        reading = reader.read(frame, source)
    if "annotated" in drawn:
        write_drawn(drawn["annotated"], annotate(frame, reading, details=details), source, "annotated")
    return reading


def _sources(arguments: list[str], recursive: bool) -> tuple[list[str], bool]:
    """List the pictures, and whether any argument stood for none."""
    from mnist_edge.camera.image_files import find_images

    found: list[str] = []
    failed = False
    for argument in arguments:
        try:
            found += find_images([argument], recursive)
        except ImageError as error:
            failed = True
            note(f"error: {error}")
    return found, failed


def _frames(
    sources: list[str], max_pixels: int, read: Callable[[str, int], Iterable[tuple[str, NDArray[np.uint8]]]]
) -> Iterator[tuple[str, NDArray[np.uint8] | None]]:
    """Yield the pixels of each picture, None with a note where it cannot be read; shows the progress."""
    from mnist_edge import native_stderr

    with progress("reading") as report:
        for number, source in enumerate(sources):
            report(number, len(sources), Path(source).name)
            frames = iter(read(source, max_pixels))
            while True:
                try:
                    # Some decoders write warnings below Python, such as libpng of a colour profile.
                    with native_stderr.silenced():
                        name, frame = next(frames, ("", None))
                except ImageError as error:
                    note(f"error: {error}")
                    yield source, None
                    break
                if frame is None:
                    break
                yield name, frame


def _one_picture(source: str, max_pixels: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    from mnist_edge.camera.images import read_image

    yield source, read_image(source, max_pixels)


def _printer(json: bool, text: bool, csv: bool) -> Callable[[Reading, dict[str, str]], None]:
    """Choose what prints a reading and the paths of its drawings."""
    from mnist_edge.reading import LIMITED

    if json + text + csv > 1:
        raise UsageError("--json, --text and --csv exclude each other; choose one")
    show = _print_text if text else _print_csv if csv else _print_sentence

    def print_reading(reading: Reading, drawings: dict[str, str]) -> None:
        if json:
            print_json(reading.to_json() | drawings)
        else:
            show(reading)
            sys.stdout.flush()
            for path in drawings.values():
                note(f"wrote {path}")
        if reading.limited:
            note(f"note: {reading.source} holds {LIMITED}")

    return print_reading


def _print_text(reading: Reading) -> None:
    for row in reading.text:
        print(row)


def _print_csv(reading: Reading) -> None:
    rows = csv_format.writer(sys.stdout, lineterminator="\n")
    for digit in reading.digits:
        other = (digit.runner_up.label, f"{digit.runner_up.probability:.4f}") if digit.runner_up else ("", "")
        rows.writerow(
            (printable(reading.source), digit.row, digit.label, f"{digit.confidence:.4f}", *digit.box, *other)
        )


def _print_sentence(reading: Reading) -> None:
    source, count = printable(reading.source), len(reading.digits)
    print(f"{source}: {count} digit{'' if count == 1 else 's'}, {reading.milliseconds['total']:.0f} ms")
    for row in reading.text:
        print(f"  {row}")
