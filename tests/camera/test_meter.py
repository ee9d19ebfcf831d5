"""Rates, times and counts."""

from types import SimpleNamespace

import pytest

from mnist_edge.camera import meter as module
from mnist_edge.camera.meter import Meter, Rate, Stats


class Clock:
    def __init__(self) -> None:
        self.now = 100.0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    ticking = SimpleNamespace(monotonic=lambda: found.now, perf_counter=lambda: found.now)
    monkeypatch.setattr(module, "time", ticking)
    return found


def test_a_rate_is_the_mean_of_late_and_forgets(clock: Clock) -> None:
    rate = Rate()
    assert rate.per_second == 0
    for _ in range(100):
        rate.tick()
        clock.now += 0.04
    assert rate.per_second == pytest.approx(25)
    for _ in range(30):
        rate.tick()
        clock.now += 0.1
    assert rate.per_second == pytest.approx(10)
    clock.now += 6
    assert (rate.per_second, rate.total) == (0, 130)
    rate.tick()
    assert rate.per_second == 0
    clock.now += 0.5
    rate.tick()
    # The time in which nothing happened is forgotten too.
    assert rate.per_second == pytest.approx(2)


def test_what_was_dropped_was_captured_too(clock: Clock) -> None:
    meter = Meter()
    for number in range(0, 300, 3):
        with meter.frame(number, clock.now, dropped=number // 3 * 2):
            clock.now += 0.02
        meter.delivered(clock.now - 0.05)
        clock.now += 0.1
    stats = meter.summary()
    assert (stats.frames, stats.dropped) == (100, 198)
    assert stats.reading_fps == pytest.approx(1 / 0.12, rel=0.01)
    assert stats.capture_fps == pytest.approx(3 / 0.12)
    assert stats.read_ms == pytest.approx(20) and stats.latency_ms == pytest.approx(50)
    assert stats.seconds == pytest.approx(12)


@pytest.mark.parametrize("reading_seconds", [0.001, 0.1, 0.6, 1.3, 4.0])
def test_a_camera_has_its_rate_however_slowly_it_is_read(clock: Clock, reading_seconds: float) -> None:
    meter, began = Meter(), clock.now
    for _ in range(40):
        number = int((clock.now - began) * 25)
        with meter.frame(number, began + number / 25, dropped=0):
            clock.now += max(reading_seconds, 0.04)
    assert meter.summary().capture_fps == pytest.approx(25)
    assert meter.summary().reading_fps == pytest.approx(1 / max(reading_seconds, 0.04))


def test_a_pause_is_no_slow_camera(clock: Clock) -> None:
    meter = Meter()
    for number in [*range(50), *range(175, 180)]:
        clock.now = 100 + number / 25
        with meter.frame(number, clock.now, dropped=0):
            pass
    assert meter.summary().capture_fps == pytest.approx(25)


def test_percentiles(clock: Clock) -> None:
    meter = Meter()
    for milliseconds in range(1, 201):
        meter.delivered(clock.now - milliseconds / 1000)
    stats = meter.summary()
    assert stats.latency_ms == pytest.approx(101) and stats.latency_p99_ms == pytest.approx(198)


def test_of_a_few_values_the_largest_is_the_percentile(clock: Clock) -> None:
    meter = Meter()
    for milliseconds in (42, 870):
        meter.delivered(clock.now - milliseconds / 1000)
    assert meter.summary().latency_p99_ms == pytest.approx(870)


def test_latency_is_taken_at_the_event_and_on_the_screen(clock: Clock) -> None:
    meter = Meter()
    for _ in range(3):
        meter.delivered(clock.now - 0.02)
        meter.shown(clock.now - 0.05)
        clock.now += 0.1
    stats = meter.summary()
    assert [stats.latency_ms, stats.screen_ms] == pytest.approx([20, 50])
    assert stats.display_fps == pytest.approx(10)


def test_nothing_yet() -> None:
    assert str(Stats()) == "no frames"
    assert str(Stats(1, seconds=2.0, read_ms=5, latency_ms=7)) == (
        "1 frame in 2.0 s (0.5 per second), 0 dropped, 5.0 ms to read one (median), 7.0 ms from capture to event"
    )
    assert str(Stats(2, seconds=2.0, screen_ms=9)).endswith("0.0 ms from capture to event, 9.0 to the screen")
    assert Stats(read_ms=1.23456).to_json()["read_ms"] == 1.235
