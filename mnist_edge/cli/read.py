"""`mnist-edge read`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.options import Force, MinConfidence, Model, Runtime, Threads

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_edge.reading import Reading

# Columns of `--csv`.
COLUMNS = (
    "source", "row", "label", "confidence", "x", "y", "width", "height", "runner_up", "runner_up_probability",
)  # fmt: skip


def command(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="Picture files, folders, globs, or - for standard input.")
    ],
    model: Model = "small",
    min_confidence: MinConfidence = None,
    recursive: Annotated[bool, typer.Option("--recursive", help="Look into the folders of folders too.")] = False,
    annotate: Annotated[
        Path | None,
        typer.Option(
            "--annotate", metavar="DIR", help="Also draw what was read: NAME.annotated.png.", show_default=False
        ),
    ] = None,
    details: Annotated[bool, typer.Option("--details", help="Draw refused ink too, with the reason.")] = False,
    explain: Annotated[
        Path | None,
        typer.Option(
            "--explain",
            metavar="DIR",
            help="Also draw all stages on one sheet, to see why a digit was missed: NAME.explained.png.",
            show_default=False,
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            metavar="FILE",
            help="Also write what was read as labels.json, to correct and score with benchmark --photos.",
            show_default=False,
        ),
    ] = None,
    max_megapixels: Annotated[
        float,
        typer.Option("--max-megapixels", metavar="MP", min=0.001, max=1000, help="Refuse pictures with more."),
    ] = 200.0,
    runtime: Runtime = None,
    threads: Threads = 1,
    force: Force = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one document an image.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Print the text alone, one line a row.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV, one line a digit.")] = False,
) -> None:
    """Find and read the handwritten digits in photographs.

    A picture that cannot be read is named on stderr and the others are read all the same; the exit code is then 1.

    Example: mnist-edge read page.jpg --annotate out
    """
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.benchmarks.photo_labels import write_labels
    from mnist_edge.camera.image_files import plan_drawn, write_drawn
    from mnist_edge.camera.overlay import annotate as draw
    from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
    from mnist_edge.camera.reader.explain import explain as explain_reading
    from mnist_edge.cli.console import note
    from mnist_edge.reading import LIMITED

    show = _format(json, text, csv)
    _refuse_usage(images, annotate, details, labels)
    sources, failed = _sources(images, recursive)
    if not sources:
        raise typer.Exit(1)
    annotated = plan_drawn(sources, annotate, "annotated", force) if annotate else []
    explained = plan_drawn(sources, explain, "explained", force) if explain else []
    if labels:
        refuse_overwrite(labels, force)
    least = MIN_CONFIDENCE if min_confidence is None else min_confidence
    reader = Reader(model, runtime=runtime, threads=threads, min_confidence=least)
    readings = []
    if csv:
        print(",".join(COLUMNS))
    for number, (source, frame) in enumerate(_frames(sources, round(max_megapixels * 1e6))):
        if frame is None:
            failed = True
            continue
        if explained:
            reading, sheet = explain_reading(reader, frame, source)
        else:
            reading = reader.read(frame, source)
        if labels:
            readings.append((source, reading))
        written = {}
        if annotated:
            write_drawn(annotated[number], draw(frame, reading, details=details), source, "annotated")
            written["annotated"] = str(annotated[number])
        if explained:
            write_drawn(explained[number], sheet, source, "explained")
            written["explained"] = str(explained[number])
        show(reading, written)
        if reading.limited:
            note(f"note: {source} holds {LIMITED}")
    if labels and readings:
        write_labels(labels, readings)
        note(f"wrote {labels}")
    if failed:
        raise typer.Exit(1)


def _refuse_usage(images: list[str], annotate: Path | None, details: bool, labels: Path | None) -> None:
    from mnist_edge.camera.images import STDIN
    from mnist_edge.errors import UsageError

    if details and not annotate:
        raise UsageError("--details draws refused ink too; name a folder for the pictures with --annotate DIR")
    if labels and STDIN in images:
        raise UsageError("--labels names picture files, and standard input has no name; give files or folders")


def _sources(arguments: list[str], recursive: bool) -> tuple[list[str], bool]:
    """The pictures that are there, and whether any argument stood for none."""
    from mnist_edge.camera.image_files import find_images
    from mnist_edge.cli.console import note
    from mnist_edge.errors import ImageError

    found: list[str] = []
    failed = False
    for argument in arguments:
        try:
            found += find_images([argument], recursive)
        except ImageError as error:
            failed = True
            note(f"error: {error}")
    return found, failed


def _frames(sources: list[str], max_pixels: int) -> Iterator[tuple[str, NDArray[np.uint8] | None]]:
    """The pixels of each picture, None where it cannot be read, with a note; shows how far it is."""
    from mnist_edge import native_stderr
    from mnist_edge.camera.images import read_image
    from mnist_edge.cli.console import note, progress
    from mnist_edge.errors import ImageError

    with progress("reading") as report:
        for number, source in enumerate(sources):
            report(number, len(sources), Path(source).name)
            try:
                # Some decoders write warnings below Python, such as libpng of a colour profile.
                with native_stderr.silenced():
                    frame = read_image(source, max_pixels)
            except ImageError as error:
                note(f"error: {error}")
                yield source, None
            else:
                yield source, frame


# Prints one reading, and the paths of what was drawn of it.
Show = Callable[["Reading", dict[str, str]], None]


def _format(json: bool, text: bool, csv: bool) -> Show:
    from mnist_edge.errors import UsageError

    if json + text + csv > 1:
        raise UsageError("--json, --text and --csv exclude each other; choose one")
    return _print_json if json else _print_text if text else _print_csv if csv else _print_sentence


def _print_json(reading: Reading, written: dict[str, str]) -> None:
    from mnist_edge.cli.console import print_json

    print_json(reading.to_json() | written)


def _print_text(reading: Reading, written: dict[str, str]) -> None:
    for row in reading.text:
        print(row, flush=True)
    _note(written)


def _note(written: dict[str, str]) -> None:
    from mnist_edge.cli.console import note

    for path in written.values():
        note(f"wrote {path}")


def _print_csv(reading: Reading, written: dict[str, str]) -> None:
    import csv
    import sys

    from mnist_edge.safe_text import printable

    rows = csv.writer(sys.stdout, lineterminator="\n")
    for digit in reading.digits:
        other = (digit.runner_up.label, f"{digit.runner_up.probability:.4f}") if digit.runner_up else ("", "")
        rows.writerow(
            (printable(reading.source), digit.row, digit.label, f"{digit.confidence:.4f}", *digit.box, *other)
        )
    sys.stdout.flush()
    _note(written)


def _print_sentence(reading: Reading, written: dict[str, str]) -> None:
    from mnist_edge.safe_text import printable

    source, count = printable(reading.source), len(reading.digits)
    head = f"{source}: {count} digit{'' if count == 1 else 's'}, {reading.milliseconds['total']:.0f} ms"
    print("\n".join([head, *(f"  {row}" for row in reading.text)]), flush=True)
    _note(written)
