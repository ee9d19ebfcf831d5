import numpy as np
import pytest

from mnist_edge.refusal import choose_threshold, digit_score


def test_the_score_goes_from_anything_to_one_digit() -> None:
    rows = np.zeros((4, 10), np.float32)
    rows[0] = 0.1
    rows[1, :2] = 0.5
    rows[2, :2] = 0.9, 0.1
    rows[3, 7] = 1
    scores = digit_score(rows)
    assert scores.shape == (4,)
    assert scores == pytest.approx([0, 1 - np.log(2) / np.log(10), 0.85882, 1], abs=1e-5)


def test_rounded_outputs_stay_within_0_and_1() -> None:
    scores = digit_score(np.array([[26 / 256] * 10, [255 / 256, *[0] * 9], [255 / 256, 1 / 256, *[1 / 256] * 8]]))
    assert scores.min() >= 0
    assert scores.max() <= 1


@pytest.mark.parametrize(("share", "refused"), [(0.0, 0), (0.001, 1), (0.0029, 2), (0.05, 50), (1.0, 999)])
def test_a_threshold_refuses_the_share_and_no_more(share: float, refused: int) -> None:
    scores = np.random.default_rng(0).permutation(1000) / 1000
    assert (scores < choose_threshold(scores, share)).sum() == refused


def test_equal_scores_are_refused_together_or_not_at_all() -> None:
    scores = np.array([0.2] + [0.5] * 99)
    assert (scores < choose_threshold(scores, 0.05)).sum() == 1


def test_few_digits_are_all_kept() -> None:
    scores = np.linspace(0.4, 1, 150)
    assert not (scores < choose_threshold(scores)).any()
