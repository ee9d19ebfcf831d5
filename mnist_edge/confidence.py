"""One confidence from two networks: a finder, which sees the page, and a classifier, which sees the digit."""

from dataclasses import dataclass
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
RIDGE, ITERATIONS = 1e-2, 30


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic regression on what two networks say of a box, fitted on generated pages.

    Attributes:
        share: Weight of the finder's logarithms of the ten digits beside the classifier's, when a label is chosen.
        weights: Of 1, the logit of the finder's score, the logarithm of the label's probability of either network,
            classifier first, and of how far the classifier takes the ink for a digit at all (`refusal.digit_score`).
    """

    share: float
    weights: tuple[float, ...]

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
            confidence = cls(float(found["share"]), tuple(float(weight) for weight in found["weights"]))
            sound = bool(np.isfinite([confidence.share, *confidence.weights]).all())
        except (KeyError, TypeError, ValueError):
            sound = False
        if not sound or len(confidence.weights) != len(UNFITTED.weights):
            raise ModelError(f"{name} says nothing sound of how confidence is computed; export it again")
        return confidence

    def to_metadata(self) -> dict[str, Any]:
        """The document that `from_metadata` reads."""
        return {KEY: {"share": self.share, "weights": list(self.weights)}}

    def combine(self, scores: Floats, labels: Floats, probabilities: Floats) -> tuple[Floats, Floats]:
        """What two networks say together.

        Args:
            scores: The finder's, shape (n,), 0 to 1.
            labels: The finder's ten digits, shape (n, 10).
            probabilities: The classifier's, shape (n, 10).

        Returns:
            Probabilities of the ten digits, shape (n, 10), if a digit is there; and, shape (n,), the probability that
            there is one and that it is the most likely of the ten.
        """
        mixed = _mix(labels, probabilities, self.share)
        logits = _features(scores, labels, probabilities, mixed.argmax(axis=1)) @ np.array(self.weights)
        return mixed, _sigmoid(logits).astype(np.float32)


# Of a finder that was exported without pages to fit on: the product of its score and the classifier's probability.
UNFITTED = Confidence(0.5, (0.0, 1.0, 1.0, 0.0, 0.0))


def fit(scores: Floats, labels: Floats, probabilities: Floats, truth: NDArray[np.int64]) -> Confidence:
    """Fit to detections of pages whose truth is known.

    Args:
        scores: As for `Confidence.combine`.
        labels: Likewise.
        probabilities: Likewise.
        truth: Shape (n,): 0 to 9, or another number where no digit is.
    """
    is_digit = (truth >= 0) & (truth <= 9)
    share = max(SHARES, key=lambda one: int((_mix(labels, probabilities, one).argmax(axis=1) == truth)[is_digit].sum()))
    chosen = _mix(labels, probabilities, share).argmax(axis=1)
    return Confidence(share, _regress(_features(scores, labels, probabilities, chosen), chosen == truth))


def _mix(labels: Floats, probabilities: Floats, share: float) -> Floats:
    logs = np.log(np.maximum(probabilities, SMALLEST)) + share * np.log(np.maximum(labels, SMALLEST))
    mixed = np.exp(logs - logs.max(axis=1, keepdims=True))
    return np.asarray(mixed / mixed.sum(axis=1, keepdims=True), np.float32)


def _features(scores: Floats, labels: Floats, probabilities: Floats, chosen: NDArray[np.intp]) -> NDArray[np.float64]:
    each, score = np.arange(len(scores)), np.clip(scores, SMALLEST, 1 - SMALLEST).astype(np.float64)
    logs = (np.log(np.maximum(one[each, chosen], SMALLEST)) for one in (probabilities, labels))
    return np.stack([np.ones(len(scores)), np.log(score / (1 - score)), *logs, digit_score(probabilities)], axis=1)


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
