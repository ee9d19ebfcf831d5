"""A contact sheet of labelled pictures: what was read right, missed, misread or seen where there is nothing."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.photos import Outcome, PictureScore
from mnist_edge.camera.images import read_image
from mnist_edge.camera.lettering import FONT, plate
from mnist_edge.camera.occupancy import Occupancy
from mnist_edge.camera.overlay import DARK, GREY, draw_labels, outline
from mnist_edge.errors import OutputError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

MOST = 12
# Colours that the colour-blind can tell apart, BGR; and what a picture that does not fill its place lies on.
GREEN, ORANGE, PURPLE, PLACE = (40, 150, 20), (0, 110, 235), (170, 40, 150), (225, 225, 225)
COLUMNS = 3
# Pixels: a picture's place, the two lines of text under it, the space between pictures, the title with the legend, and
# the letters of labels.
WIDTH, HEIGHT, FOOT, GAP, HEAD, LETTER = 640, 480, 52, 16, 76, 11
# What is marked is shown with a margin, as a share of the picture's longer side.
MARGIN = 0.1


class Kind(NamedTuple):
    """One kind of outcome, as the sheet shows it."""

    colour: tuple[int, int, int]
    legend: str


UNCOUNTED = Kind(GREY, "does not count")
RIGHT = Kind(GREEN, "right")
MISSED = Kind(ORANGE, "missed: what it is")
WRONG = Kind(PURPLE, "wrong: what was read, and for what; or no digit at all")
# Drawn in this order, so that the errors lie on top.
KINDS = (UNCOUNTED, RIGHT, MISSED, WRONG)


def contact_sheet(folder: Path, pictures: Sequence[PictureScore], title: str) -> NDArray[np.uint8]:
    """Draw pictures side by side, with every digit framed and the counts below.

    Each is cut to what is marked and its surroundings, and fills its place.

    Args:
        folder: The folder of the files.
        pictures: The pictures to show, in this order.
        title: The first line.

    Returns:
        Shape (height, width, 3), BGR.

    Raises:
        ImageError: A picture is missing or damaged.
    """
    lines = -(-len(pictures) // COLUMNS)
    size = HEAD + lines * (HEIGHT + FOOT + GAP), GAP + COLUMNS * (WIDTH + GAP), 3
    sheet = np.full(size, 255, np.uint8)
    _head(sheet, title)
    for number, picture in enumerate(pictures):
        line, column = divmod(number, COLUMNS)
        y, x = HEAD + line * (HEIGHT + FOOT + GAP), GAP + column * (WIDTH + GAP)
        tile = _tile(read_image(str(folder / picture.file)), picture.outcomes)
        sheet[y : y + HEIGHT, x : x + WIDTH] = PLACE
        top, left = y + (HEIGHT - tile.shape[0]) // 2, x + (WIDTH - tile.shape[1]) // 2
        sheet[top : top + tile.shape[0], left : left + tile.shape[1]] = tile
        for text, below in ((picture.file, 20), (counts_line(picture), 42)):
            _write(sheet, text, x, y + HEIGHT + below, WIDTH)
    return sheet


def refuse_format(path: Path) -> None:
    """Raise `OutputError` where OpenCV cannot write a picture of that name: known before the long work."""
    if not path.suffix or not cv2.haveImageWriter(path.name):
        raise OutputError(f"{path} has no suffix of a picture; use .png or .jpg")


def counts_line(picture: PictureScore) -> str:
    """Return a picture's counts, such as `2 of 4 digits right, 1 missed, 1 misread, 3 false, 0 of 1 rows`."""
    counts = picture.counts()
    missed, false = (counts[side] - counts["matched"] for side in ("digits", "found"))
    line = f"{counts['right']} of {counts['digits']} digits right, {missed} missed, "
    line += f"{counts['matched'] - counts['right']} misread, {false} false"
    return line + (f", {picture.rows_right} of {picture.rows} rows" if picture.rows else "")


def _kind(outcome: Outcome) -> Kind:
    if not outcome.counts:
        return UNCOUNTED
    if outcome.predicted is None:
        return MISSED
    return RIGHT if outcome.predicted == outcome.true else WRONG


def _text(outcome: Outcome) -> str:
    if outcome.predicted is None:
        return str(outcome.true)
    return str(outcome.predicted) + ("" if outcome.true in (None, outcome.predicted) else f" for {outcome.true}")


def _tile(image: NDArray[np.uint8], outcomes: Sequence[Outcome]) -> NDArray[np.uint8]:
    view = _view(image.shape[1], image.shape[0], [outcome.box for outcome in outcomes])
    cut = image[view.slices]
    scale = min(WIDTH / view.width, HEIGHT / view.height)
    size = max(1, round(scale * view.width)), max(1, round(scale * view.height))
    tile = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC), np.uint8)
    occupancy = Occupancy.of(size[0], size[1])
    boxes, labels = [], []
    for kind, outcome in ((kind, candidate) for kind in KINDS for candidate in outcomes if _kind(candidate) is kind):
        # Around the ink, which stays visible.
        frame = outline(tile, _placed(outcome.box, view, scale), kind.colour, 2)
        occupancy.occupy(frame)
        if kind is not RIGHT:
            boxes.append(frame)
            labels.append([plate(((_text(outcome), LETTER),), kind.colour)])
    draw_labels(tile, boxes, labels, occupancy)
    return tile


def _view(width: int, height: int, boxes: Sequence[Box]) -> Box:
    """The part of a picture to show: all boxes with a margin, or all of it where there are none."""
    if not boxes:
        return Box(0, 0, width, height)
    margin = round(MARGIN * max(width, height))
    left, top = (max(0, min(box[axis] for box in boxes) - margin) for axis in (0, 1))
    right, bottom = (
        min(size, max(box[axis] + box[axis + 2] for box in boxes) + margin) for axis, size in enumerate((width, height))
    )
    # A label may lie outside of its picture.
    left, top = min(left, width - 1), min(top, height - 1)
    return Box(left, top, max(1, right - left), max(1, bottom - top))


def _placed(box: Box, view: Box, scale: float) -> Box:
    return box._replace(x=box.x - view.x, y=box.y - view.y).scaled(scale)


def _head(sheet: NDArray[np.uint8], title: str) -> None:
    _write(sheet, title, GAP, 26, sheet.shape[1] - 2 * GAP, scale=0.7)
    left = GAP
    for kind in (RIGHT, MISSED, WRONG, UNCOUNTED):
        cv2.rectangle(sheet, (left, 44), (left + 22, 60), kind.colour, 3)
        left = _write(sheet, kind.legend, left + 32, 58, sheet.shape[1] - left) + 40


def _write(sheet: NDArray[np.uint8], text: str, left: int, bottom: int, most: int, scale: float = 0.55) -> int:
    """One line of text, smaller where it would be wider than `most` pixels; returns where it ends."""
    # OpenCV's letters are ASCII.
    text = text.encode("ascii", "replace").decode()
    width = int(cv2.getTextSize(text, FONT, scale, 1)[0][0])
    scale = min(scale, scale * most / max(width, 1))
    cv2.putText(sheet, text, (left, bottom), FONT, scale, DARK, 1, cv2.LINE_AA)
    return left + min(width, most)
