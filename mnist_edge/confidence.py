"""One confidence from two networks: a finder, which sees the page, and a classifier, which sees the digit."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import Floats
from mnist_edge.errors import ModelError
from mnist_edge.refusal import digit_score

KEY = "confidence"
# A quantised network says 0 and 1 where it means nearly so: logarithms are taken of no less.
SMALLEST = 1e-4
# Shares of the finder among which `fit` chooses.
SHARES = (0.0, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)
# Pull of the weights to 0, and iterations after which they no longer change.
RIDGE, ITERATIONS = 1e-2, 40
# Weights of neighbours, by their distances in heights of the detection: in its row they fade by this length, if their
# middles are no further up or down than that; around it by this one.
ROW_LENGTH, SAME_ROW, AROUND_LENGTH = 1.0, 0.7, 6.0
# Only detections whose sizes differ by less than this factor are neighbours: in its row, and around it.
ALIKE_ROW, ALIKE_AROUND = 2.2, 3.0
# How sure it is of neighbours before any is seen, and what that weighs beside one that stands close. Surer neighbours
# count no more than this: lines of a table stand beside digits too.
EXPECTED, EXPECTED_WEIGHT, SURE_ENOUGH = 0.3, 0.5, 0.4


@dataclass(frozen=True, slots=True, eq=False)
class Opinions:
    """What two networks say of the detections of one picture.

    Attributes:
        scores: The finder's, shape (n,), 0 to 1.
        labels: The finder's ten digits, shape (n, 10).
        probabilities: The classifier's, shape (n, 10).
        boxes: Shape (n, 4): x, y, width and height, in any unit.
    """

    scores: Floats
    labels: Floats
    probabilities: Floats
    boxes: Floats


@dataclass(frozen=True, slots=True)
class Confidence:
    """Two logistic regressions, fitted on generated pages: what the networks say of a box, and what stands around it.

    What looks like a digit in the middle of a word is rarely one (rescoring by context: Felzenszwalb et al., "Object
    detection with discriminatively trained part-based models", 2010).

    Attributes:
        share: Weight of the finder's logarithms of the ten digits beside the classifier's, when a label is chosen.
        weights: Of 1, the logit of the finder's score, the logarithm of the label's probability of either network,
            classifier first, and of how far the classifier takes the ink for a digit at all (`refusal.digit_score`).
        context: Of 1, the sum that `weights` make, and how doubtful its neighbours are, in its row and around it.
    """

    share: float
    weights: tuple[float, ...]
    context: tuple[float, ...] = (0.0, 1.0, 0.0, 0.0)

    @classmethod
    def from_metadata(cls, metadata: dict[str, Any], name: str) -> "Confidence":
        """That of a finder's file; `UNFITTED` where its metadata says nothing. `name` is the file's, for the message.

        Raises:
            ModelError: The metadata holds something else.
        """
        found = metadata.get(KEY)
        if found is None:
            return UNFITTED
        try:
            weights, context = (tuple(float(weight) for weight in found[name]) for name in ("weights", "context"))
            confidence = cls(float(found["share"]), weights, context)
            sound = bool(np.isfinite([confidence.share, *weights, *context]).all())
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound or (len(weights), len(context)) != (len(UNFITTED.weights), len(UNFITTED.context)):
            raise ModelError(f"{name} says nothing sound of how confidence is computed; export it again")
        return confidence

    def to_metadata(self) -> dict[str, Any]:
        """The document that `from_metadata` reads."""
        return {KEY: asdict(self)}

    def combine(self, opinions: Opinions) -> tuple[Floats, Floats]:
        """What two networks say together.

        Args:
            opinions: Of all detections of one picture.

        Returns:
            Probabilities of the ten digits, shape (n, 10), if a digit is there; and, shape (n,), the probability that
            there is one and that it is the most likely of the ten.
        """
        mixed = _mix(opinions, self.share)
        alone = _features(opinions, mixed.argmax(axis=1)) @ np.array(self.weights)
        sure = _sigmoid(_with_context(alone, opinions.boxes) @ np.array(self.context))
        return mixed, sure.astype(np.float32)


# Of a finder that was exported without pages to fit on: the product of its score and the classifier's probability.
UNFITTED = Confidence(0.5, (0.0, 1.0, 1.0, 0.0, 0.0))


def fit(pages: Sequence[Opinions], truths: Sequence[NDArray[np.int64]]) -> Confidence:
    """Fit to detections of pages whose truth is known.

    Args:
        pages: What the networks say of each page.
        truths: Of each page, shape (n,): 0 to 9, or another number where no digit is.
    """
    truth = np.concatenate(truths)
    is_digit = (truth >= 0) & (truth <= 9)

    def right(share: float) -> NDArray[np.bool_]:
        chosen = np.concatenate([_mix(page, share).argmax(axis=1) for page in pages])
        return np.asarray(chosen == truth)

    share = max(SHARES, key=lambda one: int(right(one)[is_digit].sum()))
    alone = [_features(page, _mix(page, share).argmax(axis=1)) for page in pages]
    weights = _regress(np.concatenate(alone), right(share))
    around = [_with_context(one @ weights, page.boxes) for one, page in zip(alone, pages, strict=True)]
    return Confidence(share, weights, _regress(np.concatenate(around), right(share)))


def _mix(opinions: Opinions, share: float) -> Floats:
    logs = np.log(np.maximum(opinions.probabilities, SMALLEST)) + share * np.log(np.maximum(opinions.labels, SMALLEST))
    mixed = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), np.float32)


def _features(opinions: Opinions, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
    """Shape (n, 5), of each detection by itself."""
    each = np.arange(len(chosen))
    score = np.clip(opinions.scores, SMALLEST, 1 - SMALLEST).astype(np.float64)
    logs = (np.log(np.maximum(one[each, chosen], SMALLEST)) for one in (opinions.probabilities, opinions.labels))
    digit = digit_score(opinions.probabilities)
    return np.stack([np.ones(len(each)), np.log(score / (1 - score)), *logs, digit], axis=1)


def _with_context(alone: NDArray[np.float64], boxes: Floats) -> NDArray[np.float64]:
    """Shape (n, 4): 1, what each detection is by itself, and the logits of its neighbours, none above `SURE_ENOUGH`."""
    sure, (left, top, width, height) = _sigmoid(alone), boxes.astype(np.float64).T
    size = np.maximum(width, height)
    x, y = left + width / 2, top + height / 2
    ratio = size[:, None] / size
    ratio = np.maximum(ratio, 1 / ratio)
    gap = np.maximum(left[:, None], left) - np.minimum((left + width)[:, None], left + width)
    in_row = np.exp(-np.maximum(gap, 0) / size[:, None] / ROW_LENGTH)
    in_row *= (np.abs(y[:, None] - y) < SAME_ROW * size[:, None]) & (ratio < ALIKE_ROW)
    around = np.exp(-np.hypot(x[:, None] - x, y[:, None] - y) / size[:, None] / AROUND_LENGTH) * (ratio < ALIKE_AROUND)
    columns = [np.ones(len(alone)), alone]
    for weight in (in_row, around):
        np.fill_diagonal(weight, 0)
        mean = (weight @ sure + EXPECTED * EXPECTED_WEIGHT) / (weight.sum(axis=1) + EXPECTED_WEIGHT)
        mean = np.clip(mean, SMALLEST, SURE_ENOUGH)
        columns.append(np.log(mean / (1 - mean)))
    return np.stack(columns, axis=1)


def _regress(features: NDArray[np.float64], right: NDArray[np.bool_]) -> tuple[float, ...]:
    """Weights of a logistic regression, by Newton's method."""
    weights = np.zeros(features.shape[1])
    for _ in range(ITERATIONS):
        expected = _sigmoid(features @ weights)
        slope = features.T @ (right - expected) - RIDGE * weights
        curve = (features * (expected * (1 - expected))[:, None]).T @ features + RIDGE * np.eye(len(weights))
        weights = weights + np.linalg.solve(curve, slope)
    return tuple(round(float(weight), 4) for weight in weights)


def _sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))
