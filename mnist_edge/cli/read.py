"""`mnist-edge read`: what its options ask for, and which way it goes."""

from __future__ import annotations

import math
from collections.abc import Mapping

from mnist_edge.cli.options import Finder, Force, Invert, Pixels, Runtime, Threads
from mnist_edge.cli.read_archive import Into, read_into_file
from mnist_edge.cli.read_files import Drawings, Files, print_readings
from mnist_edge.cli.read_form import FormFile, MinTrust, read_form
from mnist_edge.cli.read_options import (
    Annotate,
    Csv,
    Details,
    Every,
    Explain,
    Images,
    Json,
    Labels,
    MaxMegapixels,
    MinConfidence,
    Model,
    Output,
    Recursive,
    Resume,
    Scheduler,
    Text,
    Workers,
)
from mnist_edge.errors import UsageError


def command(
    images: Images,
    model: Model = "small",
    finder: Finder = None,
    pixels: Pixels = None,
    invert: Invert = False,
    min_confidence: MinConfidence = None,
    recursive: Recursive = False,
    every: Every = None,
    annotate: Annotate = None,
    details: Details = False,
    explain: Explain = None,
    labels: Labels = None,
    max_megapixels: MaxMegapixels = 200.0,
    runtime: Runtime = None,
    threads: Threads = 1,
    force: Force = False,
    output: Output = None,
    workers: Workers = None,
    scheduler: Scheduler = None,
    resume: Resume = False,
    json: Json = False,
    text: Text = False,
    csv: Csv = False,
    form: FormFile = None,
    min_trust: MinTrust = None,
) -> None:
    """Find and read the handwritten digits in photographs and videos.

    A picture that cannot be read is named on stderr and the others are read all the same; the exit code is then 1.

    With --output, folders of any size are read into a file, which may be broken off and gone on with.

    Example: mnist-edge read page.jpg --annotate out
    """
    from mnist_edge.camera.reader import MIN_CONFIDENCE
    from mnist_edge.camera.video_files import EVERY_SECONDS
    from mnist_edge.pixels import parse_pixels
    from mnist_edge.shipped_models import FINDER

    files = Files(images, recursive, round(max_megapixels * 1e6), EVERY_SECONDS if every is None else every)
    shown = {"--json": json, "--text": text, "--csv": csv}
    drawings = Drawings(annotate, explain, labels, details, force)
    into = Into(output, workers, scheduler, resume, force) if output else None
    _refuse_usage(files, shown, drawings)
    how = {
        "model": model,
        "finder": finder or FINDER,
        "trained_on": parse_pixels(pixels, invert),
        "runtime": runtime,
        "threads": threads,
        "min_confidence": MIN_CONFIDENCE if min_confidence is None else min_confidence,
    }
    if form:
        _refuse_with_form(files, shown, drawings, into, every)
    elif min_trust is not None:
        raise UsageError("--min-trust is for the values of a form; name the form with --form FILE.toml")
    if into is None and (workers or scheduler or resume):
        file = "FILE.sqlite" if form else "FILE.jsonl"
        raise UsageError(
            f"--workers, --scheduler and --resume are for reading into a file; name one with --output {file}"
        )
    if form:
        read_form(form, files, how, min_trust, shown, into, force)
    elif into:
        if drawings.wanted or any(shown.values()):
            raise UsageError("--output writes rows and nothing else; leave the other ways to show a reading out")
        # It imports much that nothing else here needs.
        from mnist_edge.camera.archive.reading import OpenReader

        read_into_file(files, OpenReader(how, files.max_pixels, files.every_s), into)
    else:
        print_readings(files, how, shown, drawings)


def _refuse_usage(files: Files, shown: Mapping[str, bool], drawings: Drawings) -> None:
    from mnist_edge.atomic_files import refuse_overwrite
    from mnist_edge.camera.images import STDIN

    if sum(shown.values()) > 1:
        raise UsageError("--json, --text and --csv exclude each other; choose one")
    if not 0 < files.every_s < math.inf:
        raise UsageError(f"--every takes seconds above 0, such as 0.5, not {files.every_s:g}")
    if drawings.details and not drawings.annotate:
        raise UsageError("--details draws refused ink too; name a folder for the pictures with --annotate DIR")
    if drawings.labels and STDIN in files.arguments:
        raise UsageError("--labels names picture files, and standard input has no name; give files or folders")
    if drawings.labels:
        refuse_overwrite(drawings.labels, drawings.force)


def _refuse_with_form(
    files: Files, shown: Mapping[str, bool], drawings: Drawings, into: Into | None, every: float | None
) -> None:
    if any("://" in argument for argument in files.arguments):
        raise UsageError("--form reads files of this machine, and no addresses; fetch them first")
    if every is not None:
        raise UsageError("--every is for videos, and a form is read from pictures; leave it out")
    if drawings.wanted or shown["--text"] or (into and (shown["--csv"] or shown["--json"])):
        raise UsageError("--form goes with --csv, --json or --output; leave the other ways to show a reading out")
