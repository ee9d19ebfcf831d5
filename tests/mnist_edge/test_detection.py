"""What a finder's outputs mean, and non-maximum suppression."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.detection import CHANNELS, SAME, STRIDE, UNIT, Detections, Floats, decode, iou_matrix, suppress
from mnist_edge.reading import Box


def detections(*boxes: tuple[float, float, float, float], scores: tuple[float, ...]) -> Detections:
    labels = np.full((len(boxes), 10), 0.1, np.float32)
    return Detections(np.array(boxes, np.float32).reshape(-1, 4), np.array(scores, np.float32), labels)


def empty_output(rows: int = 3, columns: int = 5) -> NDArray[np.float32]:
    output = np.zeros((rows, columns, 2, 2, CHANNELS), np.float32)
    output[..., 0] = -9
    return output.reshape(rows, columns, 4 * CHANNELS)


@pytest.mark.parametrize(("row", "column"), [(0, 0), (3, 7), (4, 2)])
def test_a_cell_tells_its_box(row: int, column: int) -> None:
    output = empty_output()
    cell = output.reshape(3, 5, 2, 2, CHANNELS)[row // 2, column // 2, row % 2, column % 2]
    cell[0], cell[1 + 7] = 2.0, 5.0
    cell[11:] = 0.25, -0.5, np.log(10 / UNIT), np.log(20 / UNIT)
    found = decode(output, 0.5)
    middle = STRIDE * (column + 0.75), STRIDE * row
    assert np.allclose(found.boxes, [(middle[0] - 5, middle[1] - 10, 10, 20)], atol=1e-3)
    assert found.scores == pytest.approx([1 / (1 + np.exp(-2))])
    assert found.labels.argmax() == 7 and found.labels.sum() == pytest.approx(1)
    assert len(decode(output, 0.9)) == 0


def test_wild_outputs_overflow_nothing() -> None:
    output = np.full((2, 2, 4 * CHANNELS), 1e4, np.float32)
    assert np.isfinite(decode(output, 0.5).boxes).all()


def test_one_digit_is_found_once_and_neighbours_stay() -> None:
    found = detections((0, 0, 10, 20), (1, 1, 10, 20), (9, 0, 10, 20), (2, 5, 4, 6), scores=(0.6, 0.9, 0.8, 0.7))
    assert suppress(found).tolist() == [1, 2]
    assert suppress(found.take(suppress(found))).tolist() == [0, 1]
    assert suppress(detections(scores=())).tolist() == []


def test_scaled_and_joined() -> None:
    found = detections((1, 2, 3, 4), scores=(0.5,))
    assert Detections.joined([found, found.scaled(2, 3)]).boxes.tolist() == [[1, 2, 3, 4], [2, 6, 6, 12]]


def test_the_best_are_kept_as_one_by_one() -> None:
    rng = np.random.default_rng(0)
    boxes = np.concatenate([rng.uniform(0, 200, (300, 2)), rng.uniform(10, 40, (300, 2))], axis=1).astype(np.float32)
    several = Detections(boxes, rng.random(300, np.float32), np.full((300, 10), 0.1, np.float32))

    def same(one: Floats, other: Floats) -> bool:
        wide, high = np.minimum(one[:2] + one[2:], other[:2] + other[2:]) - np.maximum(one[:2], other[:2])
        overlap, areas = max(wide, 0) * max(high, 0), (one[2:].prod(), other[2:].prod())
        return bool(overlap > SAME[0] * (sum(areas) - overlap) or overlap > SAME[1] * min(areas))

    expected: list[int] = []
    for index in np.argsort(-several.scores).tolist():
        if not any(same(boxes[index], boxes[better]) for better in expected):
            expected.append(index)
    assert suppress(several).tolist() == expected
    assert suppress(several, 7).tolist() == expected[:7]
    assert len(suppress(Detections.none(), 7)) == 0


def test_iou_of_each_with_each() -> None:
    some = np.array([(0, 0, 10, 10), (20, 0, 4, 5)], np.float32)
    others = np.array([(0, 0, 10, 10), (5, 0, 10, 10), (10, 10, 5, 5), (22, 1, 1, 2)], np.float32)
    expected = [[1, 50 / 150, 0, 0], [0, 0, 0, 2 / 20]]
    assert iou_matrix(some, others) == pytest.approx(np.array(expected), abs=1e-6)
    assert iou_matrix(others, some) == pytest.approx(np.array(expected).T, abs=1e-6)
    # As a reading's boxes have it.
    rng = np.random.default_rng(0)
    boxes = [Box(*rng.integers(1, 40, 4).tolist()) for _ in range(20)]
    each = [[one.iou(other) for other in boxes] for one in boxes]
    assert iou_matrix(*[np.array(boxes, np.float32)] * 2) == pytest.approx(np.array(each), abs=1e-6)


def test_iou_of_none_and_of_nothing() -> None:
    none, one = np.zeros((0, 4), np.float32), np.array([(1, 2, 3, 4)], np.float32)
    assert iou_matrix(none, one).shape == (0, 1) and iou_matrix(one, none).shape == (1, 0)
    assert iou_matrix(none, none).shape == (0, 0)
    # A single box may come as a row.
    assert iou_matrix(one[0], one).tolist() == [[1.0]]
    assert iou_matrix(np.zeros((1, 4), np.float32), np.zeros((1, 4), np.float32)).tolist() == [[0.0]]


def test_limits_of_sameness_may_be_others() -> None:
    found = detections((0, 0, 10, 10), (5, 0, 10, 10), (1, 1, 2, 2), scores=(0.9, 0.8, 0.7))
    assert suppress(found).tolist() == [0, 1]
    assert suppress(found, limits=(0.3, 0.9)).tolist() == [0]
    assert suppress(found, limits=(0.5, 1.0)).tolist() == [0, 1, 2]
