import time
from pathlib import Path

import pytest

from mnist_edge.benchmarks.release.scaling import DIGITS, page, plot_scaling, slope, time_in_turns
from mnist_edge.camera.reader import Reader


def test_the_slope_is_the_exponent() -> None:
    sizes = [1.0, 2.0, 10.0, 50.0]
    assert slope(sizes, [3 * size for size in sizes]) == pytest.approx(1)
    assert slope(sizes, [3 * size**2 for size in sizes]) == pytest.approx(2)
    assert slope(sizes, [7.0] * 4) == pytest.approx(0, abs=1e-9)


def test_a_page_has_as_many_digits_as_it_says() -> None:
    for count in (1, 20, DIGITS[-1]):
        assert len(Reader("nano").read(page(count)).digits) == count


def test_times_come_in_the_order_of_the_actions() -> None:
    fast, slow = time_in_turns([lambda: None, lambda: time.sleep(0.002)], time.perf_counter_ns, rounds=2)
    assert slow >= 2.0 > fast


def test_the_picture_is_drawn(tmp_path: Path) -> None:
    series = {"digits": {"sizes": [1, 10], "ms": [1.0, 5.0], "slope": 0.7}}
    plot_scaling(series, tmp_path / "scaling.png")
    assert (tmp_path / "scaling.png").read_bytes().startswith(b"\x89PNG")
