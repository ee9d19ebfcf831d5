"""How a Dask cluster reads an archive of many small pictures, and what it costs beside reading.

Run as `make cluster`. A scheduler, its workers and `mnist-edge read --scheduler` are processes of this machine, so
rates are those of its cores and nothing is told of networks. One worker is killed after a third of the pictures, and
another one joins at the half. The bounds:

- every picture has one row;
- the memory of no process grows by more than 32 MB after the first tenth of the pictures and half a minute of its own;
- the workers are idle for at most a tenth of the time that they are there. Idle is whatever is not `Reader.read`, also
  starting and opening a file.
"""

import json
import subprocess
import sys
import time
from argparse import Namespace
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mnist_edge.benchmarks.harness.dask_processes import DaskProcesses
from mnist_edge.benchmarks.harness.process_usage import Usage, children_of, usage_of
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.camera.images import encode_image
from mnist_edge.camera.sources.fake.sheets import write_sheet
from mnist_edge.errors import CheckFailed, UsageError
from mnist_edge.handwriting import write_digit
from mnist_edge.machine import usable_cores
from mnist_edge.progress import Progress, no_progress
from mnist_edge.strokes import Stroke

PICTURES = 100_000
# So many are drawn; the others are their copies, each with a comment of its own.
DRAWN = 2000
FOLDER_PICTURES = 1000
# Of what a sheet fills; with its margins it has 160x120 pixels, and the row on it some three digits.
WIDTH, HEIGHT, SIZES = 125, 94, (0.28, 0.36)
# Of the workers: Dask does not look what they do a hundred times a second, nor whether they answer fifty times.
QUIET = {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "False", "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1s"}
KILL_AT, JOIN_AT, SETTLED_AT = 1 / 3, 1 / 2, 1 / 10
MAX_GROWTH_MB, MAX_IDLE = 32.0, 0.1
# For so long a process may still be starting.
SAMPLE_SECONDS, START_SECONDS = 1.0, 30.0


def draw_pictures(folder: Path, count: int, progress: Progress = no_progress) -> None:
    """Write so many JPEG files of 160x120 with a row of digits, no two alike, in folders of a thousand."""
    rng = np.random.default_rng(0)

    def glyph(rng: np.random.Generator) -> tuple[int, list[Stroke]]:
        label = int(rng.integers(10))
        return label, write_digit(label, rng)

    drawn = []
    for _ in range(min(count, DRAWN)):
        drawn.append(encode_image(Path("picture.jpg"), write_sheet(glyph, WIDTH, HEIGHT, rng, SIZES).image))
        progress(len(drawn), min(count, DRAWN), "drawing")
    for number in range(count):
        place = folder / f"{number // FOLDER_PICTURES:04}" / f"{number:07}.jpg"
        place.parent.mkdir(parents=True, exist_ok=True)
        content, comment = drawn[number % len(drawn)], f"{number:07}".encode()
        # Behind the marker that begins the file, a segment of a comment, whose length counts itself.
        place.write_bytes(content[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + content[2:])


@dataclass(slots=True)
class Watched:
    """What a process has used until now.

    Attributes:
        what: Its part in the cluster.
        begun: When it was first seen, by `time.monotonic`.
        last: When it was last seen.
        used: What it used then.
        settled_mb: Memory after the first tenth of the pictures, and its start.
        peak_mb: The most after that.
    """

    what: str
    begun: float
    last: float = 0.0
    used: Usage = field(default_factory=Usage)
    settled_mb: float = 0.0
    peak_mb: float = 0.0

    def see(self, used: Usage, now: float, settled: bool) -> None:
        """Add a sample."""
        self.last, self.used = now, used
        if settled and now - self.begun > START_SECONDS:
            self.settled_mb = self.settled_mb or used.rss_mb
            self.peak_mb = max(self.peak_mb, used.rss_mb)


class Watch:
    """Samples of all processes while a client reads.

    Attributes:
        processes: What each used, by its number.
    """

    def __init__(self, dask: DaskProcesses, client: int) -> None:
        """Begin with the client and the scheduler."""
        self.processes: dict[int, Watched] = {}
        self._fixed = {client: "client", dask.scheduler.pid: "scheduler"}

    def sample(self, workers: Sequence[int], settled: bool) -> None:
        """Look at all of them, and at the processes with which the workers read."""
        now = time.monotonic()
        parts = self._fixed | dict.fromkeys(workers, "worker")
        parts |= dict.fromkeys((child for worker in workers for child in children_of(worker)), "reading process")
        for process, what in parts.items():
            used = usage_of(process)
            if used:
                self.processes.setdefault(process, Watched(what, now)).see(used, now, settled)

    def of(self, what: str) -> list[Watched]:
        """Return those with this part."""
        return [one for one in self.processes.values() if one.what == what]


def read_on_cluster(folder: Path, count: int, workers: int, progress: Progress = no_progress) -> dict[str, Any]:
    """Read `folder/pictures` by processes of Dask; returns the figures.

    Args:
        folder: Also for logs and results.
        count: How many pictures there are.
        workers: How many workers read, but for the time in which one is dead and the other has not come.
        progress: Receives the number of rows.

    Raises:
        CheckFailed: The client ended with an error.
    """
    results = folder / "results.jsonl"
    command = ["read", "pictures", "--recursive", "--output", results.name, "--scheduler"]
    with DaskProcesses(folder) as dask:
        at_work = [dask.start_worker(**QUIET) for _ in range(workers)]
        client = subprocess.Popen(
            [sys.executable, "-m", "mnist_edge", *command, dask.address],
            cwd=folder, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        watch = Watch(dask, client.pid)
        began = time.monotonic()
        for rows in _count_rows(client, results):
            watch.sample([one.pid for one in at_work], rows > SETTLED_AT * count)
            if rows > KILL_AT * count:
                at_work[0].kill()
                at_work[0].wait()
            if rows > JOIN_AT * count and len(at_work) == workers:
                at_work.append(dask.start_worker(**QUIET))
            progress(rows, count, "reading")
        ended = time.monotonic()
        _, told = client.communicate()
    if client.returncode:
        raise CheckFailed(f"the client ended with exit code {client.returncode}: {told.strip()}")
    return _figures(results, count, watch, began, ended)


def _count_rows(client: "subprocess.Popen[str]", results: Path) -> Iterator[int]:
    """Tell now and then how many rows there are, while the client runs."""
    rows = place = 0
    while client.poll() is None:
        if results.exists():
            with results.open("rb") as file:
                file.seek(place)
                rows += file.read().count(b"\n")
                place = file.tell()
        yield rows
        time.sleep(SAMPLE_SECONDS)


def _figures(results: Path, count: int, watch: Watch, began: float, ended: float) -> dict[str, Any]:
    rows = [json.loads(line) for line in results.read_bytes().splitlines()]
    seen = Counter(row["source"] for row in rows)
    reading_s = sum(row["milliseconds"]["total"] for row in rows if "error" not in row) / 1000
    there_s = sum(one.last - one.begun for one in watch.of("worker"))
    parts = [
        {
            "what": what,
            "processes": len(watch.of(what)),
            "mb": round(max(one.settled_mb for one in watch.of(what)), 1),
            "growth_mb": round(max(one.peak_mb - one.settled_mb for one in watch.of(what)), 1),
            "cpu_ms": round(sum(one.used.cpu_s for one in watch.of(what)) / count * 1000, 4),
        }
        for what in ("client", "scheduler", "worker", "reading process")
    ]
    return {
        "pictures": count,
        "digits": sum(len(row.get("digits", ())) for row in rows),
        "seconds": round(ended - began, 1),
        "pictures_per_second": round(count / (ended - began), 1),
        "reading_ms": round(reading_s / count * 1000, 3),
        "idle": round(1 - reading_s / there_s, 4),
        "lost": count - len(seen),
        "twice": sum(seen.values()) - len(seen),
        "failed": sum("error" in row for row in rows),
        "row_bytes": round(results.stat().st_size / len(rows)),
        "parts": parts,
    }


def broken(figures: dict[str, Any]) -> list[str]:
    """Return one sentence for each bound that does not hold."""
    wrong = {name: figures[name] for name in ("lost", "twice", "failed") if figures[name]}
    sentences = [f"{number} of {figures['pictures']:,} pictures were {name}" for name, number in wrong.items()]
    sentences += [
        f"the memory of a {one['what']} grew by {one['growth_mb']:.0f} MB, more than {MAX_GROWTH_MB:.0f}"
        for one in figures["parts"]
        if one["growth_mb"] > MAX_GROWTH_MB
    ]
    if figures["idle"] > MAX_IDLE:
        sentences.append(f"the workers were idle for {figures['idle']:.1%} of the time, more than {MAX_IDLE:.0%}")
    return sentences


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("pictures", nargs="?", type=int, default=PICTURES, help=f"how many to read ({PICTURES:,})")
    parser.add_argument("--workers", type=int, default=max(2, usable_cores()), help="workers; one a core")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    if options.workers < 2:
        raise UsageError("a worker is killed, so that there must be two or more; name them by --workers")
    with TemporaryDirectory() as name:
        draw_pictures(Path(name, "pictures"), options.pictures, progress)
        figures = {
            "workers": options.workers,
            **read_on_cluster(Path(name), options.pictures, options.workers, progress),
        }
    return Result(figures, broken(figures))
