"""What models refuse, and what a threshold costs: held-out non-digits, kind by kind, against digits.

The digits are the test images. The non-digits are drawn with a seed that no training has, and those made of digits
(pairs, fragments) come from the validation images; letters are in the typefaces of the training, in other sizes, pens
and pairs.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.evaluate import CHUNK
from mnist_edge.models.non_digits import KINDS, non_digits
from mnist_edge.refusal import choose_threshold, digit_score

SEED = 20_261
# Images of each kind, so that each weighs the same.
COUNT = 1_000
# Share of the digits that a model may refuse; a file without a threshold of its own is measured at this share.
MAX_REFUSED_DIGITS = 0.003
# Shares of refused digits that a curve shows.
SHARES = (0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05)

NonDigits = Mapping[str, NDArray[np.uint8]]


@dataclass(frozen=True, slots=True)
class TradeOff:
    """What one threshold does.

    Attributes:
        threshold: Scores below it are refused.
        refused_digits: Share of the digits that are refused, 0 to 1.
        refused_non_digits: Share of the non-digits that are refused, 0 to 1.
    """

    threshold: float
    refused_digits: float
    refused_non_digits: float


@dataclass(frozen=True, slots=True)
class Refusal:
    """What one model refuses.

    Attributes:
        from_file: Whether the threshold of `chosen` is the file's own; else it refuses 0.3 % of these digits.
        digits: How many test images were shown.
        non_digits: How many non-digits were shown, all kinds together.
        chosen: The share of digits and of non-digits that the threshold refuses.
        by_kind: Share of each kind that it refuses, 0 to 1.
        curve: The trade-off at other thresholds.
    """

    from_file: bool
    digits: int
    non_digits: int
    chosen: TradeOff
    by_kind: dict[str, float]
    curve: tuple[TradeOff, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


def held_out_non_digits(data: Dataset, count: int = COUNT, seed: int = SEED) -> NonDigits:
    """Return `count` non-digits of each kind, shape (count, 28, 28), made of no image that was trained on."""
    split = data.with_validation(VALIDATION_IMAGES).validation
    return {kind: non_digits(split, seed, count, kind) for kind in KINDS}


def measure_refusal(model: str | Path, digits: NDArray[np.uint8], others: NonDigits) -> Refusal:
    """Show a model digits and non-digits; the scores are of calibrated probabilities.

    Args:
        model: A `.tflite` file or the name of a model that ships.
        digits: Shape (n, 28, 28, 1).
        others: From `held_out_non_digits`.

    Raises:
        ModelError: It cannot be run.
    """
    classifier = Classifier(model)
    digit_scores = _scores(classifier, digits)
    by_kind = {kind: _scores(classifier, images) for kind, images in others.items()}
    all_kinds = np.concatenate(list(by_kind.values()))
    own = classifier.refusal_threshold
    threshold = choose_threshold(digit_scores, MAX_REFUSED_DIGITS) if own is None else own
    return Refusal(
        from_file=own is not None,
        digits=len(digit_scores),
        non_digits=len(all_kinds),
        chosen=at_threshold(digit_scores, all_kinds, threshold),
        by_kind={kind: float((scores < threshold).mean()) for kind, scores in by_kind.items()},
        curve=trade_off(digit_scores, all_kinds),
    )


def at_threshold(digit_scores: NDArray[Any], non_digit_scores: NDArray[Any], threshold: float) -> TradeOff:
    """Measure one threshold on the scores of digits, shape (n,), and of non-digits, shape (m,)."""
    shares = (float(np.mean(scores < threshold)) for scores in (digit_scores, non_digit_scores))
    return TradeOff(threshold, *shares)


def trade_off(
    digit_scores: NDArray[Any], non_digit_scores: NDArray[Any], shares: tuple[float, ...] = SHARES
) -> tuple[TradeOff, ...]:
    """Compute refused non-digits against refused digits, for scores of shape (n,) and (m,).

    Each row's threshold refuses one of `shares` (0 to 1) of the digits.
    """
    thresholds = [choose_threshold(digit_scores, share) for share in shares]
    return tuple(at_threshold(digit_scores, non_digit_scores, threshold) for threshold in thresholds)


def _scores(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    parts = [classifier.probabilities(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
    return digit_score(np.concatenate(parts))
