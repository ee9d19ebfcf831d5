"""What a finder's outputs mean, and non-maximum suppression."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.detection import CHANNELS, SAME, STRIDE, UNIT, Detections, Floats, decode, suppress


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
