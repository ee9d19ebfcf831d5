"""Fit the confidence of finder and classifier together on generated pages, and measure what it is worth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import calibration_error, compare
from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.reader import Stages
from mnist_edge.confidence import Confidence, fit
from mnist_edge.detection import Floats
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.progress import Progress, no_progress
from mnist_edge.reading import Box

# A detection is a digit where the IoU of the boxes reaches this, as photographs are scored.
MIN_OVERLAP = 0.4
NO_DIGIT = -1


@dataclass(frozen=True, slots=True)
class FittedConfidence:
    """A confidence, and how it does on pages that it was not fitted on.

    Attributes:
        confidence: Fitted on half of the pages.
        pages: How many of the other half it was measured on.
        digits: Written on these.
        calibration_error: Expected calibration error of all detections, 0 to 1.
        f1: Of the detections with at least the least confidence, with the right label.
        false_digits: Of these detections, a page without digits.
        classifier: Name of the classifier.
    """

    confidence: Confidence
    pages: int
    digits: int
    calibration_error: float
    f1: float
    false_digits: float
    classifier: str

    def to_json(self) -> dict[str, Any]:
        """The figures, without the weights."""
        return {name: value for name, value in asdict(self).items() if name != "confidence"}


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """What both networks say of the detections of some pages, and the truth."""

    scores: Floats
    labels: Floats
    probabilities: Floats
    truth: NDArray[np.int64]


def fit_confidence(
    finder: str | Path, pages: Sequence[StoredPage], progress: Progress = no_progress, classifier: str = "small"
) -> FittedConfidence:
    """Fit on every other page, and measure on those between.

    Args:
        finder: A `.tflite` file of a finder.
        pages: Generated ones, with digits that neither network was trained on.
        progress: Called with the number of pages read.
        classifier: The classifier.
    """
    reader = Reader(classifier, finder=finder)
    seen = []
    for done, page in enumerate(pages, 1):
        seen.append(_look(reader, page))
        progress(done, len(pages), "reading pages")
    confidence = fit(*_joined(seen[::2]))
    others, stored = seen[1::2], pages[1::2]
    scores, labels, probabilities, truth = _joined(others)
    mixed, sure = confidence.combine(scores, labels, probabilities)
    right = mixed.argmax(axis=1) == truth
    shown = sure >= reader.min_confidence
    empty = np.repeat([not len(page.boxes) for page in stored], [len(one.scores) for one in others])
    digits = sum(len(page.boxes) for page in stored)
    return FittedConfidence(
        confidence,
        len(stored),
        digits,
        calibration_error(compare(sure, right)),
        float(2 * (right & shown).sum() / max(digits + shown.sum(), 1)),
        float((shown & empty).sum() / max(sum(not len(page.boxes) for page in stored), 1)),
        reader.model,
    )


def _look(reader: Reader, page: StoredPage) -> _Seen:
    image = decode_image(page.picture, "page")
    stages = reader.read_in_stages(image, "page")
    probabilities = [one.probabilities for one in stages.judged]
    return _Seen(
        stages.detections.scores,
        stages.detections.labels,
        np.stack(probabilities) if probabilities else np.zeros((0, 10), np.float32),
        _truth(stages, page),
    )


def _truth(stages: Stages, page: StoredPage) -> NDArray[np.int64]:
    """The label of each detection: each digit is one detection's, best overlap first."""
    written = [Box(*box) for box in np.rint(page.boxes).astype(int).tolist()]
    overlaps = sorted(
        (
            (overlap, found, digit)
            for found, one in enumerate(stages.judged)
            for digit, box in enumerate(written)
            if (overlap := one.box.scaled(1 / stages.scale).iou(box)) >= MIN_OVERLAP
        ),
        reverse=True,
    )
    truth, taken = np.full(len(stages.judged), NO_DIGIT, np.int64), set[int]()
    for _, found, digit in overlaps:
        if truth[found] == NO_DIGIT and digit not in taken:
            truth[found] = page.labels[digit]
            taken.add(digit)
    return truth


def _joined(seen: Sequence[_Seen]) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    scores, labels, probabilities, truth = (
        np.concatenate([getattr(one, name) for one in seen]) for name in _Seen.__slots__
    )
    return scores, labels, probabilities, truth
