import json

import numpy as np
import pytest

from mnist_edge.reading import Box, Digit, Guess, Reading, Rejected

READING = Reading(
    source="page.jpg",
    width=1280,
    height=720,
    model="small",
    runtime="ai-edge-litert 2.3.0",
    digits=(
        Digit(7, 0.99312345, Box(412, 88, 61, 97), 0, Guess(1, 0.00498765), track=3),
        Digit(4, 0.5, Box(500, 90, 60, 95), row=1),
    ),
    text=("7", "4"),
    rejected=(
        Rejected(Box(1, 2, 3, 4), "not a digit", 1, 0.0123456, 0.2, 0.98),
        Rejected(Box(5, 6, 7, 8), "low confidence", 4, 0.41, 0.75, 0.876543, crop=np.zeros((28, 28), np.uint8)),
    ),
    milliseconds={"segment": 2.12345, "classify": 0.3, "total": 2.6},
)


def test_the_document_is_the_contract() -> None:
    assert READING.to_json() == {
        "source": "page.jpg",
        "width": 1280,
        "height": 720,
        "model": "small",
        "runtime": "ai-edge-litert 2.3.0",
        "digits": [
            {
                "label": 7,
                "confidence": 0.9931,
                "box": [412, 88, 61, 97],
                "row": 0,
                "runner_up": {"label": 1, "probability": 0.005},
            },
            {"label": 4, "confidence": 0.5, "box": [500, 90, 60, 95], "row": 1, "runner_up": None},
        ],
        "text": ["7", "4"],
        "rejected": [
            {
                "box": [1, 2, 3, 4],
                "reason": "not a digit",
                "label": 1,
                "confidence": 0.0123,
                "score": 0.2,
                "probability": 0.98,
            },
            {
                "box": [5, 6, 7, 8],
                "reason": "low confidence",
                "label": 4,
                "confidence": 0.41,
                "score": 0.75,
                "probability": 0.8765,
            },
        ],
        "milliseconds": {"segment": 2.123, "classify": 0.3, "total": 2.6},
        "limited": False,
    }


def test_the_document_is_plain_json() -> None:
    document = READING.to_json()
    assert json.loads(json.dumps(document)) == document


def test_a_reading_of_nothing() -> None:
    document = Reading("page.jpg", 10, 10, "small", "none").to_json()
    assert document["digits"] == document["text"] == document["rejected"] == []
    assert document["milliseconds"] == {}


def test_readings_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        READING.width = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("other", "iou"),
    [
        (Box(0, 0, 10, 10), 1.0),
        (Box(5, 0, 10, 10), 1 / 3),
        (Box(0, 5, 5, 5), 0.25),
        (Box(10, 0, 5, 5), 0.0),
        (Box(3, 20, 4, 4), 0.0),
        (Box(2, 2, 0, 5), 0.0),
    ],
)
def test_how_much_two_boxes_share(other: Box, iou: float) -> None:
    box = Box(0, 0, 10, 10)
    assert box.iou(other) == other.iou(box) == pytest.approx(iou)
    assert box.overlaps(other) == other.overlaps(box) == (iou > 0)


def test_a_box_has_edges_a_centre_and_an_inside() -> None:
    box = Box(10, 20, 3, 4)
    assert (box.right, box.bottom, box.centre, box.area) == (13, 24, (11.5, 22.0), 12)
    assert [box.contains(x, 20) for x in (9.9, 10, 12.9, 13)] == [False, True, True, False]
    assert [box.contains(11, y) for y in (19, 20, 23, 24)] == [False, True, True, False]
    assert box.encloses(box) and box.encloses(Box(11, 21, 2, 3)) and not box.encloses(Box(11, 21, 3, 3))
    assert np.zeros((50, 50))[box.slices].shape == (4, 3)
