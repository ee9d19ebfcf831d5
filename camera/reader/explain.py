"""Draw every stage between a frame and its reading on one sheet, to see why a digit was missed."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.lettering import paste, plate
from mnist_edge.camera.occupancy import Occupancy
from mnist_edge.camera.overlay import DARK, GREY, WHITE, annotate, draw_labels, occupy_ink, outline, outline_refused
from mnist_edge.camera.palette import Colour, confidence_colour, percent
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.candidate import Classified
from mnist_edge.camera.reader.decision import Decision
from mnist_edge.camera.reader.ink import InkMap
from mnist_edge.camera.reader.lines import without_lines
from mnist_edge.camera.reader.rows import group_rows
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Reading, Rejected

# In pixels: width and height of the pictures in a sheet's two columns, the space around them, and the heights of the
# letters of captions and of numbers.
WIDTH, HEIGHT, GAP, LETTER, NUMBER = 816, 900, 16, 12, 10
# The factor by which small pictures are enlarged at most.
MAX_SCALE = 4.0
# Crops are drawn so many times as large as 28x28, so many in a row, and so many at most.
ENLARGED, COLUMNS, MAX_CROPS = 3, 6, 240
CELL = (2 * WIDTH + GAP) // COLUMNS, 28 * ENLARGED + GAP
# Neighbouring components have colours that differ for each kind of colour vision (Okabe and Ito, 2008); lines that were
# taken out are pale. BGR.
COMPONENTS = ((178, 114, 0), (0, 159, 230), (115, 158, 0), (0, 94, 213), (233, 180, 86), (167, 121, 204))
REMOVED = (190, 190, 245)
Picture = NDArray[np.uint8]


def explain(reader: Reader, frame: Picture, source: str) -> tuple[Reading, Picture]:
    """Read a frame, and draw what the reader made of it, stage by stage, on one sheet.

    The sheet shows the ink as it stands out from its paper; the connected components without ruled lines; the
    candidates with numbers; the reading with all that was refused; and below, under its number, each candidate as the
    network saw it, with what the network took it for and whether it was read or why not.

    Args:
        reader: Whose model and least confidence hold.
        frame: Shape (height, width, 3) BGR, uint8.
        source: Name of the frame in the reading; the last part of this path heads the sheet.

    Returns:
        The reading, and the sheet, shape (height, 1680, 3), BGR.
    """
    stages = reader.read_in_stages(frame, source)
    ink, decision, reading = stages.ink, stages.decision, stages.reading
    candidates = _in_order(decision)
    count, small = len(decision.digits) + len(decision.refused), len(decision.fragments)
    some = f", the {MAX_CROPS} largest" if count > MAX_CROPS else ""
    scale = min(WIDTH / frame.shape[1], HEIGHT / frame.shape[0], MAX_SCALE)
    numbered = _scaled(frame, frame, scale)
    _number(numbered, candidates, decision.fragments, scale / ink.scale)
    read = annotate(_scaled(frame, frame, scale), _resized(reading, scale), details=True)
    stage_pictures = (
        ("1 Ink", "the darker the more it stands out from its paper", cv2.bitwise_not(ink.level)),
        ("2 Pieces", "of connected ink, a colour each; pale red: taken for a ruled line", _components(ink)),
        (
            "3 Candidates",
            f"{count}, numbered as below{some}; grey: {small} too small or thin",
            numbered,
        ),
        ("4 Reading", " / ".join(reading.text) or "no digit", read),
    )
    first, second, third, fourth = (
        _captioned(title, text, _scaled(picture, frame, scale)) for title, text, picture in stage_pictures
    )
    size = f"{frame.shape[1]}x{frame.shape[0]}, read at {ink.level.shape[1]}x{ink.level.shape[0]} by {reading.model}"
    seen = "as the network saw them: what it takes each for, or else; whether for a digit at all; and what became of it"
    rows = (
        _line(Path(source).name, size),
        _pair(first, second),
        _pair(third, fourth),
        _line("5 Crops", seen),
        _crops(candidates, reader.classifier.refusal_threshold or 0.0),
    )
    return reading, np.vstack(rows)


def _in_order(decision: Decision) -> list[Classified]:
    """The largest candidates, row by row."""
    largest = sorted([*decision.digits, *decision.refused], key=lambda candidate: -candidate.box.height)[:MAX_CROPS]
    return [largest[index] for row in group_rows([candidate.box for candidate in largest]) for index in row]


def _colour(candidate: Classified) -> Colour:
    return GREY if candidate.reason else confidence_colour(candidate.confidence)


def _components(ink: InkMap) -> Picture:
    components = without_lines(ink.components)
    picture = np.full((*components.binary.shape, 3), 255, np.uint8)
    picture[ink.components.binary > 0] = REMOVED
    there = components.binary > 0
    picture[there] = np.array(COMPONENTS, np.uint8)[components.labels[there] % len(COMPONENTS)]
    return picture


def _scaled(picture: Picture, frame: Picture, scale: float) -> Picture:
    """Return a picture of a frame in the size of its place on the sheet, in colour."""
    size = max(1, round(frame.shape[1] * scale)), max(1, round(frame.shape[0] * scale))
    smaller = size[0] < picture.shape[1]
    sized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC)
    return np.asarray(cv2.cvtColor(sized, cv2.COLOR_GRAY2BGR) if sized.ndim == 2 else sized, np.uint8)


def _number(picture: Picture, crops: Sequence[Classified], fragments: Sequence[Rejected], scale: float) -> None:
    """Draw the candidates' boxes and numbers, in the colour of what became of them."""
    occupancy = Occupancy.of(picture.shape[1], picture.shape[0])
    for fragment in fragments:
        outline_refused(picture, fragment.box.scaled(scale), 1)
    boxes = [outline(picture, candidate.box.scaled(scale), _colour(candidate), 2) for candidate in crops]
    occupy_ink(boxes, occupancy)
    numbers = [
        [plate(((str(number), size),), _colour(candidate)) for size in (NUMBER, NUMBER - 2)]
        for number, candidate in enumerate(crops, start=1)
    ]
    for index in draw_labels(picture, boxes, numbers, occupancy):
        # Better over its own ink than missing: the ink is seen below.
        paste(picture, numbers[index][-1], max(boxes[index].x, 0), max(boxes[index].y, 0))


def _resized(reading: Reading, scale: float) -> Reading:
    digits = tuple(replace(digit, box=digit.box.scaled(scale)) for digit in reading.digits)
    rejected = tuple(replace(refused, box=refused.box.scaled(scale)) for refused in reading.rejected)
    return replace(reading, digits=digits, rejected=rejected)


def _crops(crops: Sequence[Classified], least_score: float) -> Picture:
    """Draw each candidate as the network saw it, beside its number and what the network took it for."""
    sheet = np.full((-(-len(crops) // COLUMNS) * CELL[1] + GAP, 2 * WIDTH + 3 * GAP, 3), 255, np.uint8)
    for index, candidate in enumerate(crops):
        x, y = GAP + index % COLUMNS * CELL[0], index // COLUMNS * CELL[1]
        seen = 255 - np.kron(candidate.crop, np.ones((ENLARGED, ENLARGED), np.uint8))
        paste(sheet, np.repeat(seen[..., None], 3, axis=2), x + 2, y + 2)
        outline(sheet, Box(x + 2, y + 2, *seen.shape), _colour(candidate), 2)
        x += len(seen) + 8
        paste(sheet, plate(((str(index + 1), NUMBER),), _colour(candidate)), x, y)
        for line, text in enumerate(_opinion(candidate, least_score), start=1):
            paste(sheet, plate(((text, NUMBER if line == 1 else NUMBER - 1),), WHITE, DARK), x - 2, y + 2 + 18 * line)
    return sheet


def _opinion(candidate: Classified, least: float) -> tuple[str, ...]:
    """What the network took a candidate for, whether for a digit at all, and what became of it."""
    second, parts = candidate.runner_up, len(candidate.parts)
    return (
        f"{candidate.label} {percent(candidate.confidence)}%, or {second.label} {second.probability:.1%}",
        f"digit: {candidate.score:.2f}, least {least:.2f}",
        candidate.reason or (f"read, {parts} pieces joined" if parts > 1 else "read"),
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
