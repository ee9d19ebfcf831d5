"""Candidates among connected ink, and what the classifier takes them for. Boxes are in pixels of the picture."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Box
from mnist_edge.refusal import digit_score

# The classifier: n crops, shape (n, 28, 28), uint8, to probabilities, shape (n, classes).
Classify = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


class Candidate(NamedTuple):
    """Ink that may be a digit.

    Attributes:
        box: Tight around the ink.
        ink: Shape (box.height, box.width), uint8, 0 = paper, 255 = full ink; nothing of its neighbours.
        parts: Labels of the connected components that it is made of; candidates that share one exclude each other.
        clutter: How uneven the paper around it is: the 90th percentile of its ink level, as a share of the stroke's.
    """

    box: Box
    ink: NDArray[np.uint8]
    parts: frozenset[int]
    clutter: float


class Classified(NamedTuple):
    """Ink, and what the classifier takes it for.

    Attributes:
        original: The candidate as it was cut out of the ink.
        probabilities: Of the ten digits, or other classes, shape (classes,).
        score: How sure the classifier is that it is a digit at all (`mnist_edge.refusal`), 0 to 1.
        crop: The candidate as the classifier saw it, shape (28, 28), uint8, 0 = paper, 255 = full ink.
    """

    original: Candidate
    probabilities: NDArray[np.float32]
    score: float
    crop: NDArray[np.uint8]

    @property
    def box(self) -> Box:
        """The candidate's box."""
        return self.original.box

    @property
    def parts(self) -> frozenset[int]:
        """Labels of the candidate's components."""
        return self.original.parts

    @property
    def label(self) -> int:
        """The most likely digit, 0 to 9, or other class."""
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The label's probability, 0 to 1."""
        return float(self.probabilities.max())


def classify_candidates(candidates: list[Candidate], classify: Classify) -> list[Classified]:
    """Let the classifier see candidates, in one batched invoke."""
    if not candidates:
        return []
    crops = [normalise(widen_strokes(candidate.ink)) for candidate in candidates]
    probabilities = classify(np.stack(crops))
    scores = digit_score(probabilities).tolist()
    return [Classified(*one) for one in zip(candidates, probabilities, scores, crops, strict=True)]
