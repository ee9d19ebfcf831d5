"""The values between finding ink and reading it. Boxes are in pixels at working size; equality is identity."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Box, Guess, Rejected
from mnist_edge.refusal import digit_score

# The network: n crops, shape (n, 28, 28), uint8, to probabilities, shape (n, 10).
Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Ink that may be a digit.

    Attributes:
        box: Tight around the ink.
        ink: Shape (box.height, box.width), uint8, 0 = paper, 255 = full ink; nothing of its neighbours.
        parts: The pieces of ink that it is made of; two candidates that share one exclude each other.
        clutter: How restless the paper around it is: the 90th percentile of its ink level, as a share of the stroke's.
        strength: Ink level of the stroke, 0 to 255.
    """

    box: Box
    ink: NDArray[np.uint8]
    parts: frozenset[int]
    clutter: float
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """A candidate with its most likely digit.

    Attributes:
        candidate: The ink.
        label: 0 to 9.
        confidence: Probability of the label, 0 to 1.
        score: How sure the network is that it is a digit at all (`mnist_edge.refusal`), 0 to 1.
        runner_up: The second most likely digit.
        crop: The candidate as the network saw it, shape (28, 28), uint8, 0 = paper, 255 = full ink.
    """

    candidate: Candidate
    label: int
    confidence: float
    score: float
    runner_up: Guess
    crop: NDArray[np.uint8]

    @property
    def box(self) -> Box:
        """Of the candidate."""
        return self.candidate.box


@dataclass(frozen=True, slots=True)
class Refused:
    """A candidate that is no digit, and why."""

    judged: Judged
    reason: str

    def as_rejected(self) -> Rejected:
        """For the reading, with the box still at working size."""
        judged = self.judged
        return Rejected(judged.box, self.reason, judged.label, judged.confidence, judged.crop)


def classify_candidates(candidates: list[Candidate], classify: Classify) -> list[Judged]:
    """Each candidate with its most likely digit, by one batched invoke."""
    if not candidates:
        return []
    crops = [normalise(widen_strokes(candidate.ink)) for candidate in candidates]
    probabilities = classify(np.stack(crops))
    scores, each = digit_score(probabilities), np.arange(len(candidates))
    labels = probabilities.argmax(axis=1)
    others = probabilities.copy()
    others[each, labels] = -1
    seconds = others.argmax(axis=1)
    return [
        Judged(candidate, int(label), float(row[label]), float(score), Guess(int(second), float(row[second])), crop)
        for candidate, crop, label, second, row, score in zip(
            candidates, crops, labels, seconds, probabilities, scores, strict=True
        )
    ]
