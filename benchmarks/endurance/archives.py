"""How many times as many pictures of an archive two processes read as one.

Run as `make archives`. The bound: two processes on two cores read at least 1.8 times as many pictures in a second as
one. Both read the same generated pictures of 640x480 with ten digits each, in turns; the start of the processes, about
a second whatever the archive, is not counted.
"""

import tempfile
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from mnist_edge.benchmarks.endurance.reading_time import scene_frames
from mnist_edge.benchmarks.harness.peers import Frame
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.camera.archive.read_archive import read_archive
from mnist_edge.camera.archive.reading import OpenReader
from mnist_edge.camera.archive.walk import walk
from mnist_edge.camera.archive.workers import started
from mnist_edge.camera.images import MAX_PIXELS, write_image
from mnist_edge.dataset import load
from mnist_edge.errors import CheckFailed, UsageError
from mnist_edge.machine import usable_cores
from mnist_edge.progress import Progress, no_progress

MIN_RATIO = 1.8
WORKERS = (1, 2)
# Each of the ten pictures so often, and all of them so often by each number of processes.
REPEATS, ROUNDS = 30, 5


def measure_archives(
    frames: Sequence[Frame], repeats: int = REPEATS, rounds: int = ROUNDS, progress: Progress = no_progress
) -> dict[int, list[float]]:
    """Read an archive of pictures in turns; returns how many a second, in each round, by the number of processes.

    Args:
        frames: The pictures, each of which the archive has `repeats` times.
        repeats: How often.
        rounds: How often the archive is read by each number of processes.
        progress: Receives the number of runs done.

    Raises:
        CheckFailed: A picture was not read.
    """
    open_reader = OpenReader({}, MAX_PIXELS)
    rates: dict[int, list[float]] = {count: [] for count in WORKERS}
    with tempfile.TemporaryDirectory() as place:
        for number, frame in enumerate(frames):
            for repeat in range(repeats):
                write_image(Path(place, "pictures", f"{repeat}-{number}.jpg"), frame)
        for done in range(rounds):
            for count in WORKERS:
                output = Path(place, "results.jsonl")
                found = walk(output.with_name("pictures"), True)
                summary = read_archive(found, output, started(count, open_reader), force=True)
                if summary.failed or summary.rows != repeats * len(frames):
                    raise CheckFailed(f"{summary.rows} pictures were read, {summary.failed} of them in vain")
                rates[count].append(summary.rows / summary.seconds)
            progress(done + 1, rounds, "reading")
    return rates


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    return run_measurement(tool_parser(__name__, __doc__), _measure, arguments)


def _measure(_: Namespace, progress: Progress) -> Result:
    if usable_cores() < max(WORKERS):
        raise UsageError(f"{max(WORKERS)} processes want as many cores, and here is one")
    rates = measure_archives(scene_frames(load(fallback=True, progress=progress).test), progress=progress)
    one, several = (rates[count] for count in WORKERS)
    ratio = round(median(fast / slow for fast, slow in zip(several, one, strict=True)), 3)
    document = {
        "pictures": REPEATS * 10,
        "speeds": [
            {"workers": count, "pictures_per_second": round(median(rates[count]), 1), "rounds": ROUNDS}
            for count in WORKERS
        ],
        "ratio": ratio,
    }
    sentence = f"{WORKERS[-1]} processes read {ratio:.2f} times as many pictures as one, not {MIN_RATIO}"
    return Result(document, [sentence] if ratio < MIN_RATIO else [])
