import time
from itertools import pairwise

import pytest

from mnist_edge.benchmarks.timing import Action, Timing, time_actions


def timed(action: Action, runs: int = 30) -> Timing:
    return time_actions([action], runs, warm_up_ms=1)[0]


def test_figures_are_in_microseconds_and_in_order() -> None:
    timing = timed(lambda: time.sleep(0.002))
    # A sleep never ends early: were the unit another, this could not hold.
    assert timing.min >= 2000
    assert timing.min <= timing.median <= timing.p90 <= timing.p99
    assert timing.min <= timing.mean
    assert timing.std >= 0


def test_a_short_action_is_timed_in_batches_and_reported_for_one() -> None:
    calls = 0

    def count() -> None:
        nonlocal calls
        calls += 1

    timing = timed(count)
    assert timing.per_sample > 1
    assert timing.samples == 30
    assert calls >= 30 * timing.per_sample
    # The clock is read around a batch of at least 50 us or so; one action is far shorter.
    assert timing.median < 50


def test_a_long_action_is_timed_alone() -> None:
    assert timed(lambda: time.sleep(0.001)).per_sample == 1


@pytest.mark.parametrize("runs", [1, 7, 20, 45])
def test_as_many_samples_as_asked_for(runs: int) -> None:
    assert timed(lambda: time.sleep(0.0001), runs).samples == runs


def test_actions_take_turns() -> None:
    order: list[str] = []

    def named(name: str) -> Action:
        def action() -> None:
            order.append(name)
            time.sleep(0.0001)

        return action

    time_actions([named("a"), named("b")], runs=40, warm_up_ms=0)
    changes = sum(before != after for before, after in pairwise(order))
    # One block each would be 3 changes, the warm-up's included.
    assert changes > 20


def test_timings_come_in_the_order_of_the_actions() -> None:
    fast, slow = time_actions([lambda: None, lambda: time.sleep(0.002)], runs=5, warm_up_ms=0)
    assert fast.min < slow.min


def test_progress_ends_complete() -> None:
    reports: list[tuple[float, float]] = []

    def report(done: float, total: float, note: str = "") -> None:
        reports.append((done, total))

    time_actions([lambda: None], 10, warm_up_ms=0, progress=report)
    assert reports[-1][0] == reports[-1][1]
