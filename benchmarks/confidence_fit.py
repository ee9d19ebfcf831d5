"""Fit the confidence of finder and classifier together on generated pages, and measure what it is worth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.judged_pages import MIN_OVERLAP, JudgedPage, judge_pages
from mnist_edge.calibration import calibration_error, compare
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.proposals import SAME_INK
from mnist_edge.confidence import Confidence
from mnist_edge.detection import Detections, iou_matrix, suppress
from mnist_edge.models.finder.confidence import fit
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.progress import Progress, no_progress

# Plain pages are of four kinds, one after another (`models.finder.levels`).
KINDS = 4


@dataclass(frozen=True, slots=True)
class FittedConfidence:
    """A confidence, and how it does: figures of each half of the pages are those of one fitted on the other half.

    Attributes:
        confidence: Fitted on all pages.
        pages: How many.
        digits: Written on these.
        calibration_error: Expected calibration error of all digits and non-digits that are told apart, 0 to 1.
        f1: Of the digits with at least the reader's least confidence, with the right label.
        false_digits: Of these, a page without digits.
        min_confidence: The reader's least confidence.
        classifier: Name of the classifier.
    """

    confidence: Confidence
    pages: int
    digits: int
    calibration_error: float
    f1: float
    false_digits: float
    min_confidence: float
    classifier: str

    def to_json(self) -> dict[str, Any]:
        """The figures, without the weights."""
        return {name: value for name, value in asdict(self).items() if name != "confidence"}


def fit_confidence(
    finder: str | Path, pages: Sequence[StoredPage], progress: Progress = no_progress, classifier: str = "small"
) -> FittedConfidence:
    """Fit on all pages; measure by two-fold cross-validation, four pages in one fold, the next four in the other.

    Args:
        finder: A `.tflite` file of a finder.
        pages: Generated ones, with digits that neither network was trained on.
        progress: Called with the number of pages read.
        classifier: The classifier.
    """
    reader = Reader(classifier, finder=finder)
    judged = judge_pages(reader, pages, progress)
    # Kinds of pages alternate, so that every other page would be of other kinds than those between.
    halves = [[page for index, page in enumerate(judged) if index // KINDS % 2 == half] for half in (0, 1)]
    folds = [_fit(half) for half in halves]
    judged = [*halves[1], *halves[0]]
    shown = [
        _shown(page, confidence) for confidence, half in zip(folds, reversed(halves), strict=True) for page in half
    ]
    sure = np.concatenate([confidences for confidences, _ in shown])
    right = np.concatenate([hits for _, hits in shown])
    digits = sum(len(page.truth) for page in judged)
    empty = np.repeat([not len(page.truth) for page in judged], [len(confidences) for confidences, _ in shown])

    read = sure >= reader.min_confidence
    pages_without = sum(not len(page.truth) for page in judged)
    return FittedConfidence(
        confidence=_fit(judged),
        pages=len(judged),
        digits=digits,
        calibration_error=calibration_error(compare(sure, right)),
        f1=float(2 * (right & read).sum() / max(digits + read.sum(), 1)),
        false_digits=float((empty & read).sum() / max(pages_without, 1)),
        min_confidence=reader.min_confidence,
        classifier=reader.model,
    )


def _fit(pages: Sequence[JudgedPage]) -> Confidence:
    return fit([page.places for page in pages], [page.right for page in pages])


def _shown(page: JudgedPage, confidence: Confidence) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """What is left of a page's places after suppression: how sure each is, and whether it is right, each digit once."""
    sure, boxes = confidence.of(page.places), page.places.boxes
    kept = suppress(Detections(boxes, sure, np.zeros((len(sure), 10), np.float32)), limits=SAME_INK)
    overlaps = iou_matrix(boxes[kept], page.written)
    right = np.zeros(len(kept), np.bool_)
    for place in range(len(kept) if overlaps.size else 0):
        digit = int(overlaps[place].argmax())
        right[place] = overlaps[place, digit] >= MIN_OVERLAP and page.truth[digit] == page.labels[kept[place]]
        if right[place]:
            overlaps[:, digit] = 0
    return sure[kept], right
