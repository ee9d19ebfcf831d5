"""A finder that answers with the truth is perfect, and each fault of another costs what it should."""

import numpy as np
import pytest

from mnist_edge.detection import CHANNELS, STRIDE, UNIT, Detections
from mnist_edge.finder import Network
from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.models.finder.validate import match, validate
from mnist_edge.opencv import cv2

# Wide enough that the finder puts no paper round it.
SIDES = 128, 64
BOXES = np.array([[12.0, 20, 12, 18], [52, 24, 14, 20]], np.float32)


def page(boxes: np.ndarray) -> StoredPage:
    image = np.full((SIDES[1], SIDES[0], 3), 230, np.uint8)
    for left, top, width, height in boxes.astype(int):
        cv2.rectangle(image, (left, top), (left + width - 1, top + height - 1), (20, 20, 20), 2)
    return StoredPage(cv2.imencode(".png", image)[1].tobytes(), boxes, np.array([3, 8])[: len(boxes)], False)


def answers(*found: tuple[np.ndarray, int, float]) -> Network:
    """A network that answers in the picture itself with boxes, labels and logits, and nothing in its halves."""

    def network(ink: np.ndarray) -> np.ndarray:
        rows, columns = ink.shape[0] // STRIDE, ink.shape[1] // STRIDE
        cells = np.full((rows, columns, CHANNELS), -9, np.float32)
        for (left, top, width, height), label, logit in found if ink.shape[::-1] == SIDES else ():
            x, y = (left + width / 2) / STRIDE, (top + height / 2) / STRIDE
            cell = cells[int(y), int(x)]
            cell[0], cell[1 + label] = logit, 9
            cell[11:] = x - int(x) - 0.5, y - int(y) - 0.5, *np.log(np.array([width, height]) / UNIT)
        blocks = cells.reshape(rows // 2, 2, columns // 2, 2, CHANNELS).transpose(0, 2, 1, 3, 4)
        return np.ascontiguousarray(blocks.reshape(rows // 2, columns // 2, 4 * CHANNELS))

    return network


def test_the_truth_is_perfect() -> None:
    found = validate(answers((BOXES[0], 3, 4.0), (BOXES[1], 8, 3.0)), [page(BOXES)], [])
    assert (found.recall, found.precision, found.f1, found.digits) == (1, 1, 1, 2)
    assert found.threshold == pytest.approx(1 / (1 + np.exp(-3)), abs=1e-3) and found.false_a_negative is None


def test_a_wrong_label_is_found_but_not_right_and_a_false_digit_counts_on_pages_without_any() -> None:
    away = np.array([30.0, 2, 12, 14], np.float32)
    network = answers((BOXES[0], 3, 4.0), (away, 5, 3.5), (BOXES[1], 7, 3.0))
    found = validate(network, [page(BOXES)], [page(BOXES[:0])])
    # The best threshold takes the one that is right, and leaves the others.
    assert found.f1 == pytest.approx(2 / 3, abs=1e-3) and found.recall == 0.5 and found.precision == 1
    assert found.false_a_negative == 1


def test_a_finder_that_sees_nothing_finds_nothing() -> None:
    found = validate(answers(), [page(BOXES)], [page(BOXES[:0])])
    assert (found.recall, found.f1, found.false_a_negative) == (0, 0, 0)


def test_each_box_is_chosen_once_and_by_the_best_that_overlaps_it() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 10, 10], [40, 40, 10, 10]], np.float32)
    detections = Detections(boxes, np.array([0.5, 0.9, 0.8], np.float32), np.full((3, 10), 0.1, np.float32))
    assert match(detections, np.array([[0.0, 0, 10, 10]], np.float32)).tolist() == [-1, 0, -1]
