"""How far our own measuring and wrapping are from the runtime itself, side by side: a part of `make measure`.

The bounds, of the medians: `invoke_us` within 5 % of a bare loop around the runtime's `invoke()`, and one prepared
image through `Classifier` at most 1.25 times that loop.
"""

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from mnist_edge.benchmarks.end_to_end import stages
from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.timing import Action, time_actions
from mnist_edge.classifier import Classifier
from mnist_edge.progress import Progress

MAX_DISAGREEMENT = 0.05
MAX_WRAPPER_RATIO = 1.25
MODELS = ("nano.int8", "small.int8", "small.float32", "large.int8")
# Many short rounds: the machine is as fast or slow for the bare loop as for what is compared with it.
ROUNDS = 40
RUNS_PER_ROUND, BARE_CALLS = 50, 100


@dataclass(frozen=True, slots=True)
class Overhead:
    """Our times beside the bare loop's.

    Attributes:
        file: The model.
        runtime: What ran it.
        bare_us: One invoke in a bare loop; median over the rounds.
        invoke_us: As `benchmark` measures it, the median; median over the rounds.
        classify_us: One prepared image through `Classifier`, decision included; the same.
        invoke_ratio: `invoke_us` to `bare_us`, median of the rounds' ratios.
        classify_ratio: `classify_us` to `bare_us`, median of the rounds' ratios.
    """

    file: str
    runtime: str
    bare_us: float
    invoke_us: float
    classify_us: float
    invoke_ratio: float
    classify_ratio: float

    def broken(self) -> list[str]:
        """Return one sentence for each bound that does not hold."""
        bounds = {
            f"invoke is {self.invoke_ratio:.2f} times the bare loop, not within {MAX_DISAGREEMENT:.0%} of it": (
                abs(self.invoke_ratio - 1) <= MAX_DISAGREEMENT
            ),
            f"the wrapper takes {self.classify_ratio:.2f} times the bare loop, not {MAX_WRAPPER_RATIO}": (
                self.classify_ratio <= MAX_WRAPPER_RATIO
            ),
        }
        return [what for what, holds in bounds.items() if not holds]


def measure_overhead(model: str | Path, rounds: int = ROUNDS, runtime: str | None = None) -> Overhead:
    """Measure one model's overhead, the three in turns within each round."""
    classifier = Classifier(model, runtime=runtime)
    bare = classifier.interpreter.invoke
    ours = stages(classifier)
    found = []
    for _ in range(rounds):
        before = _bare_loop_us(bare)
        invoke, classify = time_actions([ours.invoke, ours.classify], RUNS_PER_ROUND, warm_up_ms=0)
        # The loop on both sides of ours, so that a clock that rises or falls cancels out.
        found.append(((before + _bare_loop_us(bare)) / 2, invoke.median, classify.median))
    bare_us, invoke_us, classify_us = (round(median(column), 3) for column in zip(*found, strict=True))
    return Overhead(
        str(model), classifier.runtime, bare_us, invoke_us, classify_us,
        round(median(invoke / loop for loop, invoke, _ in found), 4),
        round(median(classify / loop for loop, _, classify in found), 4),
    )  # fmt: skip


def _bare_loop_us(invoke: Action, calls: int = BARE_CALLS) -> float:
    start = perf_counter()
    for _ in range(calls):
        invoke()
    return (perf_counter() - start) * 1e6 / calls


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
