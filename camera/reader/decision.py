"""Decide which detections are digits: finder and classifier together give one calibrated confidence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.crop import Crop
from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.confidence import Confidence, Opinions
from mnist_edge.detection import Detections
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Box, Digit, Guess, Rejected

# The classifier: n crops, shape (n, 28, 28), uint8, to probabilities, shape (n, 10).
Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

# Why a detection is refused: the finder doubts that it is a digit, or else both together do.
NOT_A_DIGIT, UNSURE = "not a digit", "low confidence"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A detection with its most likely digit.

    Attributes:
        box: Tight around its ink, in pixels of the picture.
        label: 0 to 9.
        confidence: Probability that a digit is there and that it is this one, 0 to 1.
        score: How sure the finder is that a digit is there, 0 to 1.
        probabilities: The classifier's, of the ten digits, shape (10,).
        runner_up: The second most likely digit.
        crop: The detection as the classifier saw it, shape (28, 28), uint8, 0 = paper, 255 = full ink.
    """

    box: Box
    label: int
    confidence: float
    score: float
    probabilities: NDArray[np.float32]
    runner_up: Guess
    crop: NDArray[np.uint8]

    def as_digit(self) -> Digit:
        """Return it as a digit of a reading."""
        return Digit(self.label, self.confidence, self.box, 0, self.runner_up, crop=self.crop)

    @property
    def probability(self) -> float:
        """The classifier's probability of the label, 0 to 1."""
        return float(self.probabilities[self.label])

    @property
    def reason(self) -> str:
        """Why it is refused, where it is."""
        return NOT_A_DIGIT if self.score < 0.5 else UNSURE

    def as_rejected(self) -> Rejected:
        """Return it as a reading lists what it refused."""
        return Rejected(self.box, self.reason, self.label, self.confidence, self.score, self.probability, self.crop)


def judge(detections: Detections, crops: Sequence[Crop], classify: Classify, confidence: Confidence) -> list[Judged]:
    """Judge detections, in one batched invoke of the classifier.

    Args:
        detections: n of them.
        crops: What each holds.
        classify: The classifier.
        confidence: Makes one of what both say.
    """
    if not crops:
        return []
    images = [normalise(widen_strokes(crop.ink)) for crop in crops]
    probabilities = classify(np.stack(images))
    boxes = np.array([crop.box for crop in crops], np.float32)
    mixed, sure = confidence.combine(Opinions(detections.scores, detections.labels, probabilities, boxes))
    order = np.argsort(-mixed, axis=1, kind="stable")[:, :2]
    return [
        Judged(
            crop.box,
            int(first),
            float(certainty),
            float(score),
            own,
            Guess(int(second), float(both[second])),
            image,
        )
        for crop, (first, second), certainty, score, own, both, image in zip(
            crops, order, sure, detections.scores, probabilities, mixed, images, strict=True
        )
    ]
