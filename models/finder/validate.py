"""What a finder finds on pages that it was not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import MULTIPLE, Detections, Floats, iou_matrix
from mnist_edge.finder import Network, find
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.opencv import cv2

# Detections that score less are not looked at.
# Most detections of a page.
MOST = 400
LEAST_SCORE = 0.15
# Intersection over union from which a box is that of a digit.
LEAST_IOU = 0.5


@dataclass(frozen=True, slots=True)
class Validation:
    """Figures of a finder on validation pages, at the threshold of the best F1; shares are 0 to 1.

    Attributes:
        pages: Generated pages.
        digits: On them.
        threshold: Of the score.
        recall: Share of the digits that are found, whatever they are taken for.
        precision: Share of the boxes that are a digit's.
        f1: Harmonic mean of the share of digits found with the right label, and of boxes that are such.
        negatives: Pages cut from pictures without digits.
        false_a_negative: Boxes found on one of them, on average; None where there are none.
    """

    pages: int
    digits: int
    threshold: float
    recall: float
    precision: float
    f1: float
    negatives: int
    false_a_negative: float | None


def keras_network(model: Any) -> Network:
    """A Keras finder as `find` takes it."""

    def network(ink: NDArray[np.uint8]) -> Floats:
        below, beside = (-side % MULTIPLE for side in ink.shape)
        inputs = np.pad(ink, ((0, below), (0, beside)))[None, ..., None].astype(np.float32) / np.float32(255)
        return np.asarray(model.predict_on_batch(inputs)[0], np.float32)

    return network


def validate(network: Network, pages: Sequence[StoredPage], negatives: Sequence[StoredPage]) -> Validation:
    """Find the digits of generated pages, and what a finder takes for digits on pages without any.

    Args:
        network: As `find` takes it.
        pages: Generated ones, with at least one digit among them.
        negatives: Cut from pictures without digits.
    """
    looks = [_look(network, page) for page in pages]
    scores, found, right = (np.concatenate([look[part] for look in looks]) for part in range(3))
    digits = sum(len(page.labels) for page in pages)
    order = np.argsort(-scores, kind="stable")
    boxes = np.arange(1, len(order) + 1)
    f1 = 2 * np.cumsum(right[order]) / (boxes + digits)
    # Nothing found at all is a threshold of 1.
    best = int(np.argmax(f1)) if len(f1) else -1
    threshold = float(scores[order][best]) if len(f1) else 1.0
    hits = int(found[order][: best + 1].sum())
    false = [int((_look(network, page)[0] >= threshold).sum()) for page in negatives]
    return Validation(
        pages=len(pages),
        digits=digits,
        threshold=round(threshold, 4),
        recall=round(hits / digits, 4),
        precision=round(hits / (best + 1), 4) if len(f1) else 1.0,
        f1=round(float(f1[best]), 4) if len(f1) else 0.0,
        negatives=len(negatives),
        false_a_negative=round(float(np.mean(false)), 3) if false else None,
    )


def _look(network: Network, page: StoredPage) -> tuple[Floats, NDArray[np.bool_], NDArray[np.bool_]]:
    """Of each detection its score, whether it is a digit, and whether its label is right too."""
    image = np.asarray(cv2.imdecode(np.frombuffer(page.picture, np.uint8), cv2.IMREAD_COLOR), np.uint8)
    detections = find(image, network, LEAST_SCORE, MOST).detections
    found = match(detections, page.boxes)
    labels = np.append(page.labels, -1)[found]
    return detections.scores, found >= 0, detections.labels.argmax(axis=1) == labels


def match(detections: Detections, boxes: Floats) -> NDArray[np.intp]:
    """Which box each detection is, -1 for none: the best detection chooses first, and each box is chosen once."""
    chosen = np.full(len(detections), -1, np.intp)
    free = np.ones(len(boxes), bool)
    for index in np.argsort(-detections.scores, kind="stable") if len(boxes) else ():
        overlaps = iou_matrix(detections.boxes[index], boxes)[0] * free
        if overlaps.max() >= LEAST_IOU:
            chosen[index] = int(overlaps.argmax())
            free[chosen[index]] = False
    return chosen
