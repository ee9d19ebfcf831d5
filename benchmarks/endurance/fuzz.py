"""Any frame and any file: whether reading keeps its promises, in a process that may crash or hang.

Frames and pictures are read for digits. Every other reader of foreign bytes (`fuzz_readers.py`) either takes its file
or refuses it in one line. Memory is measured case by case, and the address space of the process is limited.

Run as `make fuzz`, or `python -m mnist_edge.benchmarks.endurance fuzz [SECONDS [SEED]]`, 600 s from a fresh seed by
default. Cases have the seeds SEED, SEED + 1, ...; `0 SEED` repeats one. At the first crash, hang or broken promise it
writes the case below `runs/fuzz` and ends.
"""

import faulthandler
import json
import multiprocessing
import os
import re
import secrets
import sys
import tempfile
import traceback
import warnings
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from math import isfinite
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from time import monotonic, perf_counter

import numpy as np

from mnist_edge import native_stderr
from mnist_edge.atomic_files import write_atomically, write_bytes
from mnist_edge.benchmarks.endurance.fuzz_cases import Case, Image, load_digits, make_case
from mnist_edge.benchmarks.endurance.fuzz_readers import FOREIGN, ForeignFile
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.memory import peak_rss_mb, reset_peak_rss
from mnist_edge.camera.image_header import image_size
from mnist_edge.camera.images import MAX_PIXELS, decode_image
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import ImageError, MnistEdgeError
from mnist_edge.progress import Progress, no_progress
from mnist_edge.reading import Reading

# A desktop takes two seconds for the largest picture there may be.
HANG_S = 60.0
# What any case may take, and what a picture may take for a pixel: as it was stored, as colour, and half of that again.
MAX_GROWTH_MB = 300.0
BYTES_PER_PIXEL = 1.5 * (8 + 3)
# Beyond what is mapped at the start: the largest picture there may be, and room for threads.
MAX_MAPPED_BYTES = int(MAX_PIXELS * BYTES_PER_PIXEL) + (1 << 30)
FOLDER = Path("runs/fuzz")
SECONDS = 600.0
# Characters of an error: some quote a value, or a name, of the file.
MAX_MESSAGE = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a case.

    Attributes:
        kind: Of the case.
        refusal: Why the file was no picture, without its numbers; None where it was one.
        milliseconds: Decoding and reading took so long.
        growth_mb: Most memory that the process had beyond what it had before the case, units of 10^6 bytes.
        broken: The promises that did not hold.
    """

    kind: str
    refusal: str | None
    milliseconds: float
    growth_mb: float
    broken: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run of cases showed.

    Attributes:
        first_seed: Of the first case; the others follow.
        seconds: How long it took.
        cases: How many there were.
        kinds: How many of each kind.
        refusals: How many files were refused, by the reason.
        slowest_ms: The longest that one case took.
        slowest_seed: That case.
        growth_mb: Most memory that one case took, units of 10^6 bytes.
        foreign_growth_mb: The same of files that are no pictures.
        failed_seed: The case that ended the run, or None.
        failures: What it did.
        saved: Where that case lies.
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
        progress: Told the seconds so far and the number of cases.
    """
    began = monotonic()
    outcomes = _outcomes(seconds, first_seed, progress)
    foreign = {f"{kind} file" for kind in FOREIGN}
    slowest = max(range(len(outcomes)), key=lambda index: outcomes[index].milliseconds)
    summary = Summary(
        first_seed=first_seed,
        seconds=round(monotonic() - began, 1),
        cases=len(outcomes),
        kinds=dict(sorted(Counter(one.kind for one in outcomes).items())),
        refusals=dict(Counter(one.refusal for one in outcomes if one.refusal).most_common()),
        slowest_ms=round(outcomes[slowest].milliseconds, 1),
        slowest_seed=first_seed + slowest,
        growth_mb=round(max(one.growth_mb for one in outcomes), 1),
        foreign_growth_mb=round(max((one.growth_mb for one in outcomes if one.kind in foreign), default=0.0), 1),
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
    """What became of a seed's case, or of the start."""
    try:
        if seed is not None:
            connection.send(seed)
        if not connection.poll(HANG_S):
            return Outcome("hang", None, HANG_S * 1000, 0.0, (f"no answer within {HANG_S:g} s",))
        answer: Outcome = connection.recv()
    except (EOFError, OSError):
        worker.join()
        return Outcome("crash", None, 0.0, 0.0, (f"the process died with exit code {worker.exitcode}",))
    return answer


def _work(connection: Connection) -> None:
    """The child: answers each seed with what became of its case."""
    # A crash is told on what is standard error now: the descriptor is silenced while a case is read.
    errors = os.fdopen(os.dup(2), "w")
    faulthandler.enable(errors)
    native_stderr.enable_silencing()
    reader = Reader()
    reader.read(np.full((64, 64, 3), 255, np.uint8))
    load_digits()
    warnings.simplefilter("ignore")
    # What is imported when it is first needed, such as Keras, is no case's memory.
    with native_stderr.silenced():
        first = [_examine_foreign(Case(kind, one.sound(), kind), one) for kind, one in FOREIGN.items()]
    _limit_memory()
    connection.send(Outcome("ready", None, 0.0, 0.0, tuple(line for outcome in first for line in outcome.broken)))
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


def examine(case: Case, reader: Reader) -> Outcome:
    """Read a case, and see which promises are broken."""
    if case.reader:
        return _examine_foreign(case, FOREIGN[case.reader])
    refusal, broken = None, []
    began = perf_counter()
    try:
        frame = decode_image(case.content, "the file") if isinstance(case.content, bytes) else case.content
        # To write to it is an error.
        frame.flags.writeable = False
        reading = reader.read(frame)
        ended = perf_counter()
        broken = broken_promises(reading, frame, reader.min_confidence)
        if frame.size < 300_000 and _timeless(reader.read(frame)) != _timeless(reading):
            broken.append("the same frame was read in two ways")
    except ImageError as error:
        ended = perf_counter()
        refusal = _without_details(str(error))
        if "\n" in str(error) or "the file" not in str(error):
            broken = [f"not one line with the file's name: {error}"]
    except Exception:
        ended = perf_counter()
        broken = [traceback.format_exc()]
    return Outcome(case.kind, refusal, (ended - began) * 1000, 0.0, tuple(broken))


def _examine_foreign(case: Case, foreign: ForeignFile) -> Outcome:
    refusal, broken = None, []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / foreign.name
        path.write_bytes(bytes(case.content))
        began = perf_counter()
        try:
            foreign.read(path)
        except MnistEdgeError as error:
            refusal = f"{case.reader}: {_without_details(str(error).replace(folder, ''))}"
            if len(str(error)) > MAX_MESSAGE:
                broken = [f"a message of {len(str(error))} characters: {str(error)[:MAX_MESSAGE]}"]
        except Exception:
            broken = [traceback.format_exc()]
        return Outcome(case.kind, refusal, (perf_counter() - began) * 1000, 0.0, tuple(broken))


def _without_details(message: str) -> str:
    """A message without its numbers, values and reasons, so that alike ones can be counted."""
    short = re.sub(r"\(.*\)|'.*'|\".*\"", "(...)", re.sub(r"\d[\d,.]*", "N", message))
    return " ".join(short.split())[:80]


def broken_promises(reading: Reading, frame: Image, min_confidence: float) -> list[str]:
    """What a reading should have kept and did not, one line each; empty if it is sound.

    Args:
        reading: Of the frame.
        frame: Shape (height, width) or (height, width, 3).
        min_confidence: The reader's.
    """
    height, width = frame.shape[:2]
    boxes = [*(digit.box for digit in reading.digits), *(refused.box for refused in reading.rejected)]
    rows = [[digit.label for digit in reading.digits if digit.row == row] for row in range(len(reading.text))]
    document = json.loads(json.dumps(reading.to_json(), allow_nan=False))
    promises = {
        "pixels": frame.dtype == np.uint8 and frame.ndim in (2, 3) and frame.shape[2:] in ((), (3,)),
        "size": (reading.width, reading.height) == (width, height),
        "boxes": all(
            box.width > 0 < box.height and 0 <= box.x <= width - box.width and 0 <= box.y <= height - box.height
            for box in boxes
        ),
        "labels": all(digit.label in range(10) for digit in reading.digits),
        "confidence": all(min_confidence <= digit.confidence <= 1 for digit in reading.digits),
        "rows": [digit.row for digit in reading.digits] == [row for row, labels in enumerate(rows) for _ in labels],
        "text": [text.replace(" ", "") for text in reading.text] == ["".join(map(str, labels)) for labels in rows],
        # Nor is a row empty.
        "spaces": all(text.split(" ") == text.split() for text in reading.text),
        "reasons": all(refused.reason and refused.reason.isprintable() for refused in reading.rejected),
        "milliseconds": all(isfinite(taken) and taken >= 0 for taken in reading.milliseconds.values()),
        "document": len(document["digits"]) == len(reading.digits) and document["text"] == list(reading.text),
    }
    return [f"{name} of {_timeless(reading)}" for name, held in promises.items() if not held]


def _timeless(reading: Reading) -> Reading:
    return replace(reading, milliseconds={})


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
    parser.add_argument("seed", nargs="?", type=int, help="of the first case; a fresh one by default")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    first_seed = secrets.randbelow(1_000_000_000) if options.seed is None else options.seed
    print(f"seeds from {first_seed}; {options.seconds:g} s", file=sys.stderr)
    summary = fuzz(options.seconds, first_seed, progress=progress)
    if summary.failed_seed is not None:
        print("repeat it: python -m mnist_edge.benchmarks.endurance fuzz 0", summary.failed_seed, file=sys.stderr)
    return Result(asdict(summary), summary.failures)
