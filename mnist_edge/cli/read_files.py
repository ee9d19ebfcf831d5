"""`mnist-edge read FILE...`: pictures and videos, one after another, each printed as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import typer

from mnist_edge.cli.console import note, progress
from mnist_edge.cli.read_printed import choose_printer, name_of
from mnist_edge.errors import ImageError, SourceError, UsageError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mnist_edge.camera.image_files import Kind
    from mnist_edge.camera.reader import Reader
    from mnist_edge.reading import Reading

Thing = TypeVar("Thing")


class Files(NamedTuple):
    """What is to be read.

    Attributes:
        arguments: As the command line names the files.
        recursive: Whether the folders of folders are looked into.
        max_pixels: As for `read_image`.
        every_s: As for `read_video`.
    """

    arguments: list[str]
    recursive: bool
    max_pixels: int
    every_s: float


class Drawings(NamedTuple):
    """What is written beside what is printed.

    Attributes:
        annotate: Folder of the annotated pictures; None for none.
        explain: Folder of the pictures that show all stages.
        labels: File of what was read, to be corrected.
        details: Whether refused ink is drawn too.
        force: Replace what is there.
    """

    annotate: Path | None = None
    explain: Path | None = None
    labels: Path | None = None
    details: bool = False
    force: bool = False

    @property
    def wanted(self) -> bool:
        """Whether anything is."""
        return bool(self.annotate or self.explain or self.labels)


def print_readings(files: Files, how: Mapping[str, Any], shown: Mapping[str, bool], drawings: Drawings) -> None:
    """Read and print each picture and video; exit code 1 where one could not be read to its end.

    Args:
        files: Where they are.
        how: Keyword arguments of `Reader`.
        shown: Whether `--json`, `--text` and `--csv` were given.
        drawings: What to draw and write.
    """
    from mnist_edge.camera.reader import Reader
    from mnist_edge.camera.video_files import has_video_name
    from mnist_edge.classes import names_of
    from mnist_edge.classes import shown as classes_shown

    sources, whole = find_sources(files, drawings.wanted)
    if not sources:
        raise typer.Exit(1)
    videos = [source for source in sources if has_video_name(source)]
    if videos and drawings.wanted:
        raise UsageError(
            f"{videos[0]} is a video, and --annotate, --explain and --labels are for pictures; "
            f"draw it with: mnist-edge camera --source VIDEO --record FILE.mp4"
        )
    drawn = _plan(sources, drawings)
    reader = Reader(**how)
    named = names_of(reader.classes) is not None
    if drawings.labels and named:
        raise UsageError(f"--labels is for the ten digits, and {reader.model} tells {classes_shown(reader.classes)}")
    show = choose_printer(shown, named, bool(videos))

    def read(source: str) -> Iterator[tuple[str, Reading]]:
        return _readings(reader, source, files, drawn[source], drawings.details)

    readings = []
    for source, reading in each(sources, read):
        if reading is None:
            whole = False
            continue
        show(reading, {kind: str(path) for kind, path in drawn[reading.source].items()})
        if drawings.labels:
            readings.append((source, reading))
    if drawings.labels and readings:
        from mnist_edge.benchmarks.photo_labels import write_labels

        write_labels(drawings.labels, readings)
        note(f"wrote {drawings.labels}")
    if not whole:
        raise typer.Exit(1)


def find_sources(files: Files, pictures_only: bool) -> tuple[list[str], bool]:
    """List the files, and whether each argument stands for some; what does not is noted."""
    from mnist_edge.camera.archive.walk import is_address
    from mnist_edge.camera.image_files import find_images, has_picture_name
    from mnist_edge.camera.video_files import has_readable_name

    found: list[str] = []
    whole, counts = True, has_picture_name if pictures_only else has_readable_name
    for argument in files.arguments:
        try:
            if is_address(argument):
                found += _behind(argument, files.recursive, counts)
            else:
                found += find_images([argument], files.recursive, counts)
        except ImageError as error:
            whole = False
            note(f"error: {error}")
    return found, whole


def _behind(address: str, recursive: bool, counts: Callable[[str], bool]) -> list[str]:
    """List the files behind an address; raises `ImageError` where there is none, or a folder cannot be listed."""
    from mnist_edge.camera.archive.storage import exists, walk_address

    found = [*walk_address(address, recursive, counts)] if exists(address) else []
    if failed := next((one.error for one in found if one.error), None):
        raise ImageError(failed)
    if not found:
        raise ImageError(f"{address}: there is no picture or video; give files, folders or globs")
    return [one.source for one in found]


def each(sources: list[str], read: Callable[[str], Iterable[tuple[str, Thing]]]) -> Iterator[tuple[str, Thing | None]]:
    """Yield what each file gives, with its name; None with a note where it cannot be read. Shows the progress."""
    with progress("reading") as report:
        for number, source in enumerate(sources):
            report(number, len(sources), Path(source).name)
            try:
                for name, thing in read(source):
                    report(number, len(sources), Path(name).name)
                    yield name, thing
            except (ImageError, SourceError) as error:
                note(f"error: {error}")
                yield source, None


def silently(things: Iterable[Thing]) -> Iterator[Thing]:
    """Yield what decoders give, without the warnings that some write below Python, such as libpng of a profile."""
    from mnist_edge import native_stderr

    iterator = iter(things)
    while True:
        with native_stderr.silenced():
            try:
                thing = next(iterator)
            except StopIteration:
                return
        yield thing


def _readings(
    reader: Reader, source: str, files: Files, drawn: dict[Kind, Path], details: bool
) -> Iterator[tuple[str, Reading]]:
    """Read one picture, and write its drawings, or one video."""
    from mnist_edge import native_stderr
    from mnist_edge.camera.archive.storage import read_any_video, read_picture
    from mnist_edge.camera.video_files import has_video_name

    if has_video_name(source):
        for reading in filter(None, read_any_video(reader, source, files.every_s, files.max_pixels)):
            yield name_of(reading), reading
        return
    with native_stderr.silenced():
        frame = read_picture(source, files.max_pixels)
    yield source, _read_picture(reader, frame, source, drawn, details)


def _read_picture(
    reader: Reader, frame: NDArray[np.uint8], source: str, drawn: dict[Kind, Path], details: bool
) -> Reading:
    from mnist_edge.camera.image_files import write_drawn

    # What draws is not imported for a reading alone.
    if "explained" in drawn:
        from mnist_edge.camera.reader.explain import explain

        reading, sheet = explain(reader, frame, source)
        write_drawn(drawn["explained"], sheet, source, "explained")
    else:
        reading = reader.read(frame, source)
    if "annotated" in drawn:
        from mnist_edge.camera.overlay import annotate

        write_drawn(drawn["annotated"], annotate(frame, reading, details=details), source, "annotated")
    return reading


def _plan(sources: list[str], drawings: Drawings) -> dict[str, dict[Kind, Path]]:
    """Choose the file of each drawing of each picture."""
    from mnist_edge.camera.image_files import plan_drawn

    folders: dict[Kind, Path | None] = {"annotated": drawings.annotate, "explained": drawings.explain}
    planned = {kind: plan_drawn(sources, folder, kind, drawings.force) for kind, folder in folders.items() if folder}
    return {source: {kind: planned[kind][number] for kind in planned} for number, source in enumerate(sources)}
