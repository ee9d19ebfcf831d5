"""`mnist-edge read`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_edge.cli.options import Force, MinConfidence, Model, Runtime, Threads

if TYPE_CHECKING:
    from mnist_edge.reading import Reading


def command(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE...", help="Picture files, folders, globs, or - for standard input.")
    ],
    model: Model = "small",
    min_confidence: MinConfidence = None,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="DIR", help="Also draw what was read, a PNG each.", show_default=False),
    ] = None,
    runtime: Runtime = None,
    threads: Threads = 1,
    force: Force = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON Lines, one document an image.")] = False,
) -> None:
    """Find and read the handwritten digits in photographs.

    A picture that cannot be read is named on stderr and the others are read all the same; the exit code is then 1.

    Example: mnist-edge read page.jpg --annotate out
    """
    from mnist_edge.camera.images import find_images, read_image
    from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
    from mnist_edge.cli.console import note, print_json, progress
    from mnist_edge.errors import ImageError

    sources = list(find_images(images))
    least = MIN_CONFIDENCE if min_confidence is None else min_confidence
    reader = Reader(model, runtime=runtime, threads=threads, min_confidence=least)
    failed = False
    with progress("reading") as report:
        for number, source in enumerate(sources):
            report(number, len(sources), Path(source).name)
            try:
                frame = read_image(source)
            except ImageError as error:
                failed = True
                note(f"error: {error}")
                continue
            reading = reader.read(frame, source)
            if annotate:
                _write_annotated(frame, reading, annotate, force)
            if json:
                print_json(reading.to_json())
            else:
                print(_sentence(reading), flush=True)
    if failed:
        raise typer.Exit(1)


def _sentence(reading: Reading) -> str:
    head = f"{reading.source}: {len(reading.digits)} digits, {reading.milliseconds['total']:.0f} ms"
    return "\n".join([head, *(f"  {row}" for row in reading.text)])


def _write_annotated(frame: Any, reading: Reading, folder: Path, force: bool) -> None:
    from mnist_edge.camera.images import write_image
    from mnist_edge.camera.overlay import annotate
    from mnist_edge.files import refuse_overwrite

    # The whole name: page.jpg and page.png of one folder are two pictures.
    name = "stdin" if reading.source == "-" else Path(reading.source).name
    path = folder / f"{name}.png"
    refuse_overwrite(path, force)
    write_image(path, annotate(frame, reading))
