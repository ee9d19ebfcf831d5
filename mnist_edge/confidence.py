"""One confidence of all that is known of a place in a picture: how sure it is that one certain digit is there."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import Floats
from mnist_edge.errors import ModelError

KEY = "confidence"
# A quantised network says 0 and 1 where it means nearly so: logarithms are taken of no less.
SMALLEST = 1e-4
# Weight of the finder's logarithms of the ten digits beside the classifier's, when a label is chosen; of weights from 0
# to 1 it named most digits of generated validation pages rightly.
SHARE = 0.5
# Weights of neighbours, by their distances in heights of the place: in its row they fade by this length, if their
# middles are no further up or down than that; around it by this one.
ROW_LENGTH, SAME_ROW, AROUND_LENGTH = 1.0, 0.7, 6.0
# Only places whose sizes differ by less than this factor are neighbours: in its row, and around it.
ALIKE_ROW, ALIKE_AROUND = 2.6, 3.0
# How sure it is of neighbours before any is seen, and what that weighs beside one that stands close. Surer neighbours
# count no more than this: lines of a table stand beside digits too.
EXPECTED, EXPECTED_WEIGHT, SURE_ENOUGH = 0.3, 0.5, 0.7
# More neighbours than these are as many, by weight.
COMPANY = 3.0


@dataclass(frozen=True, slots=True)
class InkEvidence:
    """What connected ink at a place says.

    Attributes:
        is_same: Whether the classifier takes it for the same digit.
        probability: Of the digit that it is taken for, 0 to 1.
        digit_score: How far it is taken for a digit at all (`refusal.digit_score`), 0 to 1.
        clutter: How uneven the paper around it is: the 90th percentile of the ink level, as a share of the stroke's.
    """

    is_same: bool
    probability: float
    digit_score: float
    clutter: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for and against one digit at one place.

    Attributes:
        score: The finder's, that there is a digit, 0 to 1.
        finder_probability: The finder's, that it is this one, 0 to 1.
        probability: The classifier's, of what was cut out, that it is this one, 0 to 1.
        digit_score: How far the classifier takes that for a digit at all, 0 to 1.
        cut_off: Whether it was cut off from ink that goes on a little.
        goes_on: Whether its ink goes on beyond all that a digit may reach.
        bare: Whether lines or paler ink were removed from it.
        overlap: IoU of its bounds and the finder's box, both made broader where they are slender, 0 to 1.
        agreement: Share of the ways to cut it out that are this digit, 0 to 1.
        other_score: The finder's, of the surest other digit whose middle lies in what was cut out, 0 to 1: of two that
            touch, or of the parts of a letter.
        ink: What connected ink at the place says; None where there is none.
    """

    score: float
    finder_probability: float
    probability: float
    digit_score: float
    cut_off: bool = False
    goes_on: bool = False
    bare: bool = False
    overlap: float = 1.0
    agreement: float = 1.0
    other_score: float = 0.0
    ink: InkEvidence | None = None

    def features(self) -> tuple[float, ...]:
        """The evidence as `FEATURES` numbers, the first of them 1."""
        of_ink: tuple[float, ...] = (0.0,) * 6
        if self.ink:
            sure, same = _logit(self.ink.probability), float(self.ink.is_same)
            of_ink = 1.0, same, sure * same, sure * (1 - same), self.ink.digit_score, min(self.ink.clutter, 1.0)
        return (
            1.0,
            _logit(self.score),
            float(np.log(max(self.probability, SMALLEST))),
            float(np.log(max(self.finder_probability, SMALLEST))),
            self.digit_score,
            float(self.cut_off),
            float(self.goes_on),
            float(self.bare),
            self.overlap,
            self.agreement,
            self.other_score,
            *of_ink,
        )


FEATURES = 17
# What the second step sees of a place: its logit; of neighbours in the row and around, their logit and their number by
# weight; and its features.
INPUTS = 5 + FEATURES


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """All places of one picture where a digit may be.

    Attributes:
        features: Shape (n, `FEATURES`), of each place by itself, as `Evidence.features` has them.
        boxes: Shape (n, 4): x, y, width and height, in any unit.
    """

    features: NDArray[np.float64]
    boxes: Floats

    @classmethod
    def of(cls, evidence: Sequence[Evidence], boxes: Sequence[Sequence[float]]) -> "Places":
        """The places of this evidence."""
        features = np.array([one.features() for one in evidence], np.float64)
        return cls(features.reshape(-1, FEATURES), np.array(boxes, np.float32).reshape(-1, 4))


@dataclass(frozen=True, slots=True)
class Confidence:
    """What is fitted on generated pages: a logistic regression of a place by itself, and a second step with neighbours.

    What looks like a digit in the middle of a word is rarely one (rescoring by context: Felzenszwalb et al., "Object
    detection with discriminatively trained part-based models", 2010).

    Attributes:
        weights: Of a place's features.
        context: Of the `INPUTS` that the second step sees, which make its logit by themselves.
        hidden: Units that add to that logit, each a rectified sum: the weights of its inputs, and then its own.
    """

    weights: tuple[float, ...]
    context: tuple[float, ...]
    hidden: tuple[tuple[float, ...], ...] = ()

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
            confidence = cls(_floats(found["weights"]), _floats(found["context"]), tuple(map(_floats, found["hidden"])))
            sizes = [len(confidence.weights), len(confidence.context), *map(len, confidence.hidden)]
            every = [*confidence.weights, *confidence.context, *chain.from_iterable(confidence.hidden)]
            sound = bool(np.isfinite(every).all()) and sizes == [FEATURES, INPUTS, *[INPUTS + 1] * (len(sizes) - 2)]
        except (KeyError, TypeError, ValueError, OverflowError):
            sound = False
        if not sound:
            raise ModelError(f"{name} says nothing sound of how confidence is computed; export it again")
        return confidence

    def to_metadata(self) -> dict[str, Any]:
        """The document that `from_metadata` reads."""
        return {KEY: asdict(self)}

    def of(self, places: Places) -> Floats:
        """How sure it is of each place's digit: that it is there, and this one. Shape (n,), 0 to 1."""
        inputs = with_context(places, self.weights)
        logits = inputs @ np.array(self.context)
        if self.hidden:
            units = np.array(self.hidden)
            logits += np.maximum(inputs @ units[:, :-1].T, 0) @ units[:, -1]
        return sigmoid(logits).astype(np.float32)


def _unfitted() -> Confidence:
    """Of a finder that was exported without pages to fit on: its score and the classifier's probability, multiplied."""
    weights = (0.0, 1.0, 1.0) + (0.0,) * (FEATURES - 3)
    return Confidence(weights, (1.0,) + (0.0,) * (INPUTS - 1))


UNFITTED = _unfitted()


def mix(probabilities: Floats, labels: Floats) -> Floats:
    """The ten digits by classifier and finder together.

    Args:
        probabilities: The classifier's, shape (10,).
        labels: The finder's, shape (10,).
    """
    logs = np.log(np.maximum(probabilities, SMALLEST)) + SHARE * np.log(np.maximum(labels, SMALLEST))
    mixed = np.exp(logs - logs.max())
    return np.asarray(mixed / mixed.sum(), np.float32)


def with_context(places: Places, weights: Sequence[float]) -> NDArray[np.float64]:
    """What the second step sees of each place.

    Args:
        places: All places of one picture.
        weights: Of their features, which make the logit of each by itself.

    Returns:
        Shape (n, `INPUTS`); logits of neighbours go up to that of `SURE_ENOUGH`.
    """
    alone = places.features @ np.array(weights)
    sure, (left, top, width, height) = sigmoid(alone), places.boxes.astype(np.float64).T
    size = np.maximum(width, height)
    x, y = left + width / 2, top + height / 2
    ratio = size[:, None] / size
    ratio = np.maximum(ratio, 1 / ratio)
    gap = np.maximum(left[:, None], left) - np.minimum((left + width)[:, None], left + width)
    in_row = np.exp(-np.maximum(gap, 0) / size[:, None] / ROW_LENGTH)
    in_row *= (np.abs(y[:, None] - y) < SAME_ROW * np.maximum(size[:, None], size)) & (ratio < ALIKE_ROW)
    around = np.exp(-np.hypot(x[:, None] - x, y[:, None] - y) / size[:, None] / AROUND_LENGTH) * (ratio < ALIKE_AROUND)
    columns = [alone]
    for weight in (in_row, around):
        np.fill_diagonal(weight, 0)
        mean = (weight @ sure + EXPECTED * EXPECTED_WEIGHT) / (weight.sum(axis=1) + EXPECTED_WEIGHT)
        mean = np.clip(mean, SMALLEST, SURE_ENOUGH)
        columns += np.log(mean / (1 - mean)), np.minimum(weight.sum(axis=1), COMPANY)
    return np.concatenate([np.stack(columns, axis=1), places.features], axis=1)


def _floats(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _logit(probability: float) -> float:
    probability = min(max(probability, SMALLEST), 1 - SMALLEST)
    return float(np.log(probability / (1 - probability)))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))
