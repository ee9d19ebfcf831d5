"""Any frame and any file: whether reading keeps its promises, in a process that may crash or hang.

Frames and pictures are read for digits. Every other reader of untrusted bytes (`fuzz_readers.py`) either takes its file
or refuses it in one line. Memory is measured case by case, and the address space of the process is limited.

Run as `make fuzz`: 600 s from a random seed. Cases have the seeds SEED, SEED + 1, ...; `0 SEED` repeats one. The first
crash, hang or broken promise ends the run and leaves its case below `runs/fuzz`.
"""

import faulthandler
import multiprocessing
import os
import secrets
import sys
import warnings
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic

import numpy as np

from mnist_edge import native_stderr
from mnist_edge.atomic_files import write_atomically, write_bytes
from mnist_edge.benchmarks.endurance.fuzz_cases import Case, load_digits, make_case
from mnist_edge.benchmarks.endurance.fuzz_promises import Outcome, examine
from mnist_edge.benchmarks.endurance.fuzz_readers import READERS
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.memory import peak_rss_mb, reset_peak_rss
from mnist_edge.camera.image_header import image_size
from mnist_edge.camera.images import MAX_PIXELS
from mnist_edge.camera.reader import Reader
from mnist_edge.progress import Progress, no_progress

# A desktop takes two seconds for the largest picture there may be.
HANG_S = 60.0
# What any case may take, and what a picture may take for a pixel: as it was stored, as colour, and half of that again.
MAX_GROWTH_MB = 300.0
BYTES_PER_PIXEL = 1.5 * (8 + 3)
# Beyond what is mapped at the start: the largest picture there may be, and 1 GiB for threads.
MAX_MAPPED_BYTES = int(MAX_PIXELS * BYTES_PER_PIXEL) + (1 << 30)
FOLDER = Path("runs/fuzz")
SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of cases showed.

    Attributes:
        first_seed: Seed of the first case; the others follow.
        seconds: Length of the run.
        cases: Number of cases.
        kinds: Number of cases of each kind.
        refusals: Number of files that were refused, by the reason.
        slowest_ms: The longest that one case took.
        slowest_seed: Seed of that case.
        growth_mb: Most memory that one case took, units of 10^6 bytes.
        foreign_growth_mb: The same of files that are no pictures.
        failed_seed: Seed of the case that ended the run, or None.
        failures: The promises that it broke.
        saved: Where that case was written.
    """

    first_seed: int
    seconds: float
    cases: int
    kinds: dict[str, int]
    refusals: dict[str, int]
    slowest_ms: float
    slowest_seed: int
    growth_mb: float
    foreign_growth_mb: float
    failed_seed: int | None = None
    failures: tuple[str, ...] = ()
    saved: str | None = None


def fuzz(seconds: float, first_seed: int, folder: Path = FOLDER, progress: Progress = no_progress) -> Summary:
    """Read one case after another, for so long or until one breaks a promise; at least one case.

    Args:
        seconds: How long.
        first_seed: The same seed gives the same cases, with the same OpenCV.
        folder: Where the case that broke a promise is written.
        progress: Receives the seconds so far and the number of cases.
    """
    began = monotonic()
    outcomes = _outcomes(seconds, first_seed, progress)
    slowest = max(range(len(outcomes)), key=lambda index: outcomes[index].milliseconds)
    growths = [(outcome.growth_mb, outcome.kind.removesuffix(" file") in READERS) for outcome in outcomes]
    summary = Summary(
        first_seed=first_seed,
        seconds=round(monotonic() - began, 1),
        cases=len(outcomes),
        kinds=dict(sorted(Counter(outcome.kind for outcome in outcomes).items())),
        refusals=dict(Counter(outcome.refusal for outcome in outcomes if outcome.refusal).most_common()),
        slowest_ms=round(outcomes[slowest].milliseconds, 1),
        slowest_seed=first_seed + slowest,
        growth_mb=round(max(growth for growth, _ in growths), 1),
        foreign_growth_mb=round(max((growth for growth, no_picture in growths if no_picture), default=0.0), 1),
    )
    if not outcomes[-1].broken:
        return summary
    seed = first_seed + len(outcomes) - 1
    path = _save(make_case(seed), seed, folder)
    return replace(summary, failed_seed=seed, failures=outcomes[-1].broken, saved=str(path))


def _outcomes(seconds: float, seed: int, progress: Progress) -> list[Outcome]:
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    worker = context.Process(target=_work, args=(there,), daemon=True)
    worker.start()
    there.close()
    outcomes: list[Outcome] = []
    try:
        ready = _answer(here, worker)
        if ready.broken:
            raise RuntimeError(f"the reader did not start: {ready.broken[0]}")
        began = monotonic()
        while not outcomes or (not outcomes[-1].broken and monotonic() - began < seconds):
            outcomes.append(_answer(here, worker, seed + len(outcomes)))
            progress(monotonic() - began, seconds, f"{len(outcomes)} cases")
    finally:
        worker.kill()
        worker.join()
    return outcomes


def _answer(connection: Connection, worker: BaseProcess, seed: int | None = None) -> Outcome:
    """The outcome of a seed's case, or of the start."""
    try:
        if seed is not None:
            connection.send(seed)
        if not connection.poll(HANG_S):
            return Outcome("hang", milliseconds=HANG_S * 1000, broken=(f"no answer within {HANG_S:g} s",))
        answer: Outcome = connection.recv()
    except (EOFError, OSError):
        worker.join()
        return Outcome("crash", broken=(f"the process died with exit code {worker.exitcode}",))
    return answer


def _work(connection: Connection) -> None:
    """The child process: answers each seed with the outcome of its case."""
    # A crash is reported on what is standard error now: the descriptor is silenced while a case is read.
    errors = os.fdopen(os.dup(2), "w")
    faulthandler.enable(errors)
    native_stderr.enable_silencing()
    reader = Reader()
    reader.read(np.full((64, 64, 3), 255, np.uint8))
    load_digits()
    warnings.simplefilter("ignore")
    # What is imported when it is first needed, such as Keras, is no case's memory.
    with native_stderr.silenced():
        first = [examine(Case(kind, file.sound(), kind), reader) for kind, file in READERS.items()]
    _limit_memory()
    connection.send(Outcome("ready", broken=tuple(line for outcome in first for line in outcome.broken)))
    while True:
        case = make_case(connection.recv())
        before = reset_peak_rss()
        with native_stderr.silenced():
            outcome = examine(case, reader)
        growth = (peak_rss_mb() or 0.0) - before if before else 0.0
        too_much = (f"memory grew by {growth:.0f} MB",) if growth > _allowed_mb(case) else ()
        connection.send(replace(outcome, growth_mb=growth, broken=outcome.broken + too_much))


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:
        return
    mapped = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (mapped + MAX_MAPPED_BYTES, resource.RLIM_INFINITY))


def _allowed_mb(case: Case) -> float:
    if case.reader:
        return MAX_GROWTH_MB
    size = image_size(case.content) if isinstance(case.content, bytes) else case.content.shape[:2]
    pixels = size[0] * size[1] if size else 0
    return MAX_GROWTH_MB + (BYTES_PER_PIXEL * pixels / 1e6 if pixels <= MAX_PIXELS else 0)


def _save(case: Case, seed: int, folder: Path) -> Path:
    if isinstance(case.content, bytes):
        path = folder / f"{seed}.bin"
        write_bytes(path, case.content)
    else:
        path = folder / f"{seed}.npy"
        write_atomically(path, lambda temporary: np.save(temporary, case.content))
    return path


def main(arguments: Sequence[str] | None = None) -> int:
    """Fuzz; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("seconds", nargs="?", type=float, default=SECONDS, help=f"how long ({SECONDS:g})")
    parser.add_argument("seed", nargs="?", type=int, help="seed of the first case; a random one by default")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    first_seed = secrets.randbelow(1_000_000_000) if options.seed is None else options.seed
    print(f"seeds from {first_seed}; {options.seconds:g} s", file=sys.stderr)
    summary = fuzz(options.seconds, first_seed, progress=progress)
    if summary.failed_seed is not None:
        print("repeat it: python -m mnist_edge.benchmarks.endurance fuzz 0", summary.failed_seed, file=sys.stderr)
    return Result(asdict(summary), summary.failures)
