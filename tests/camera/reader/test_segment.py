"""Candidates: one a digit, tight, free of neighbours, and never more than can be afforded."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.reader.ink import find_ink
from mnist_edge.camera.reader.segment import Segmentation, segment
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

Image = NDArray[np.uint8]


def paper(height: int = 480, width: int = 640) -> Image:
    return np.full((height, width, 3), 235, np.uint8)


def candidates_of(frame: Image) -> Segmentation:
    return segment(find_ink(frame))


def singles(found: Segmentation) -> list[Box]:
    return sorted(candidate.box for candidate in found.candidates if len(candidate.parts) == 1)


def joined(found: Segmentation) -> list[Box]:
    return sorted(candidate.box for candidate in found.candidates if len(candidate.parts) > 1)


def off_by(a: Box, b: Box) -> int:
    return max(abs(a.x - b.x), abs(a.y - b.y), abs(a.right - b.right), abs(a.bottom - b.bottom))


@pytest.mark.parametrize("height", [30, 90])
def test_one_tight_candidate_a_digit(write_digit: Callable[..., Box], height: int) -> None:
    frame = paper(480, 1400)
    true = [write_digit(frame, label, 40 + 135 * label, 200, height, height // 10) for label in range(10)]
    found = candidates_of(frame)
    assert len(singles(found)) == 10
    assert max(map(off_by, singles(found), sorted(true))) <= 2
    assert not joined(found)
    assert not found.limited


def test_a_candidate_holds_its_own_ink_only() -> None:
    frame = paper()
    # A 1 in the crook of a 7: their boxes overlap, their ink does not.
    cv2.polylines(frame, [np.array([[100, 100], [300, 100], [300, 400]])], False, (30, 30, 30), 14)
    cv2.line(frame, (180, 180), (180, 320), (30, 30, 30), 14)
    seven, one = sorted((c for c in candidates_of(frame).candidates if len(c.parts) == 1), key=lambda c: -c.box.width)
    assert (seven.ink.shape, one.ink.shape) == (seven.box[3:1:-1], one.box[3:1:-1])
    top, left = one.box.y - seven.box.y, one.box.x - seven.box.x
    assert seven.ink[top : top + one.box.height, left : left + one.box.width].max() == 0
    assert np.median(seven.ink[4:10]) > 220
    assert one.ink.mean() > 180


def test_a_five_whose_bar_came_off_is_also_offered_whole(write_digit: Callable[..., Box]) -> None:
    frame = paper()
    whole = write_digit(frame, 5, 300, 150, 120, 10)
    # Paper between the bar and the belly.
    frame[:, 316:324] = np.where(np.arange(480)[:, None, None] < 180, 235, frame[:, 316:324])
    found = candidates_of(frame)
    assert len(singles(found)) == 2
    assert [off_by(box, whole) <= 2 for box in joined(found)] == [True]
    parts = frozenset[int]().union(*(one.parts for one in found.candidates if len(one.parts) == 1))
    assert [one.parts for one in found.candidates if len(one.parts) > 1] == [parts]


def test_a_digit_in_three_pieces_is_also_offered_whole() -> None:
    frame = paper()
    # A 7 whose pen skipped twice; its bar is too low to be a digit of its own.
    for start, end in (((300, 150), (352, 150)), ((350, 162), (340, 190)), ((336, 204), (320, 260))):
        cv2.line(frame, start, end, (30, 30, 30), 8)
    found = candidates_of(frame)
    assert sorted(len(candidate.parts) for candidate in found.candidates) == [1, 1, 2, 2, 3]
    whole = next(candidate for candidate in found.candidates if len(candidate.parts) == 3)
    assert off_by(whole.box, Box(295, 145, 62, 120)) <= 3


def test_two_full_digits_side_by_side_are_not_joined() -> None:
    frame = paper()
    for x in (200, 219):
        cv2.line(frame, (x, 150), (x, 250), (30, 30, 30), 10)
    assert len(singles(candidates_of(frame))) == 2
    assert not joined(candidates_of(frame))


@pytest.mark.parametrize(
    "shape",
    [
        lambda frame: cv2.rectangle(frame, (100, 100), (106, 106), (30, 30, 30), cv2.FILLED),
        lambda frame: cv2.rectangle(frame, (300, 300), (369, 310), (30, 30, 30), cv2.FILLED),
        lambda frame: cv2.rectangle(frame, (300, 100), (308, 240), (30, 30, 30), cv2.FILLED),
        lambda frame: cv2.rectangle(frame, (1, 1), (638, 478), (30, 30, 30), 8),
    ],
    ids=["too small", "lies", "too slender", "fills the picture"],
)
def test_what_no_digit_can_be_is_no_candidate(shape: Callable[[Image], object]) -> None:
    frame = paper()
    shape(frame)
    assert len(find_ink(frame).components.ids) == 1
    assert candidates_of(frame) == Segmentation(())


def test_the_paper_around_tells_a_sheet_from_a_texture() -> None:
    clean = paper()
    cv2.line(clean, (320, 150), (320, 300), (30, 30, 30), 16)
    rough = clean.astype(float) - np.abs(np.random.default_rng(0).normal(0, 60, (*clean.shape[:2], 1)))
    rough = cv2.GaussianBlur(np.clip(rough, 0, 255), (0, 0), 1.2).astype(np.uint8)
    calm = candidates_of(clean).candidates[0].clutter
    assert calm < 0.05
    uneven = [candidate.clutter for candidate in candidates_of(rough).candidates]
    assert not uneven or min(uneven) > 2 * calm


def crowd(name: str) -> Image:
    frame = paper(1200, 1600)
    rng = np.random.default_rng(0)
    if name == "specks":
        frame[rng.integers(0, 1200, 100_000), rng.integers(0, 1600, 100_000)] = 0
    if name == "checkerboard":
        rows, columns = np.mgrid[0:1200, 0:1600]
        frame[(rows // 3 + columns // 3) % 2 == 0] = 0
    if name == "squares in rings":
        for centre in ((x, y) for y in range(75, 1200, 150) for x in range(75, 1600, 150)):
            cv2.circle(frame, centre, 66, (0, 0, 0), 2)
            cv2.circle(frame, centre, 58, (0, 0, 0), 2)
            for x, y in ((centre[0] + dx, centre[1] + dy) for dx in (-30, -10, 10, 30) for dy in (-30, -10, 10, 30)):
                cv2.rectangle(frame, (x - 5, y - 5), (x + 6, y + 6), (0, 0, 0), cv2.FILLED)
    if name == "rings":
        for radius in range(8, 595, 6):
            cv2.circle(frame, (800, 600), radius, (0, 0, 0), 1)
    return frame


@pytest.mark.parametrize("name", ["specks", "checkerboard", "squares in rings", "rings"])
def test_a_crowd_costs_a_bounded_number_of_pixels_and_candidates(name: str) -> None:
    frame = crowd(name)
    found = candidates_of(frame)
    assert len(singles(found)) <= 400
    assert len(joined(found)) <= 400
    assert sum(candidate.ink.size for candidate in found.candidates) <= 16 * 1200 * 1600


def test_the_crowds_are_crowds_and_that_is_said() -> None:
    squares, rings = candidates_of(crowd("squares in rings")), candidates_of(crowd("rings"))
    assert len(joined(squares)) == 400
    # Fewer components than are looked at, and yet more pixels of theirs than can be afforded.
    assert len(singles(rings)) < 97 < 400
    assert squares.limited and rings.limited


def test_an_empty_page_has_no_candidates() -> None:
    assert candidates_of(paper()) == Segmentation((), limited=False)


def test_only_what_a_finder_sees_is_cut_out(write_digit: Callable[..., Box]) -> None:
    frame = paper()
    boxes = [write_digit(frame, label, 40 + 150 * label, 200, 90, 9) for label in range(4)]
    ink, detections = find_ink(frame), np.array(boxes, np.float32)
    assert len(segment(ink).candidates) == len(segment(ink, detections).candidates) == 4
    (one,) = segment(ink, detections[2:3]).candidates
    assert off_by(one.box, boxes[2]) <= 2
    # A detection beside a stroke holds its middle, though not the reverse.
    stroke = boxes[1]
    wide = np.array([(stroke.x - 4, stroke.y, 60, stroke.height)], np.float32)
    assert wide[0, 0] + wide[0, 2] / 2 > stroke.right
    (one,) = segment(ink, wide).candidates
    assert off_by(one.box, stroke) <= 2
    beside = np.array([(boxes[0].x - 40, 200, 36, 90), (300, boxes[2].bottom + 8, 60, 60)], np.float32)
    assert not segment(ink, beside).candidates
    assert not segment(ink, detections[:0]).candidates


def test_what_the_finder_sees_two_digits_in_is_not_joined(write_digit: Callable[..., Box]) -> None:
    """A superscript stands as near to its digit as the bar of a 5 does."""
    frame = paper()
    boxes = [write_digit(frame, 3, 200, 180, 110, 9), write_digit(frame, 2, 285, 140, 45, 5)]
    ink, each = find_ink(frame), np.array(boxes, np.float32)
    assert [len(one.parts) for one in segment(ink).candidates] == [1, 1, 2]
    assert [len(one.parts) for one in segment(ink, each).candidates] == [1, 1]
    assert [len(one.parts) for one in segment(ink, each[:1]).candidates] == [1, 2]
