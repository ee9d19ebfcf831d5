"""Candidates for digits, and what the network takes them for. Boxes are in pixels at working size."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Box, Digit, Guess, Rejected
from mnist_edge.refusal import digit_score

# The network: n crops, shape (n, 28, 28), uint8, to probabilities, shape (n, 10).
Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """Ink that may be a digit.

    Attributes:
        box: Tight around the ink.
        ink: Shape (box.height, box.width), uint8, 0 = paper, 255 = full ink; nothing of its neighbours.
        parts: Labels of the connected components that it is made of; candidates that share one exclude each other.
        clutter: How uneven the paper around it is: the 90th percentile of its ink level, as a share of the stroke's.
        strength: Ink level of the stroke, 0 to 255.
    """

    box: Box
    ink: NDArray[np.uint8]
    parts: frozenset[int]
    clutter: float
    strength: float


@dataclass(frozen=True, slots=True, eq=False)
class Classified:
    """A candidate with its most likely digit.

    Attributes:
        original: The candidate as it was cut out of the ink.
        label: 0 to 9.
        confidence: Probability of the label, 0 to 1.
        score: How sure the network is that it is a digit at all (`mnist_edge.refusal`), 0 to 1.
        runner_up: The second most likely digit.
        crop: The candidate as the network saw it, shape (28, 28), uint8, 0 = paper, 255 = full ink.
        reason: Why it is refused; empty where it is accepted.
    """

    original: Candidate
    label: int
    confidence: float
    score: float
    runner_up: Guess
    crop: NDArray[np.uint8]
    reason: str = ""

    @property
    def box(self) -> Box:
        """The candidate's box."""
        return self.original.box

    @property
    def parts(self) -> frozenset[int]:
        """Labels of the candidate's components."""
        return self.original.parts

    def as_digit(self, box: Box) -> Digit:
        """Return the candidate as a digit of a reading, at its box in the frame."""
        return Digit(self.label, self.confidence, box, 0, self.runner_up, crop=self.crop)

    def as_rejected(self) -> Rejected:
        """Return the refused candidate as a reading lists it, with the box still at working size."""
        return Rejected(self.box, self.reason, self.label, self.confidence, self.crop)


def refuse(classified: Iterable[Classified], reason: str) -> list[Classified]:
    """Return the candidates as refused for a reason."""
    return [replace(candidate, reason=reason) for candidate in classified]


def classify_candidates(candidates: list[Candidate], classify: Classify) -> list[Classified]:
    """Let the network classify candidates, in one batched invoke."""
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
        Classified(candidate, int(label), float(row[label]), float(score), Guess(int(second), float(row[second])), crop)
        for candidate, crop, label, second, row, score in zip(
            candidates, crops, labels, seconds, probabilities, scores, strict=True
        )
    ]
