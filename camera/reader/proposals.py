"""What may be a digit: what the finder sees, with the connected ink at its place beside it."""

from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.reader.candidate import Classified, Classify
from mnist_edge.camera.reader.crop import Crop, cut
from mnist_edge.camera.reader.pen import widen_strokes
from mnist_edge.confidence import Evidence, InkEvidence, mix
from mnist_edge.detection import Detections, Floats, are_same, broad, iou_matrix
from mnist_edge.finder import Found
from mnist_edge.normalisation import normalise
from mnist_edge.reading import Box
from mnist_edge.refusal import digit_score

# Two places hold the same ink where their boxes have this IoU, or where so much of the smaller lies in the other;
# digits that touch share less.
SAME_INK = 0.35, 0.9
# A detection that covers so much of what another was cut to, and is the same digit, is that digit once more.
COVERED = 0.75
# A detection and connected ink are the same place where their boxes have this IoU.
SAME_PLACE = 0.5
# The classifier takes connected ink for a digit at all where its score reaches this.
IS_DIGIT = 0.5
# A detection is clear where finder and classifier together, and the classifier that it is a digit at all, are so sure,
# and the finder so sure that one is there, and less sure of any other in it, 0 to 1.
CLEAR, CLEAR_SCORE, OTHER_SCORE = 0.98, 0.4, 0.2


class Proposal(NamedTuple):
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


def see(found: Found, most: int, shape: tuple[int, ...], classify: Classify) -> list["Seen"]:
    """Cut out what the finder sees, and classify it.

    Each detection is cut out in the way that changes least. Where that leaves a doubt it is cut out in the others too,
    unless it holds the ink of one that leaves none.

    Args:
        found: What the finder sees.
        most: So many of its detections are looked at, best first.
        shape: Of the picture: height, width.
        classify: The classifier; it is asked twice at most.
    """
    detections = found.detections
    crops = [cut(found, index, shape) for index in range(min(most, len(detections)))]
    firsts = ((index, next(ways, None)) for index, ways in enumerate(crops))
    ways = _classified([(index, crop) for index, crop in firsts if crop], detections, classify)
    clear = {way.detection for way in ways if _is_clear(way, detections)}
    # What holds the ink of a clear one could only be the same digit once more.
    is_clear = np.array([way.detection in clear for way in ways], np.bool_)
    boxes = _boxes([way.crop.box for way in ways])
    known = is_clear | ~are_same(boxes, boxes[is_clear], SAME_INK)
    kept = [way for way, is_known in zip(ways, known, strict=True) if is_known]
    others = [(way.detection, crop) for way in kept if way.detection not in clear for crop in crops[way.detection]]
    every = sorted((*kept, *_classified(others, detections, classify)), key=lambda way: way.detection)
    return [
        Seen.of(list(ways), index in clear, detections) for index, ways in groupby(every, key=lambda way: way.detection)
    ]


def propose(seen: Sequence["Seen"], connected: Sequence[Classified], detections: Detections) -> list[Proposal]:
    """Lay connected ink beside what the finder sees.

    Args:
        seen: What the finder sees, classified.
        connected: Connected ink, classified.
        detections: All that the finder sees.
    """
    overlaps = iou_matrix(_boxes([one.way.crop.box for one in seen]), _boxes([ink.box for ink in connected]))
    best = overlaps.argmax(axis=1) if overlaps.size else np.zeros(len(seen), np.intp)
    same = overlaps[np.arange(len(seen)), best] >= SAME_PLACE if overlaps.size else np.zeros(len(seen), np.bool_)
    middles = detections.middles
    return [
        one.beside(connected[ink] if is_same else None, middles, detections.scores)
        for one, ink, is_same in zip(seen, best, same, strict=True)
    ]


def propose_ink(connected: Sequence[Classified], shape: tuple[int, ...]) -> list[Proposal]:
    """Propose connected ink alone, for classes that the finder does not know; each score is the classifier's."""
    return [_alone(ink) for ink in _whole(connected, shape)]


class _Way(NamedTuple):
    """A way to cut a detection out, and what the classifier takes it for, alone and together with the finder."""

    detection: int
    crop: Crop
    image: NDArray[np.uint8]
    probabilities: Floats
    digit_score: float
    mixed: Floats


def _classified(cuts: Sequence[tuple[int, Crop]], detections: Detections, classify: Classify) -> list[_Way]:
    if not cuts:
        return []
    images = [normalise(widen_strokes(crop.ink)) for _, crop in cuts]
    probabilities = classify(np.stack(images))
    scores = digit_score(probabilities).tolist()
    both = [mix(one, detections.labels[index]) for one, (index, _) in zip(probabilities, cuts, strict=True)]
    return [_Way(*one, *rest) for one, *rest in zip(cuts, images, probabilities, scores, both, strict=True)]


def _is_clear(way: _Way, detections: Detections) -> bool:
    """Whether finder and classifier are sure of one digit, with nothing cut off: then nothing else is asked."""
    if detections.scores[way.detection] < CLEAR_SCORE or way.digit_score < CLEAR or not way.crop.whole or way.crop.bare:
        return False
    if float(way.mixed.max()) < CLEAR:
        return False
    # Of two digits that touch, both lie in what is cut out, and neither covers it.
    box = way.crop.box
    others = _inside(detections.middles, box) & (detections.scores >= OTHER_SCORE)
    others[way.detection] = False
    if not others.any():
        return True
    again = _covered(box, detections.boxes[others]) >= COVERED
    again &= detections.labels[others].argmax(axis=1) == way.mixed.argmax()
    return bool(again.all())


def _covered(box: Box, by: Floats) -> Floats:
    """Which share of a box each of n others covers, shape (n,), 0 to 1."""
    left, top = np.maximum(by[:, 0], box.x), np.maximum(by[:, 1], box.y)
    right, bottom = np.minimum(by[:, 0] + by[:, 2], box.right), np.minimum(by[:, 1] + by[:, 3], box.bottom)
    return np.asarray(np.maximum(right - left, 0) * np.maximum(bottom - top, 0) / (box.width * box.height))


def _inside(middles: Floats, box: Box) -> NDArray[np.bool_]:
    """Which of n middles, shape (n, 2), lie in a box."""
    return np.asarray(np.all((middles > (box.x, box.y)) & (middles < (box.right, box.bottom)), axis=1))


class Seen(NamedTuple):
    """A detection, cut out in the way that finder and classifier like best together.

    Attributes:
        way: That way.
        is_clear: Whether there is no doubt, so that no other way was tried and no connected ink is needed.
        labels: The finder's probabilities of the ten digits, shape (10,).
        score: How sure the finder is that a digit is there, 0 to 1.
        any_whole: Whether nothing was cut off in one of the ways.
        overlap: IoU of what was cut out and the finder's box, both made broader where they are slender, 0 to 1.
        votes: The most likely digit in each of the ways.
    """

    way: _Way
    is_clear: bool
    labels: Floats
    score: float
    any_whole: bool
    overlap: float
    votes: NDArray[np.intp]

    @classmethod
    def of(cls, ways: Sequence[_Way], is_clear: bool, detections: Detections) -> "Seen":
        """Choose one of the ways to cut out a detection."""
        index = ways[0].detection
        labels, score = detections.labels[index], float(detections.scores[index])
        way = max(ways, key=lambda one: float(one.mixed.max()))
        overlap = float(iou_matrix(broad(detections.boxes[[index]]), broad(_boxes([way.crop.box])))[0, 0])
        votes = np.array([one.mixed.argmax() for one in ways])
        return cls(way, is_clear, labels, score, any(one.crop.whole for one in ways), overlap, votes)

    def beside(self, ink: Classified | None, middles: Floats, scores: Floats) -> Proposal:
        """The detection beside the connected ink at its place, which has its way where it is as sure.

        Args:
            ink: The connected ink, if there is some.
            middles: Of all detections, shape (n, 2).
            scores: Of all detections, shape (n,).
        """
        way = self.way
        probabilities, digit_score, box, image = way.probabilities, way.digit_score, way.crop.box, way.image
        mixed = way.mixed
        if ink and ink.score > IS_DIGIT and ink.confidence >= probabilities[mixed.argmax()]:
            probabilities, digit_score, box, image = ink.probabilities, ink.score, ink.box, ink.crop
            mixed = mix(probabilities, self.labels)
        label = int(mixed.argmax())
        inside = _inside(middles, box) & (np.arange(len(middles)) != way.detection)
        evidence = Evidence(
            label=label,
            score=self.score,
            finder_probability=float(self.labels[label]),
            probability=float(probabilities[label]),
            digit_score=digit_score,
            cut_off=self.any_whole and not way.crop.whole,
            goes_on=not self.any_whole,
            bare=way.crop.bare,
            overlap=self.overlap,
            agreement=float((self.votes == label).mean()),
            other_score=float(scores[inside].max(initial=0)),
            ink=self._ink_evidence(ink, label),
        )
        return Proposal(box, image, label, mixed, evidence.probability, self.score, evidence)

    def _ink_evidence(self, ink: Classified | None, label: int) -> InkEvidence | None:
        if ink:
            return InkEvidence(ink.label == label, ink.confidence, ink.score, ink.original.clutter)
        # No connected ink is looked for where all is clear: what was cut out whole is just that.
        way = self.way
        return InkEvidence(True, float(way.probabilities[label]), way.digit_score, 0.0) if self.is_clear else None


def _alone(ink: Classified) -> Proposal:
    """Connected ink by itself."""
    evidence = Evidence(
        label=ink.label,
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
