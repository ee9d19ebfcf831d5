"""The drawing stays on its picture, whatever the boxes and however small the frame."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.overlay import annotate
from mnist_edge.camera.palette import confidence_colour
from mnist_edge.camera.rows import Mark, Value
from mnist_edge.reading import Box, Digit, Reading, Rejected

Image = NDArray[np.uint8]


def reading(frame: Image, *boxes: Box, rejected: tuple[Box, ...] = ()) -> Reading:
    digits = tuple(Digit(7, 0.987, box) for box in boxes)
    refused = tuple(Rejected(box, "low confidence", 7, 0.3, 0.6, 0.9) for box in rejected)
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


def test_refused_ink_is_drawn_in_grey_with_details_only() -> None:
    frame = page()
    found = reading(frame, rejected=(Box(100, 100, 30, 50),))
    drawn = annotate(frame, found, details=True)
    touched = drawn[changed(frame, drawn)]
    assert len(touched) and (touched[:, 0] == touched[:, 1]).all() and (touched[:, 1] == touched[:, 2]).all()
    assert (annotate(frame, found) == frame).all()


def test_a_digit_looks_unlike_refused_ink() -> None:
    frame, box = page(), Box(100, 100, 30, 50)
    found = reading(frame, box), reading(frame, rejected=(box,))
    colours = {tuple(annotate(frame, one, details=True)[125, 99].tolist()) for one in found}
    assert len(colours) == 2


def test_the_status_stands_at_the_foot() -> None:
    frame = page()
    touched = changed(frame, annotate(frame, reading(frame), status="12 fps"))
    assert touched[-3:].mean() > 0.5
    assert not touched[:200].any()


@pytest.mark.parametrize(
    "box",
    [Box(0, 0, 40, 60), Box(280, 0, 40, 60), Box(0, 180, 40, 60), Box(280, 180, 40, 60)],
    ids=["top left", "top right", "bottom left", "bottom right"],
)
def test_a_label_stays_in_the_picture(box: Box) -> None:
    frame, middle = page(), Box(140, 90, 40, 60)
    # As much of the label's plate is seen as of one in the middle; of the frame, one side at least is not.
    there, here = (changed(frame, annotate(frame, reading(frame, one))).sum() for one in (middle, box))
    assert there - 2 * (40 + 60) < here < there


@pytest.mark.parametrize("shape", [(1, 1), (1, 400), (400, 1), (3, 3), (20, 20), (3000, 4000)])
def test_any_frame_will_do(shape: tuple[int, int]) -> None:
    height, width = shape
    frame = page(height, width)
    boxes = [Box(0, 0, width, height), Box(width - 1, height - 1, 1, 1), Box(width // 2, height // 2, 1, 1)]
    found = reading(frame, *boxes, rejected=tuple(boxes))
    drawn = annotate(frame, found, status="a status that is longer than the picture is wide", details=True)
    assert drawn.shape == frame.shape
    assert (drawn != frame).any()


def test_large_refused_ink_has_its_reason_beside_it() -> None:
    frame = page()
    large, small = (
        changed(frame, annotate(frame, reading(frame, rejected=(box,)), details=True))
        for box in (Box(100, 100, 40, 50), Box(100, 100, 8, 10))
    )
    assert large.sum() > small.sum() + 300
    assert not small[:98].any() and not small[112:].any()


def crowded(rows: int, columns: int, scale: float) -> tuple[Image, Reading]:
    """A page of 640x480 times the scale, full of digits close together, some as narrow as a 1."""
    rng = np.random.default_rng(3)
    cell_width, cell_height = 640 / (columns + 1), 480 / (rows + 1)
    digits = []
    for row in range(rows):
        for column in range(columns):
            height = 0.62 * min(1.25 * cell_width, cell_height) * rng.uniform(0.85, 1.15)
            width = height * rng.uniform(0.2, 0.9)
            x = (column + 1) * cell_width - width / 2 + rng.normal(0, 0.03 * cell_width)
            y = (row + 1) * cell_height - height / 2 + rng.normal(0, 0.03 * cell_height)
            box = Box(*(round(scale * side) for side in (x, y, width, height)))
            digits.append(Digit(int(rng.integers(10)), float(rng.uniform(0.4, 1)), box, row))
    frame = page(round(480 * scale), round(640 * scale))
    return frame, Reading("x", frame.shape[1], frame.shape[0], "small", "none", tuple(digits))


@pytest.mark.parametrize("scale", [0.5, 1, 2, 6.25])
@pytest.mark.parametrize("grid", [(2, 5), (5, 9), (8, 16)], ids=str)
def test_no_label_covers_a_digit(scale: float, grid: tuple[int, int]) -> None:
    frame, found = crowded(*grid, scale)
    touched = changed(frame, annotate(frame, found))
    for one in found.digits:
        # The frames of neighbours that touch may lie on its rim.
        ink = touched[one.box.slices]
        rim = 2 + round(3 * scale)
        assert not ink[rim:-rim, rim:-rim].any()


def test_the_confidence_stands_beside_narrow_digits_too() -> None:
    frame = page()
    wide, thin = (
        changed(frame, annotate(frame, reading(frame, box)))[:99].sum()
        for box in (Box(100, 100, 50, 60), Box(100, 100, 12, 60))
    )
    assert abs(wide - thin) < 0.2 * wide


def test_a_box_tells_the_confidence_by_its_colour() -> None:
    frame, box = page(), Box(100, 100, 30, 50)
    for confidence in (0.5, 0.9, 0.99):
        found = replace(reading(frame), digits=(Digit(7, confidence, box),))
        assert tuple(annotate(frame, found)[125, 99].tolist()) == confidence_colour(confidence)


@pytest.mark.parametrize(("width", "legend"), [(320, False), (640, True)])
def test_a_legend_stands_in_a_free_corner_where_there_is_room(width: int, legend: bool) -> None:
    frame = page(480, width)
    corner = np.s_[440:, width // 2 :]
    assert changed(frame, annotate(frame, reading(frame, Box(40, 40, 30, 50))))[corner].any() == legend
    taken = changed(frame, annotate(frame, reading(frame, Box(width - 60, 420, 40, 50))))
    assert not taken[420:470, width - 60 : width - 20].any()


def test_a_digit_that_fills_the_picture_has_its_label_in_a_corner() -> None:
    frame = page()
    touched = changed(frame, annotate(frame, reading(frame, Box(0, 0, 320, 240))))
    assert touched[:40, :80].any() and not touched[40:].any()


def test_fields_are_outlined_in_the_colour_of_their_trust_and_their_digits_have_no_labels() -> None:
    frame = page(480, 640)
    corners = ((200.0, 200.0), (330.0, 210.0), (328.0, 290.0), (200.0, 280.0))
    digits = reading(frame, Box(220, 220, 30, 50), Box(500, 220, 30, 50))
    waiting = annotate(frame, digits, marks=[Mark("mark", corners)])
    surest, least = confidence_colour(0.99), confidence_colour(0.1)
    assert all(touches(waiting, place) for place in (Box(220, 160, 60, 58), Box(500, 160, 60, 58))), "both have labels"
    known = annotate(frame, digits, marks=[Mark("mark", corners, Value("7", 0.99))])
    assert near(known[240:246, 199:202], surest), "the left side, in the colour of its trust"
    assert not changed(frame, known)[222:268, 205:320].any(), "the ink is free, and its digit has no frame"
    assert touches(known, Box(200, 150, 130, 48)) and touches(known, Box(500, 160, 60, 58))
    asked = annotate(frame, digits, marks=[Mark("mark", corners, Value("7", 0.99, "beside"))])
    assert near(asked[240:246, 199:202], least), "at which a person must look"


def near(drawn: Image, colour: tuple[int, int, int]) -> bool:
    """Whether a colour is there, but for the rounding of smooth lines."""
    return bool((np.abs(drawn.astype(int) - colour).max(axis=2) < 20).any())


def touches(drawn: Image, place: Box) -> bool:
    return bool((drawn[place.slices] != 200).any())


def test_any_number_of_fields_of_any_size_stay_on_the_picture() -> None:
    frame = page(60, 80)
    places = [(-50.0, -50.0), (4000.0, -3.0), (4000.0, 900.0), (1.0, 2.0)]
    marks = [Mark(f"field {n}\N{SNOWMAN}", tuple(places), Value("12\n34" * 40, 0.4)) for n in range(200)]
    drawn = annotate(frame, reading(frame), marks=marks)
    assert drawn.shape == frame.shape and changed(frame, drawn).any()
