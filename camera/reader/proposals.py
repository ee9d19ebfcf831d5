"""What may be a digit: what the finder sees, with the connected ink at its place beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Classified, Classify
from mnist_edge.camera.reader.crop import Crop, cut
from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.confidence import Evidence, InkEvidence, mix
from mnist_edge.detection import Detections, Floats, iou_matrix
from mnist_edge.finder import Found
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Box
from mnist_edge.refusal import digit_score

# A detection and connected ink are the same place where their boxes have this IoU.
SAME_PLACE = 0.5
# The classifier takes connected ink for a digit at all where its score reaches this.
IS_DIGIT = 0.5


@dataclass(frozen=True, slots=True, eq=False)
class Proposal:
    """Ink that may be a digit, and all that is known of it.

    Attributes:
        box: Tight around the ink, in pixels of the picture.
        crop: The ink as the classifier saw it, shape (28, 28), uint8, 0 = paper, 255 = full ink.
        label: What it is most likely, 0 to 9, or another class.
        mixed: Probabilities of the classes by finder and classifier, if it is one, shape (classes,).
        probability: The classifier's, of the label, 0 to 1.
        score: How sure the finder is that a digit is there, 0 to 1; the classifier, where no finder knows the classes.
        evidence: What speaks for the label.
    """

    box: Box
    crop: NDArray[np.uint8]
    label: int
    mixed: Floats
    probability: float
    score: float
    evidence: Evidence


def propose(
    found: Found, most: int, shape: tuple[int, ...], connected: Sequence[Classified], classify: Classify
) -> list[Proposal]:
    """Classify what the finder sees, and lay connected ink beside it.

    Args:
        found: What the finder sees.
        most: So many of its detections are looked at, best first.
        shape: Of the picture: height, width.
        connected: Connected ink, classified.
        classify: The classifier; it is asked once.
    """
    detections = found.detections
    cuts = [(index, crop) for index in range(min(most, len(detections))) for crop in cut(found, index, shape)]
    seen = [
        _Detected.of(list(ways), detections.boxes[index], float(detections.scores[index]), detections.labels[index])
        for index, ways in groupby(_classified(cuts, classify), key=lambda way: way.index)
    ]
    overlaps = iou_matrix(_boxes([one.way.crop.box for one in seen]), _boxes([ink.box for ink in connected]))
    best = overlaps.argmax(axis=1) if overlaps.size else np.zeros(len(seen), np.intp)
    same = overlaps[np.arange(len(seen)), best] >= SAME_PLACE if overlaps.size else np.zeros(len(seen), np.bool_)
    return [
        one.beside(connected[ink] if is_same else None, detections)
        for one, ink, is_same in zip(seen, best, same, strict=True)
    ]


def propose_ink(connected: Sequence[Classified], shape: tuple[int, ...]) -> list[Proposal]:
    """Propose connected ink alone, for classes that the finder does not know; each score is the classifier's."""
    return [_alone(ink) for ink in _whole(connected, shape)]


@dataclass(frozen=True, slots=True, eq=False)
class _Way:
    """A way to cut a detection out, and what the classifier takes it for."""

    index: int
    crop: Crop
    image: NDArray[np.uint8]
    probabilities: Floats
    digit_score: float


def _classified(cuts: Sequence[tuple[int, Crop]], classify: Classify) -> list[_Way]:
    if not cuts:
        return []
    images = [normalise(widen_strokes(crop.ink)) for _, crop in cuts]
    probabilities = classify(np.stack(images))
    scores = digit_score(probabilities).tolist()
    return [_Way(*one, *rest) for one, *rest in zip(cuts, images, probabilities, scores, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class _Detected:
    """A detection, cut out in the way that finder and classifier like best together."""

    way: _Way
    labels: Floats
    score: float
    any_whole: bool
    overlap: float
    votes: NDArray[np.intp]

    @classmethod
    def of(cls, ways: Sequence[_Way], box: Floats, score: float, labels: Floats) -> "_Detected":
        liked = [mix(way.probabilities, labels) for way in ways]
        way = ways[max(range(len(ways)), key=lambda index: float(liked[index].max()))]
        overlap = float(iou_matrix(box, _boxes([way.crop.box]))[0, 0])
        votes = np.array([one.argmax() for one in liked])
        return cls(way, labels, score, any(one.crop.whole for one in ways), overlap, votes)

    def beside(self, ink: Classified | None, detections: Detections) -> Proposal:
        """The detection beside the connected ink at its place, which has its way where it is as sure."""
        way = self.way
        probabilities, digit_score, box, image = way.probabilities, way.digit_score, way.crop.box, way.image
        mixed = mix(probabilities, self.labels)
        if ink and ink.score > IS_DIGIT and ink.confidence >= probabilities[mixed.argmax()]:
            probabilities, digit_score, box, image = ink.probabilities, ink.score, ink.box, ink.crop
            mixed = mix(probabilities, self.labels)
        label = int(mixed.argmax())
        evidence = Evidence(
            score=self.score,
            finder_probability=float(self.labels[label]),
            probability=float(probabilities[label]),
            digit_score=digit_score,
            cut_off=self.any_whole and not way.crop.whole,
            goes_on=not self.any_whole,
            bare=way.crop.bare,
            overlap=self.overlap,
            agreement=float((self.votes == label).mean()),
            other_score=_best_other(detections, way.index, box),
            ink=InkEvidence(ink.label == label, ink.confidence, ink.score, ink.original.clutter) if ink else None,
        )
        return Proposal(box, image, label, mixed, evidence.probability, self.score, evidence)


def _best_other(detections: Detections, index: int, box: Box) -> float:
    """The best score of the detections, but for one, whose middles lie in a box."""
    x, y = detections.middles.T
    inside = (x > box.x) & (x < box.right) & (y > box.y) & (y < box.bottom)
    inside[index] = False
    return float(detections.scores[inside].max(initial=0))


def _alone(ink: Classified) -> Proposal:
    """Connected ink by itself."""
    evidence = Evidence(
        score=ink.score,
        finder_probability=1 / len(ink.probabilities),
        probability=ink.confidence,
        digit_score=ink.score,
        ink=InkEvidence(True, ink.confidence, ink.score, ink.original.clutter),
    )
    return Proposal(ink.box, ink.crop, ink.label, ink.probabilities, ink.confidence, ink.score, evidence)


def _whole(connected: Sequence[Classified], shape: tuple[int, ...]) -> list[Classified]:
    """Leave out what goes on beyond the picture, as shadows do too."""

    def is_whole(box: Box) -> bool:
        return min(box.x, box.y) > 0 and box.right < shape[1] and box.bottom < shape[0]

    return [ink for ink in connected if is_whole(ink.box)]


def _boxes(boxes: Sequence[Box]) -> Floats:
    return np.array(boxes, np.float32).reshape(-1, 4)
