"""Refuse what is no digit (out-of-distribution input): a score, and its threshold."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# Share of digits that a model may refuse on the validation images; the test images then stay below 0.3 %.
REFUSED_DIGITS = 0.002
# Puts a threshold below a score by more than float32's rounding, so that the same image is accepted again.
BELOW = 1 - 1e-5


def score_name(classes: int = 10) -> str:
    """The name of the score in a model's metadata."""
    return f"1 - entropy / ln {classes}"


SCORE = score_name()


def digit_score(probabilities: NDArray[Any]) -> NDArray[np.float32]:
    """Compute 1 minus the entropy of the probabilities, as a share of the entropy of as many equal ones.

    Networks trained with the uniform distribution as the label of non-digits spread their answer over all classes,
    which the entropy shows and the largest probability alone does not.

    Args:
        probabilities: Shape (n, classes), 0 to 1; ten for digits.

    Returns:
        Shape (n,): 0 where all classes are equally likely, 1 where one is certain.
    """
    # 0 log 0 is 0.
    logs = np.log(np.maximum(probabilities, np.finfo(np.float32).tiny))
    entropy = -(probabilities * logs).sum(axis=1)
    return np.asarray(np.clip(1 - entropy / np.log(probabilities.shape[1]), 0, 1), np.float32)


def choose_threshold(scores: NDArray[Any], refused_share: float = REFUSED_DIGITS) -> float:
    """Choose the highest threshold that refuses no more than a share of digits.

    Args:
        scores: Of digits, shape (n,); a score below the threshold is refused.
        refused_share: 0 to 1.

    Returns:
        Halfway between the last refused score and the first accepted one; just below the lowest where none is refused.
    """
    ordered = np.sort(np.asarray(scores, np.float64))
    refused = min(int(refused_share * len(ordered)), len(ordered) - 1)
    if not refused:
        return float(ordered[0]) * BELOW
    return float((ordered[refused - 1] + ordered[refused]) / 2)
