import pytest

from mnist_edge.mcnemar import mcnemar_exact


def test_a_value_by_hand() -> None:
    # 2 * (1 + 10) / 2**10
    assert mcnemar_exact(1, 9) == mcnemar_exact(9, 1) == 22 / 1024


def test_models_that_never_differ_and_equal_counts() -> None:
    assert mcnemar_exact(0, 0) == mcnemar_exact(5, 5) == 1.0


@pytest.mark.parametrize(("first", "second"), [(0, 1), (3, 12), (40, 61), (480, 520), (4_900, 5_100), (0, 2_000)])
def test_scipy_agrees(first: int, second: int) -> None:
    stats = pytest.importorskip("scipy.stats")
    expected = stats.binomtest(first, first + second, 0.5).pvalue
    assert mcnemar_exact(first, second) == pytest.approx(expected, rel=1e-9)
