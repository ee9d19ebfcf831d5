"""`mnist-edge read`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mnist_edge.cli.options import Force, MinConfidence, Model, Runtime, Threads

if TYPE_CHECKING:
    from mnist_edge.reading import Reading


def command(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", help="Picture files, folders, globs, or - for standard input.")
    ],
    model: Model = "small",
    min_confidence: MinConfidence = None,
    annotate: Annotated[
        Path | None,
        typer.Option("--annotate", metavar="DIR", help="Also draw what was read, a PNG each.", show_default=False),
    ] = None,
    explain: Annotated[
        Path | None,
        typer.Option(
            "--explain", metavar="DIR", help="Also draw the stages, to see why a digit was missed.", show_default=False
        ),
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
    from mnist_edge.camera.images import read_image, write_image
    from mnist_edge.camera.overlay import annotate as draw
    from mnist_edge.camera.reader import MIN_CONFIDENCE, Reader
    from mnist_edge.camera.reader.explain import STAGES
    from mnist_edge.camera.reader.explain import explain as explain_stages
    from mnist_edge.cli.console import note, print_json, progress
    from mnist_edge.errors import ImageError
    from mnist_edge.reading import LIMITED

    sources, failed = _sources(images)
    if not sources:
        raise typer.Exit(1)
    targets = [path for (path,) in _targets(sources, annotate, [""], force)] if annotate else []
    stages = _targets(sources, explain, [f".{stage}" for stage in STAGES], force) if explain else []
    least = MIN_CONFIDENCE if min_confidence is None else min_confidence
    reader = Reader(model, runtime=runtime, threads=threads, min_confidence=least)
    with progress("reading") as report:
        for number, source in enumerate(sources):
            report(number, len(sources), Path(source).name)
            try:
                frame = read_image(source)
            except ImageError as error:
                failed = True
                note(f"error: {error}")
                continue
            reading = reader.read(frame, _printable(source))
            if json:
                print_json(reading.to_json())
            else:
                print(_sentence(reading), flush=True)
            if reading.limited:
                note(f"note: {_printable(source)} holds {LIMITED}")
            if targets:
                write_image(targets[number], draw(frame, reading))
            if stages:
                for path, picture in zip(stages[number], explain_stages(reader, frame).values(), strict=True):
                    write_image(path, picture)
    if failed:
        raise typer.Exit(1)


def _sources(arguments: list[str]) -> tuple[list[str], bool]:
    """The pictures that are there, and whether any argument stood for none."""
    from mnist_edge.camera.images import find_images
    from mnist_edge.cli.console import note
    from mnist_edge.errors import ImageError

    found: list[str] = []
    failed = False
    for argument in arguments:
        try:
            found += find_images([argument])
        except ImageError as error:
            failed = True
            note(f"error: {error}")
    return found, failed


def _targets(sources: list[str], folder: Path, endings: list[str], force: bool) -> list[list[Path]]:
    """Where what is drawn of each picture goes; refused before anything is read, so that no reading is lost."""
    from mnist_edge.errors import OutputError
    from mnist_edge.files import refuse_overwrite

    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is no folder; name one to draw the pictures into")
    names: list[str] = []
    targets: list[list[Path]] = []
    for source in sources:
        # The whole name: page.jpg and page.png of one folder are two pictures.
        given = name = "stdin" if source == "-" else Path(source).name
        number = 1
        while name in names:
            number += 1
            name = f"{given}-{number}"
        names.append(name)
        targets.append([folder / f"{name}{ending}.png" for ending in endings])
        for path in targets[-1]:
            refuse_overwrite(path, force)
    return targets


def _printable(source: str) -> str:
    import os

    # A file's name need not be valid UTF-8; what is printed must be.
    return os.fsencode(source).decode("utf-8", "replace")


def _sentence(reading: Reading) -> str:
    count = len(reading.digits)
    head = f"{reading.source}: {count} digit{'' if count == 1 else 's'}, {reading.milliseconds['total']:.0f} ms"
    return "\n".join([head, *(f"  {row}" for row in reading.text)])
