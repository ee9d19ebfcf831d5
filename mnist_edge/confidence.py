"""One confidence of all that is known of a place in a picture: how sure it is that one certain digit is there."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import Floats
from mnist_edge.errors import ModelError

Matrix = NDArray[np.float64]

KEY = "confidence"
# A quantised network says 0 and 1 where it means nearly so: logarithms are taken of no less.
SMALLEST = 1e-4
# Logits of a step are no further from 0 for the steps after it: those of a probability of `SMALLEST`.
MOST_LOGIT = 9.2
# Weight of the finder's logarithms of the ten digits beside the classifier's, when a label is chosen; of weights from 0
# to 1 it named most digits of generated validation pages rightly.
SHARE = 0.5
# Weights of neighbours, by their distances in heights of the place: in its row they fade by this length, if their
# middles are no further up or down than that; around it by this one.
ROW_LENGTH, SAME_ROW, AROUND_LENGTH = 1.0, 0.7, 6.0
# Only places whose sizes differ by less than this factor are neighbours: in its row, and around it.
ALIKE_ROW, ALIKE_AROUND = 2.6, 3.0
# How sure it is of neighbours before any is seen, and what that weighs beside one that stands close. Surer neighbours
# count no more than this, since lines of a table stand beside digits too; less sure ones count no less than this.
EXPECTED, EXPECTED_WEIGHT, SURE_ENOUGH, HOPELESS = 0.3, 0.5, 0.7, 0.01
# The logarithm of a width by a height that is four times as much: what is more slender is as slender as that, since a 1
# of a thin pen is as slender as a line, which generated pages have more of.
MOST_SLENDER = 1.4
# More neighbours than these are as many, by weight.
COMPANY = 3.0
# A place that is by more than this larger than its neighbours (its logarithm) or lower (in heights) is so by as much.
MOST_APART = 2.0


class InkEvidence(NamedTuple):
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


class Evidence(NamedTuple):
    """What speaks for and against one digit at one place.

    Attributes:
        label: The digit, 0 to 9: a stroke is a 1 more often than a scrawl is an 8.
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

    label: int
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
        """The evidence as numbers, the first of them 1."""
        of_ink: tuple[float, ...] = (0.0,) * 6
        of_label = [0.0] * 10
        of_label[self.label] = 1.0
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
            *of_label,
        )


# Of a place by itself: its evidence's, and how wide it is for its height, and how large.
FEATURES = 27 + 2
# What is known of a place before any step: its features, of its neighbours in the row and around their number, by
# weight, how much larger it is, and how much lower it stands, and how many digits the finder sees in the picture.
# Each step adds three numbers for the steps after it: its logit, and those of the neighbours in the row and around.
KNOWN, ADDED = FEATURES + 2 * 3 + 2, 3
# Which of the features is the finder's score, as a logit.
SCORE = 1


class Places(NamedTuple):
    """All places of one picture where a digit may be.

    Attributes:
        features: Shape (n, `FEATURES`), of each place by itself.
        boxes: Shape (n, 4): x, y, width and height, in pixels at working size.
    """

    features: NDArray[np.float64]
    boxes: Floats

    @classmethod
    def of(cls, evidence: Sequence[Evidence], boxes: Sequence[Sequence[float]]) -> "Places":
        """The places of this evidence."""
        features = np.array([one.features() for one in evidence], np.float64).reshape(-1, FEATURES - 2)
        sides = np.array(boxes, np.float32).reshape(-1, 4)
        width, height = np.log1p(sides[:, 2:].astype(np.float64)).T
        shape = np.clip(width - height, -MOST_SLENDER, MOST_SLENDER)
        of_box = np.stack([shape, np.maximum(width, height)], axis=1)
        return cls(np.concatenate([features, of_box], axis=1), sides)


class Step(NamedTuple):
    """A step that sees a place among its neighbours, by all that the steps before made of them.

    Attributes:
        weights: Of its inputs, which make its logit by themselves.
        hidden: Units that add to that logit, each a rectified sum: the weights of its inputs, and then its own.
    """

    weights: tuple[float, ...]
    hidden: tuple[tuple[float, ...], ...] = ()

    def logits(self, inputs: Matrix) -> Matrix:
        """Shape (n,), of n places; `inputs` has shape (n, `KNOWN` + `ADDED` for each step before)."""
        logits = inputs @ np.array(self.weights)
        if self.hidden:
            units = np.array(self.hidden)
            logits += np.maximum(inputs @ units[:, :-1].T, 0) @ units[:, -1]
        return np.asarray(logits)


class Confidence(NamedTuple):
    """What is fitted on generated pages: a logistic regression of a place by itself, and steps that see its neighbours.

    What looks like a digit in the middle of a word is rarely one (rescoring by context: Felzenszwalb et al., "Object
    detection with discriminatively trained part-based models", 2010). A further step sees what the one before made of
    the neighbours (Tu and Bai, "Auto-context and its application to high-level vision tasks", 2010).

    Attributes:
        weights: Of a place's features.
        steps: The further steps; the last one's logit is the confidence's.
    """

    weights: tuple[float, ...]
    steps: tuple[Step, ...] = ()

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
            steps = [Step(_floats(one["weights"]), tuple(map(_floats, one["hidden"]))) for one in found["steps"]]
            confidence = cls(_floats(found["weights"]), tuple(steps))
            rows = [(confidence.weights, FEATURES)]
            for number, step in enumerate(steps, 1):
                inputs = KNOWN + ADDED * number
                rows += [(step.weights, inputs), *((unit, inputs + 1) for unit in step.hidden)]
            sound = all(len(row) == length and bool(np.isfinite(row).all()) for row, length in rows)
        except (KeyError, TypeError, ValueError, OverflowError):
            sound = False
        if not sound:
            raise ModelError(f"{name} says nothing sound of how confidence is computed; export it again")
        return confidence

    def to_metadata(self) -> dict[str, Any]:
        """The document that `from_metadata` reads."""
        return {KEY: {"weights": self.weights, "steps": [step._asdict() for step in self.steps]}}

    def of(self, places: Places) -> Floats:
        """How sure it is of each place's digit: that it is there, and this one. Shape (n,), 0 to 1."""
        return sigmoid(self.logits(places)).astype(np.float32)

    def logits(self, places: Places) -> Matrix:
        """The last step's logits, shape (n,)."""
        logits = places.features @ np.array(self.weights)
        if self.steps:
            neighbours = Neighbours(places)
            for step in self.steps:
                logits = step.logits(neighbours.inputs_after(logits))
        return np.asarray(logits)


# Of a finder that was exported without pages to fit on: its score and the classifier's probability, multiplied.
UNFITTED = Confidence((0.0, 1.0, 1.0) + (0.0,) * (FEATURES - 3))


def mix(probabilities: Floats, labels: Floats) -> Floats:
    """The ten digits by classifier and finder together.

    Args:
        probabilities: The classifier's, shape (10,).
        labels: The finder's, shape (10,).
    """
    logs = np.log(np.maximum(probabilities, SMALLEST)) + SHARE * np.log(np.maximum(labels, SMALLEST))
    mixed = np.exp(logs - logs.max())
    return np.asarray(mixed / mixed.sum(), np.float32)


class Neighbours:
    """The places of a picture beside each other; what a step sees of them grows by what the one before made of them."""

    def __init__(self, places: Places) -> None:
        """See how near and how alike all places are."""
        left, top, width, height = places.boxes.astype(np.float64).T
        size = np.maximum(width, height)
        x, y, bottom = left + width / 2, top + height / 2, top + height
        ratio = size[:, None] / size
        ratio = np.maximum(ratio, 1 / ratio)
        gap = np.maximum(left[:, None], left) - np.minimum((left + width)[:, None], left + width)
        in_row = np.exp(-np.maximum(gap, 0) / size[:, None] / ROW_LENGTH)
        in_row *= (np.abs(y[:, None] - y) < SAME_ROW * np.maximum(size[:, None], size)) & (ratio < ALIKE_ROW)
        distance = np.hypot(x[:, None] - x, y[:, None] - y)
        around = np.exp(-distance / size[:, None] / AROUND_LENGTH) * (ratio < ALIKE_AROUND)
        self._weights, self._counts, columns = (in_row, around), [], [places.features]
        for weight in self._weights:
            np.fill_diagonal(weight, 0)
            count = weight.sum(axis=1)
            self._counts.append(count)
            share = weight / np.maximum(count, SMALLEST)[:, None]
            larger, lower = np.log(size) - share @ np.log(size), (bottom - share @ bottom) / size
            # Of hardly any neighbours there is hardly anything to tell.
            beside = np.clip(np.stack([larger, lower]), -MOST_APART, MOST_APART) * np.minimum(count, 1)
            columns.append(np.stack([np.minimum(count, COMPANY), *beside], axis=1))
        seen = sigmoid(places.features[:, SCORE])
        columns.append(np.tile([np.log1p(seen.sum()), seen.mean() if len(seen) else 0.0], (len(seen), 1)))
        self._inputs = np.concatenate(columns, axis=1)

    def inputs_after(self, logits: Matrix) -> Matrix:
        """What the next step sees.

        Args:
            logits: Of the step before, shape (n,).

        Returns:
            Shape (n, `KNOWN` + `ADDED` for each step before); logits of neighbours go up to that of `SURE_ENOUGH`.
        """
        sure, columns = sigmoid(logits), [np.clip(logits, -MOST_LOGIT, MOST_LOGIT)]
        for weight, count in zip(self._weights, self._counts, strict=True):
            mean = (weight @ sure + EXPECTED * EXPECTED_WEIGHT) / (count + EXPECTED_WEIGHT)
            mean = np.clip(mean, HOPELESS, SURE_ENOUGH)
            columns.append(np.log(mean / (1 - mean)))
        self._inputs = np.concatenate([self._inputs, np.stack(columns, axis=1)], axis=1)
        return self._inputs


def _floats(values: Iterable[Any]) -> tuple[float, ...]:
    return tuple(float(value) for value in values)


def _logit(probability: float) -> float:
    probability = min(max(probability, SMALLEST), 1 - SMALLEST)
    return float(np.log(probability / (1 - probability)))


def sigmoid(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probabilities of logits."""
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -50, 50))))
