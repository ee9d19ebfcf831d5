"""Timing several actions so that the figures can be compared, on a machine that does other things too."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import repeat
from time import perf_counter_ns

import numpy as np
from numpy.typing import NDArray

from mnist_edge.progress import Progress, no_progress

Action = Callable[[], object]

# Reading the clock twice costs about 0.1 us, which is below 0.2 % of a sample of this length.
SHORTEST_SAMPLE_NS = 50_000
# All actions take turns this often, so that a slow second affects all alike.
ROUNDS = 20
WARM_UP_MS = 200.0
# Calls whose fastest decides how many calls fill a sample.
TRIALS = 20


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one action takes, in microseconds.

    Attributes:
        min: The fastest sample.
        median: Half of the samples are faster.
        mean: Of all samples.
        std: Standard deviation of the samples.
        p90: 90 % of the samples are faster.
        p99: 99 % of the samples are faster.
        samples: How many times the clock was read.
        per_sample: Actions in one sample; where more than 1, all figures are of means over so many actions.
    """

    min: float
    median: float
    mean: float
    std: float
    p90: float
    p99: float
    samples: int
    per_sample: int


def time_actions(
    actions: Sequence[Action],
    runs: int,
    warm_up_ms: float = WARM_UP_MS,
    progress: Progress = no_progress,
) -> list[Timing]:
    """Time each action, all in turns; return one timing an action.

    Args:
        actions: The functions to time; each is called without arguments.
        runs: Samples of each action. A sample is one call, or as many as fill 50 us.
        warm_up_ms: How long each action runs before its first sample: caches fill and the clock speeds up.
        progress: Receives the number of rounds done.
    """
    per_sample = [calls_per_sample(action, warm_up_ms) for action in actions]
    samples: list[list[NDArray[np.int64]]] = [[] for _ in actions]
    parts = [len(part) for part in np.array_split(np.arange(runs), min(ROUNDS, runs))]
    for done, part in enumerate(parts, start=1):
        for action, calls, taken in zip(actions, per_sample, samples, strict=True):
            action()  # The others have used the caches meanwhile.
            taken.append(sample_durations(action, calls, part))
        progress(done, len(parts), "timing")
    return [
        summary(np.concatenate(taken) / (1000 * calls), calls) for taken, calls in zip(samples, per_sample, strict=True)
    ]


def sample_durations(
    action: Action, calls: int, count: int, clock: Callable[[], int] | None = None
) -> NDArray[np.int64]:
    """Time samples of one action, in nanoseconds.

    Args:
        action: Called without arguments.
        calls: How many in one sample.
        count: How many samples.
        clock: In nanoseconds; None takes `perf_counter_ns`. `process_time_ns` leaves out when other processes ran,
            which lengthens what takes milliseconds more often than what takes microseconds; it counts all threads.
    """
    now = clock or perf_counter_ns
    durations = np.empty(count, np.int64)
    for index in range(count):
        start = now()
        for _ in repeat(None, calls):
            action()
        durations[index] = now() - start
    return durations


def calls_per_sample(action: Action, warm_up_ms: float) -> int:
    """Warm up, then see how many calls fill a sample."""
    end = perf_counter_ns() + int(warm_up_ms * 1e6)
    action()
    while perf_counter_ns() < end:
        action()
    fastest = max(int(sample_durations(action, 1, TRIALS).min()), 1)
    return -(-SHORTEST_SAMPLE_NS // fastest)


def summary(durations_us: NDArray[np.float64], calls: int) -> Timing:
    """Summarise samples of one action, in microseconds a call; `calls` went into each sample."""
    median, p90, p99 = (round(float(q), 3) for q in np.quantile(durations_us, (0.5, 0.9, 0.99)))
    return Timing(
        min=round(float(durations_us.min()), 3),
        median=median,
        mean=round(float(durations_us.mean()), 3),
        std=round(float(durations_us.std()), 3),
        p90=p90,
        p99=p99,
        samples=len(durations_us),
        per_sample=calls,
    )
