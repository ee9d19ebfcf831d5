"""How far our own measuring and wrapping are from the runtime itself, side by side: a part of `make measure`.

The bounds, of the medians: `invoke_us` within 5 % of a bare loop around the runtime's `invoke()`; one prepared image
through `Classifier` at most 1.15 times that loop, 1.3 times for `nano`, whose network takes no longer than a few calls
of Python; and 1,000 images at once at least 1.5 times as fast as one by one.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.end_to_end import sample_ink, stages
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.timing import Action, time_actions
from mnist_edge.classifier import MAX_BATCH, Classifier
from mnist_edge.normalisation import normalise
from mnist_edge.progress import Progress

MAX_DISAGREEMENT = 0.05
MAX_WRAPPER_RATIO = 1.15
MAX_NANO_RATIO = 1.3
MIN_BATCH_GAIN = 1.5
BATCHED = 1_000
MODELS = ("nano.int8", "small.int8", "small.float32", "large.int8")
# Many short rounds: the machine is as fast or slow for the bare loop as for what is compared with it.
ROUNDS = 15
RUNS_PER_ROUND = 30
# Long enough for the clock, and so short that few loops meet another process.
BARE_LOOP_US = 100
BATCH_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Overhead:
    """Our times beside the bare loop's.

    Attributes:
        file: The model.
        runtime: What ran it.
        bare_us: One invoke in a bare loop; median over the rounds.
        invoke_us: As `benchmark` measures it, the median; median over the rounds.
        classify_us: One prepared image through `Classifier`, decision included, in the processor's time.
        invoke_ratio: `invoke_us` to `bare_us`, median of the rounds' ratios.
        classify_ratio: `classify_us` to the bare loop in the processor's time, median of the rounds' ratios.
        batch_gain: How many times as fast 1,000 images are classified at once as one by one.
        network_gain: The same of the network alone, which is the most that the wrapper could gain.
    """

    file: str
    runtime: str
    bare_us: float
    invoke_us: float
    classify_us: float
    invoke_ratio: float
    classify_ratio: float
    batch_gain: float
    network_gain: float

    def broken(self) -> list[str]:
        """Return one sentence for each bound that does not hold."""
        most = MAX_NANO_RATIO if Path(self.file).name.startswith("nano") else MAX_WRAPPER_RATIO
        bounds = {
            f"invoke is {self.invoke_ratio:.2f} times the bare loop, not within {MAX_DISAGREEMENT:.0%} of it": (
                abs(self.invoke_ratio - 1) <= MAX_DISAGREEMENT
            ),
            f"the wrapper takes {self.classify_ratio:.2f} times the bare loop, not {most}": (
                self.classify_ratio <= most
            ),
            f"{BATCHED:,} images at once are {self.batch_gain:.2f} times as fast as one by one, not {MIN_BATCH_GAIN}; "
            f"the network alone is {self.network_gain:.2f} times as fast": self.batch_gain >= MIN_BATCH_GAIN,
        }
        return [what for what, holds in bounds.items() if not holds]


def measure_overhead(model: str | Path, rounds: int = ROUNDS, runtime: str | None = None) -> Overhead:
    """Measure one model's overhead, the three in turns within each round."""
    classifier = Classifier(model, runtime=runtime)
    bare = classifier.interpreter.invoke
    ours = stages(classifier)
    calls = max(1, round(BARE_LOOP_US / _bare_loop_us(bare, 20)))
    found = []
    for _ in range(rounds):
        before = _bare_loop_us(bare, calls)
        (invoke,) = time_actions([ours.invoke], RUNS_PER_ROUND, warm_up_ms=0)
        alone, classify = (_processor_us(action, RUNS_PER_ROUND * calls) for action in (bare, ours.classify))
        # The loop on both sides of ours, so that a clock that rises or falls cancels out.
        found.append(((before + _bare_loop_us(bare, calls)) / 2, invoke.median, classify, classify / alone))
    bare_us, invoke_us, classify_us, classify_ratio = (round(median(column), 4) for column in zip(*found, strict=True))
    batch_gain, network_gain = _batch_gains(classifier)
    return Overhead(
        str(model), classifier.runtime, bare_us, invoke_us, classify_us,
        round(median(invoke / loop for loop, invoke, *_ in found), 4), classify_ratio,
        batch_gain, network_gain,
    )  # fmt: skip


def _bare_loop_us(invoke: Action, calls: int) -> float:
    """One call in a bare loop: the median of several loops."""
    loops = []
    for _ in range(RUNS_PER_ROUND):
        start = perf_counter()
        for _ in range(calls):
            invoke()
        loops.append((perf_counter() - start) * 1e6 / calls)
    return median(loops)


def _processor_us(act: Action, calls: int) -> float:
    """One call in the processor's time: what takes milliseconds meets other processes, and a short call does not."""
    start = process_time()
    for _ in range(calls):
        act()
    return (process_time() - start) * 1e6 / calls


def _batch_gains(classifier: Classifier, rounds: int = BATCH_ROUNDS) -> tuple[float, float]:
    """How many times as fast images are in batches as one by one: through the classifier, and the network alone."""
    images = np.tile(normalise(sample_ink())[None, ..., None], (BATCHED, 1, 1, 1))
    one = images[:1]

    def invoke_of(some: NDArray[np.uint8]) -> float:
        # What is classified leaves the graph as it was allocated for it.
        classifier.probabilities(some)
        return _processor_us(classifier.interpreter.invoke, BATCHED // len(some)) / len(some)

    ours, network = [], []
    for _ in range(rounds):
        alone, batched = invoke_of(one), invoke_of(images[:MAX_BATCH])
        network.append(alone / batched)
        single = _processor_us(lambda: classifier.probabilities(one), BATCHED)
        whole = _processor_us(lambda: classifier.probabilities(images), 1)
        ours.append(single * BATCHED / whole)
    return round(median(ours), 3), round(median(network), 3)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("models", nargs="*", default=MODELS, metavar="MODEL", help=f"default: {' '.join(MODELS)}")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    found: list[Overhead] = []
    for model in options.models:
        progress(len(found), len(options.models), str(model))
        found.append(measure_overhead(model))
    return Result(
        {"models": [asdict(model) | {"broken": model.broken()} for model in found]},
        [f"{model.file}: {sentence}" for model in found for sentence in model.broken()],
    )
