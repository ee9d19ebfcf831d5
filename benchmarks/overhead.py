"""How far our own measuring and wrapping are from the runtime itself, side by side in one run.

Run as `python -m mnist_edge.benchmarks.overhead MODEL...`; prints one JSON list, one object a model, and exits with 1
where a bound does not hold. The bounds, of the medians: `invoke_us` within 5 % of a bare loop around the runtime's
`invoke()`, and one prepared image through `Classifier` at most 1.25 times that loop.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from time import perf_counter

from mnist_edge.benchmarks.end_to_end import stages
from mnist_edge.benchmarks.timing import Action, time_actions
from mnist_edge.classifier import Classifier

MAX_DISAGREEMENT = 0.05
MAX_WRAPPER_RATIO = 1.25
# Many short rounds: the machine is as fast or slow for the bare loop as for what is compared with it.
ROUNDS = 40
RUNS_PER_ROUND = 50


@dataclass(frozen=True, slots=True)
class Overhead:
    """Ours against the bare loop.

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

    @property
    def holds(self) -> bool:
        """Whether both bounds hold."""
        return abs(self.invoke_ratio - 1) <= MAX_DISAGREEMENT and self.classify_ratio <= MAX_WRAPPER_RATIO


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


def _bare_loop_us(invoke: Action, calls: int = 100) -> float:
    start = perf_counter()
    for _ in range(calls):
        invoke()
    return (perf_counter() - start) * 1e6 / calls


def main(models: Sequence[str]) -> int:
    """Print the overhead of each model; 0 if all bounds hold."""
    found = [measure_overhead(model) for model in models]
    print(json.dumps([asdict(one) | {"holds": one.holds} for one in found], indent=2))
    return 0 if all(one.holds for one in found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
