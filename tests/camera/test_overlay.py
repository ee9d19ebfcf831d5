"""The drawing stays on its picture, whatever the boxes and however small the frame."""

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.overlay import annotate
from mnist_edge.reading import Box, Digit, Reading, Rejected

Image = NDArray[np.uint8]


def reading(frame: Image, *boxes: Box, rejected: tuple[Box, ...] = ()) -> Reading:
    digits = tuple(Digit(7, 0.987, box) for box in boxes)
    refused = tuple(Rejected(box, "low confidence") for box in rejected)
    return Reading("x", frame.shape[1], frame.shape[0], "small", "none", digits, rejected=refused)


def changed(frame: Image, drawn: Image) -> NDArray[np.bool_]:
    return np.asarray((drawn != frame).any(axis=2))


def page(height: int = 240, width: int = 320) -> Image:
    return np.full((height, width, 3), 200, np.uint8)


def test_a_digit_is_framed_and_its_ink_stays_visible() -> None:
    frame, box = page(), Box(140, 120, 40, 60)
    touched = changed(frame, annotate(frame, reading(frame, box)))
    assert not touched[120:180, 140:180].any()
    assert touched[119, 140:180].all() and touched[180, 140:180].all()
    assert touched[120:180, 139].all() and touched[120:180, 180].all()
    # The label stands above the box, and nothing elsewhere is touched.
    assert touched[85:115, 140:190].mean() > 0.2
    assert not touched[190:].any() and not touched[:, :130].any() and not touched[:, 260:].any()


@pytest.mark.parametrize("shape", [(240, 320), (240, 320, 3)], ids=["grey", "colour"])
def test_the_frame_is_left_as_it_was(shape: tuple[int, ...]) -> None:
    frame = np.full(shape, 200, np.uint8)
    drawn = annotate(frame, reading(frame, Box(100, 100, 30, 50)), status="30 frames per second")
    assert (frame == 200).all()
    assert drawn.shape == (240, 320, 3)
    assert drawn.dtype == np.uint8
    assert (drawn != 200).any()
    assert not np.shares_memory(frame, drawn)


def test_nothing_read_nothing_drawn() -> None:
    frame = page()
    assert (annotate(frame, reading(frame)) == frame).all()


def test_refused_ink_is_drawn_in_grey_on_request() -> None:
    frame = page()
    found = reading(frame, rejected=(Box(100, 100, 30, 50),))
    touched = annotate(frame, found)[changed(frame, annotate(frame, found))]
    assert len(touched) and (touched[:, 0] == touched[:, 1]).all() and (touched[:, 1] == touched[:, 2]).all()
    assert (annotate(frame, found, rejected=False) == frame).all()


def test_a_digit_looks_unlike_refused_ink() -> None:
    frame, box = page(), Box(100, 100, 30, 50)
    read, refused = (annotate(frame, found) for found in (reading(frame, box), reading(frame, rejected=(box,))))
    colours = {tuple(drawn[125, 99].tolist()) for drawn in (read, refused)}
    assert len(colours) == 2


def test_the_status_stands_at_the_foot() -> None:
    frame = page()
    touched = changed(frame, annotate(frame, reading(frame), status="12 fps"))
    assert touched[-3:].mean() > 0.5
    assert not touched[:200].any()


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 40, 60), Box(280, 0, 40, 60), Box(0, 180, 40, 60), Box(280, 180, 40, 60), Box(0, 0, 320, 240)],
    ids=["top left", "top right", "bottom left", "bottom right", "all of it"],
)
def test_a_label_stays_in_the_picture(box: Box) -> None:
    frame = page()
    touched = changed(frame, annotate(frame, reading(frame, box)))
    # As much of the label's plate is seen as of one in the middle.
    assert touched.sum() > 700


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 3), (20, 20), (3000, 4000)])
def test_any_frame_will_do(shape: tuple[int, int]) -> None:
    height, width = shape
    frame = page(height, width)
    boxes = [Box(0, 0, width, height), Box(width - 1, height - 1, 1, 1), Box(width // 2, height // 2, 1, 1)]
    found = reading(frame, *boxes, rejected=tuple(boxes))
    drawn = annotate(frame, found, status="a status that is longer than the picture is wide")
    assert drawn.shape == frame.shape
    assert (drawn != frame).any()


def test_large_refused_ink_has_its_reason_below() -> None:
    frame = page()
    large, small = (
        changed(frame, annotate(frame, reading(frame, rejected=(box,))))
        for box in (Box(100, 100, 40, 50), Box(100, 100, 16, 20))
    )
    assert large[155:175, 95:].any()
    assert not small[125:].any()


def test_a_thin_digit_has_a_label_that_leaves_room_for_its_neighbour() -> None:
    frame = page()
    wide, thin = (
        changed(frame, annotate(frame, reading(frame, box)))[:90].any(axis=0).sum()
        for box in (Box(100, 100, 50, 60), Box(100, 100, 12, 60))
    )
    assert thin < wide / 2
