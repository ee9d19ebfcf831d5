"""What finder and classifier together make of a detection: label, runner-up, confidence, and why it is refused."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.crop import Crop
from mnist_edge.camera.reader.decision import NOT_A_DIGIT, UNSURE, Judged, judge
from mnist_edge.confidence import UNFITTED, Confidence
from mnist_edge.detection import Detections
from mnist_edge.reading import Box, Digit, Guess, Rejected

Floats = NDArray[np.float32]
BOX = Box(20, 30, 4, 40)
# The classifier alone decides which digit it is, and the finder's score alone whether there is one.
SCORE_ALONE = Confidence(0.0, (0.0, 1.0, 0.0, 0.0, 0.0))


def opinion(label: int, probability: float, other: int = 0) -> Floats:
    """Probabilities of the ten digits: of one, and what is left for another."""
    row = np.zeros(10, np.float32)
    row[label], row[other] = probability, 1 - probability
    return row


def bar() -> Crop:
    return Crop(BOX, np.full((BOX.height, BOX.width), 255, np.uint8))


class Answering:
    """A classifier with these rows for the crops that it is shown, which it keeps."""

    def __init__(self, *rows: Floats) -> None:
        self._rows, self.shown = rows, list[NDArray[np.uint8]]()

    def __call__(self, crops: NDArray[np.uint8]) -> Floats:
        self.shown.append(crops)
        return np.stack(self._rows)


def judged(
    classifier: Answering, scores: list[float], labels: list[Floats], confidence: Confidence = UNFITTED
) -> list[Judged]:
    boxes = np.tile(np.array([BOX], np.float32), (len(scores), 1))
    found = Detections(boxes, np.array(scores, np.float32), np.array(labels, np.float32).reshape(-1, 10))
    return judge(found, [bar() for _ in scores], classifier, confidence)


def test_the_crops_are_classified_in_one_invoke_and_kept() -> None:
    classifier = Answering(*(opinion(label, 0.9) for label in (1, 2, 3)))
    found = judged(classifier, [0.9, 0.8, 0.7], [opinion(label, 0.9) for label in (1, 2, 3)])
    (shown,) = classifier.shown
    assert shown.shape == (3, 28, 28) and shown.dtype == np.uint8
    assert [one.label for one in found] == [1, 2, 3]
    assert all(np.array_equal(one.crop, crop) for one, crop in zip(found, shown, strict=True))
    # Upright, and not wider than it was.
    assert shown[0][4:24].max(axis=1).all() and shown[0].max(axis=0).sum() < 255 * 10


def test_nothing_found_nothing_asked() -> None:
    classifier = Answering()
    assert judged(classifier, [], []) == [] and classifier.shown == []


def test_the_label_is_what_both_together_say() -> None:
    sure, doubtful = opinion(3, 0.55, other=8), opinion(8, 0.98, other=3)
    (alone,) = judged(Answering(sure), [0.9], [doubtful], Confidence(0.0, UNFITTED.weights))
    (both,) = judged(Answering(sure), [0.9], [doubtful], Confidence(1.0, UNFITTED.weights))
    assert (alone.label, alone.runner_up.label) == (3, 8)
    assert (both.label, both.runner_up.label) == (8, 3)
    assert alone.runner_up.probability == pytest.approx(0.45, abs=0.001)
    assert both.runner_up.probability < 0.05
    # Whatever is chosen, the classifier's own probability stays visible.
    assert [alone.probability, both.probability] == pytest.approx([0.55, 0.45])


def test_the_confidence_is_the_fitted_one() -> None:
    rows = [opinion(4, 0.9), opinion(4, 0.9)]
    sure, unsure = judged(Answering(*rows), [0.95, 0.3], rows, SCORE_ALONE)
    assert [sure.confidence, unsure.confidence] == pytest.approx([0.95, 0.3], abs=1e-4)


@pytest.mark.parametrize(("score", "reason"), [(0.49, NOT_A_DIGIT), (0.51, UNSURE), (0.99, UNSURE)])
def test_where_the_finder_doubts_it_is_no_digit_else_it_is_unsure(score: float, reason: str) -> None:
    (found,) = judged(Answering(opinion(7, 0.8)), [score], [opinion(7, 0.8)], SCORE_ALONE)
    refused = found.as_rejected()
    assert refused == Rejected(BOX, reason, 7, found.confidence, found.score, found.probability)
    assert refused.score == pytest.approx(score) and refused.probability == pytest.approx(0.8)
    assert refused.crop is found.crop


def test_a_digit_has_the_tight_box_and_the_runner_up() -> None:
    (found,) = judged(Answering(opinion(7, 0.8, other=1)), [0.9], [np.full(10, 0.1, np.float32)], SCORE_ALONE)
    assert found.as_digit() == Digit(7, found.confidence, BOX, 0, Guess(1, found.runner_up.probability))
    assert found.runner_up.probability == pytest.approx(0.2, abs=0.001)
