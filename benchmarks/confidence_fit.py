"""Fit the confidence of finder and classifier together on generated pages, and measure what it is worth."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.benchmarks.judged_pages import judge_pages
from mnist_edge.calibration import calibration_error, compare
from mnist_edge.camera.reader import Reader
from mnist_edge.confidence import Confidence, fit
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.progress import Progress, no_progress


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
    judged = judge_pages(reader, pages, progress)
    others, stored = judged[1::2], pages[1::2]
    confidence = fit([one.opinions for one in judged[::2]], [one.truth for one in judged[::2]])
    combined = [confidence.combine(one.opinions) for one in others]
    sure = np.concatenate([of_page for _, of_page in combined])
    right = np.concatenate(
        [mixed.argmax(axis=1) == one.truth for (mixed, _), one in zip(combined, others, strict=True)]
    )
    shown = sure >= reader.min_confidence
    empty = np.repeat([not len(page.boxes) for page in stored], [len(one.truth) for one in others])
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
