"""Measure contenders in turns: every engine in a process of its own, all of them in every round."""

import logging
import random
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from mnist_edge.benchmarks.suite.engines import ENGINES, KERNELS
from mnist_edge.benchmarks.suite.processes import EngineProcess, python_with
from mnist_edge.errors import ModelError
from mnist_edge.progress import Progress, no_progress

ACTIONS = ("invoke", "classify")
# More threads decide as one does. Where others use the cores, threads that wait for each other take milliseconds.
FEW_IMAGES = 50
# By engine and number of threads.
Running = dict[tuple[str, int], EngineProcess]
_LOG = logging.getLogger(__name__)


@dataclass(slots=True)
class Contender:
    """One network in one precision, run by one engine with a number of threads.

    Attributes:
        network: Name of the network.
        precision: Of its file.
        engine: Name of the engine.
        threads: CPU threads.
        path: The file.
        macs: Multiply-accumulates of one image.
        twin: Whether it is a second copy of another, which tells the noise.
        version: Of the engine.
        init_ms: Loading the file, in a process that has loaded others.
        first_ms: The first run.
        cold_ms: From the start of the process to the end of the first run; None where it was not the first there.
        peak_rss_mb: Most memory of the process when it was loaded; None as for `cold_ms`.
        decisions: The class that it gives each image.
        rounds: Median of each round, microseconds a call, by action.
        samples: How many times the clock was read, by action.
        error: Why it cannot be measured; None where it can.
    """

    network: str
    precision: str
    engine: str
    threads: int
    path: Path
    macs: int
    twin: bool = False
    version: str = ""
    init_ms: float = 0.0
    first_ms: float = 0.0
    cold_ms: float | None = None
    peak_rss_mb: float | None = None
    decisions: list[int] = field(default_factory=list)
    rounds: dict[str, list[float]] = field(default_factory=dict)
    samples: dict[str, int] = field(default_factory=dict)
    error: str | None = None

    @property
    def key(self) -> str:
        """What it is called between the processes."""
        return f"{self.network} {self.precision} {self.engine} {self.threads}{' twin' if self.twin else ''}"

    @property
    def actions(self) -> tuple[str, ...]:
        """What is timed of it."""
        return ACTIONS[:1] if self.engine in KERNELS else ACTIONS

    def us(self, action: str = "invoke") -> float:
        """Time of an action, microseconds: the median of the rounds."""
        return median(self.rounds[action])


def measure(
    contenders: Sequence[Contender],
    images: Path,
    log: Path,
    pythons: Sequence[Path] = (),
    *,
    rounds: int = 20,
    samples: int = 10,
    progress: Progress = no_progress,
) -> dict[str, str]:
    """Load all contenders, let them decide, and time them in turns; what is measured is written into them.

    Args:
        contenders: What to measure.
        images: What they decide on, as `numpy.save` writes it; the first is also what they are timed with.
        log: What libraries print is added there.
        pythons: Pythons of other environments, for engines that this one lacks.
        rounds: In each, every contender is timed once, in an order drawn anew.
        samples: Of each action in each round.
        progress: Receives the rounds done.

    Returns:
        Why an engine is absent, by its name.
    """
    found = {
        engine: python_with(engine, ENGINES[engine].version, images, log, pythons)
        for engine in {one.engine for one in contenders}
    }
    absent = {name: f"{ENGINES[name].packages[0]} is not installed" for name, one in found.items() if one is None}
    for engine, reason in absent.items():
        _LOG.info("%s is left out: %s", engine, reason)
    with ExitStack() as stack:
        running: Running = {}
        for done, contender in enumerate(contenders):
            here = found[contender.engine]
            if here is None:
                contender.error = absent[contender.engine]
                continue
            python, contender.version = here
            place = contender.engine, contender.threads
            # Some engines set their threads once for all, so that each number of threads has a process.
            if first := place not in running:
                running[place] = stack.enter_context(EngineProcess(images, log, python))
            _load(contender, running[place], first)
            progress(done, len(contenders), f"loading {contender.engine}")
        _take_turns([one for one in contenders if one.error is None], running, rounds, samples, progress)
    return absent


def _take_turns(live: list[Contender], running: Running, rounds: int, samples: int, progress: Progress) -> None:
    order = random.Random(0)
    for done in range(rounds):
        order.shuffle(live)
        for contender in live:
            if contender.error is None:
                _time(contender, running[contender.engine, contender.threads], samples)
        progress(done + 1, rounds, "in turns")


def _load(contender: Contender, process: EngineProcess, first: bool) -> None:
    try:
        answer = process.ask(
            "load", key=contender.key, engine=contender.engine, path=str(contender.path), threads=contender.threads
        )
        contender.init_ms, contender.first_ms = answer["init_ms"], answer["first_ms"]
        if first:
            contender.cold_ms, contender.peak_rss_mb = process.age_ms, answer["peak_rss_mb"]
        if contender.engine not in KERNELS:
            most = None if contender.threads == 1 else FEW_IMAGES
            contender.decisions = process.ask("decide", key=contender.key, most=most)["decisions"]
    except ModelError as error:
        contender.error = str(error)
        _LOG.info("%s is left out: %s", contender.key, error)


def _time(contender: Contender, process: EngineProcess, samples: int) -> None:
    try:
        for action in contender.actions:
            times = process.ask("time", key=contender.key, action=action, samples=samples)["us"]
            contender.rounds.setdefault(action, []).append(median(times))
            contender.samples[action] = contender.samples.get(action, 0) + len(times)
    except ModelError as error:
        contender.error = str(error)
        _LOG.info("%s is left out: %s", contender.key, error)
