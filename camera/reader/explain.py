"""Draw every stage between a frame and its reading on one sheet, to see why a digit was missed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.lettering import paste, plate
from mnist_edge.camera.occupancy import Occupancy
from mnist_edge.camera.overlay import DARK, GREY, WHITE, annotate, draw_labels, occupy_ink, outline
from mnist_edge.camera.palette import Colour, confidence_colour, percent
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.decision import Judged
from mnist_edge.camera.reader.rows import group_rows
from mnist_edge.detection import STRIDE, score_map
from mnist_edge.finder import Found
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Reading

# In pixels: width and height of the pictures in a sheet's two columns, the space around them, and the heights of the
# letters of captions and of numbers.
WIDTH, HEIGHT, GAP, LETTER, NUMBER = 816, 900, 16, 12, 10
# The factor by which small pictures are enlarged at most.
MAX_SCALE = 4.0
# Crops are drawn so many times as large as 28x28, so many in a row, and so many at most.
ENLARGED, COLUMNS, MAX_CROPS = 3, 6, 240
CELL = (2 * WIDTH + GAP) // COLUMNS, 28 * ENLARGED + GAP
# Where the finder is sure of a digit, BGR.
HOT = (40, 40, 230)
Picture = NDArray[np.uint8]


def explain(reader: Reader, frame: Picture, source: str) -> tuple[Reading, Picture]:
    """Read a frame, and draw what the reader made of it, stage by stage, on one sheet.

    The sheet shows the ink as it stands out from its paper; the heat map, where the finder sees digits; what it found,
    numbered; the reading with all that was refused; and below, under its number, each detection as the classifier saw
    it, with what both networks say of it and whether it was read or why not.

    Args:
        reader: Whose model and least confidence hold.
        frame: Shape (height, width, 3) BGR, uint8.
        source: Name of the frame in the reading; the last part of this path heads the sheet.

    Returns:
        The reading, and the sheet, shape (height, 1680, 3), BGR.
    """
    stages = reader.read_in_stages(frame, source)
    found, reading = stages.found, stages.reading
    detections = _in_order(stages.places)
    some = f", the {MAX_CROPS} largest" if len(stages.places) > MAX_CROPS else ""
    scale = min(WIDTH / frame.shape[1], HEIGHT / frame.shape[0], MAX_SCALE)
    numbered = _scaled(frame, frame, scale)
    _number(numbered, detections, scale / stages.scale, reader.min_confidence)
    read = annotate(_scaled(frame, frame, scale), _resized(reading, scale), details=True)
    ink = cv2.bitwise_not(found.levels[0].ink)
    way = "light on dark" if found.light_on_dark else "dark on light"
    stage_pictures = (
        ("1 Ink", f"{way}: the darker the more it stands out from its paper", ink),
        (
            "2 Heat map",
            f"where the finder sees digits, on {len(found.levels)} scales, the redder the surer",
            _heat(found),
        ),
        ("3 Places", f"{len(stages.places)} where a digit may be, numbered as below{some}", numbered),
        ("4 Reading", " / ".join(reading.text) or "no digit", read),
    )
    first, second, third, fourth = (
        _captioned(title, text, _scaled(picture, frame, scale)) for title, text, picture in stage_pictures
    )
    size = f"{frame.shape[1]}x{frame.shape[0]}, read at {ink.shape[1]}x{ink.shape[0]} by {reading.model}"
    seen = "as the classifier saw them: what each is, or else; what both networks say; and what became of it"
    rows = (
        _line(Path(source).name, size),
        _pair(first, second),
        _pair(third, fourth),
        _line("5 Crops", seen),
        _crops(detections, reader.min_confidence),
    )
    return reading, np.vstack(rows)


def _in_order(judged: Sequence[Judged]) -> list[Judged]:
    """The largest detections, row by row."""
    largest = sorted(judged, key=lambda one: -one.box.height)[:MAX_CROPS]
    return [largest[index] for row in group_rows([one.box for one in largest]) for index in row]


def _colour(detection: Judged, least: float) -> Colour:
    return confidence_colour(detection.confidence) if detection.confidence >= least else GREY


def _heat(found: Found) -> Picture:
    """The ink, pale, under the scores of all levels of the pyramid."""
    ink = found.levels[0].ink
    heat = np.zeros(ink.shape, np.float32)
    for level in found.levels:
        rows, columns = (-(-side // STRIDE) for side in level.picture.shape[:2])
        scores = np.zeros((rows, columns), np.float32)
        for look in level.looks:
            part = scores[look.y // STRIDE :, look.x // STRIDE :]
            seen = score_map(look.output)[: part.shape[0], : part.shape[1]]
            part[: seen.shape[0], : seen.shape[1]] = seen
        heat = np.maximum(heat, cv2.resize(scores, ink.shape[::-1], interpolation=cv2.INTER_LINEAR))
    paper = 255 - ink[..., None].astype(np.float32) * 0.4
    return np.asarray(paper + heat[..., None] * (np.array(HOT, np.float32) - paper), np.uint8)


def _scaled(picture: Picture, frame: Picture, scale: float) -> Picture:
    """Return a picture of a frame in the size of its place on the sheet, in colour."""
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    smaller = size[0] < picture.shape[1]
    sized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(sized, cv2.COLOR_GRAY2BGR) if sized.ndim == 2 else sized, np.uint8)


def _number(picture: Picture, detections: Sequence[Judged], scale: float, least: float) -> None:
    """Draw the detections' boxes and numbers, in the colour of what became of them."""
    occupancy = Occupancy.of(picture.shape[1], picture.shape[0])
    boxes = [outline(picture, one.box.scaled(scale), _colour(one, least), 2) for one in detections]
    occupy_ink(boxes, occupancy)
    numbers = [
        [plate(((str(number), size),), _colour(one, least)) for size in (NUMBER, NUMBER - 2)]
        for number, one in enumerate(detections, start=1)
    ]
    for index in draw_labels(picture, boxes, numbers, occupancy):
        # Better over its own ink than missing: the ink is seen below.
        paste(picture, numbers[index][-1], max(boxes[index].x, 0), max(boxes[index].y, 0))


def _resized(reading: Reading, scale: float) -> Reading:
    digits = tuple(replace(digit, box=digit.box.scaled(scale)) for digit in reading.digits)
    rejected = tuple(replace(refused, box=refused.box.scaled(scale)) for refused in reading.rejected)
    return replace(reading, digits=digits, rejected=rejected)


def _crops(detections: Sequence[Judged], least: float) -> Picture:
    """Draw each detection as the classifier saw it, beside its number and what both networks say."""
    sheet = np.full((-(-len(detections) // COLUMNS) * CELL[1] + GAP, 2 * WIDTH + 3 * GAP, 3), 255, np.uint8)
    for index, one in enumerate(detections):
        x, y = GAP + index % COLUMNS * CELL[0], index // COLUMNS * CELL[1]
        seen = 255 - np.kron(one.proposal.crop, np.ones((ENLARGED, ENLARGED), np.uint8))
        paste(sheet, np.repeat(seen[..., None], 3, axis=2), x + 2, y + 2)
        outline(sheet, Box(x + 2, y + 2, *seen.shape), _colour(one, least), 2)
        x += len(seen) + 8
        paste(sheet, plate(((str(index + 1), NUMBER),), _colour(one, least)), x, y)
        for line, text in enumerate(_opinion(one, least), start=1):
            paste(sheet, plate(((text, NUMBER if line == 1 else NUMBER - 1),), WHITE, DARK), x - 2, y + 2 + 18 * line)
    return sheet


def _opinion(one: Judged, least: float) -> tuple[str, ...]:
    """What a detection is, what finder and classifier say of it, and what became of it."""
    return (
        f"{one.text} {percent(one.confidence)}%, or {one.runner_up.text} {one.runner_up.probability:.1%}",
        f"finder {one.proposal.score:.2f}, classifier {one.proposal.probability:.2f}",
        "read" if one.confidence >= least else one.reason,
    )


def _captioned(title: str, text: str, picture: Picture) -> Picture:
    """Put a picture at the left of its place on the sheet, under its caption."""
    place = np.full((picture.shape[0] + GAP, WIDTH + GAP, 3), 255, np.uint8)
    paste(place, picture, GAP, 1)
    outline(place, Box(GAP, 1, picture.shape[1], picture.shape[0]), GREY, 1)
    return np.vstack([_line(title, text, WIDTH + GAP), place])


def _pair(left: Picture, right: Picture) -> Picture:
    return np.pad(np.hstack([left, right]), ((0, 0), (0, GAP), (0, 0)), constant_values=255)


def _line(title: str, text: str, width: int = 2 * WIDTH + 3 * GAP) -> Picture:
    line = np.full((3 * LETTER, width, 3), 255, np.uint8)
    heading = plate(((title, LETTER + 3),), WHITE, DARK)
    words = plate(((text, LETTER),), WHITE, DARK)
    paste(line, heading, GAP // 2, 4)
    paste(line, words, GAP + heading.shape[1], 7)
    return line
