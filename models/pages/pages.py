"""Generated photographs of handwritten pages, under any conditions, with exact ground truth."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.errors import UsageError
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.grounds import add_pattern, highlight, stick_notes
from mnist_edge.models.pages.hands import in_hand
from mnist_edge.models.pages.ink import Ink, stamp, write_marks
from mnist_edge.models.pages.layouts import write_layout
from mnist_edge.models.pages.marks import Area, Mark
from mnist_edge.models.pages.paper import (
    View,
    blend,
    draw_lines,
    fibres,
    light,
    look_at,
    photograph,
    place_thing,
    put_on_desk,
    surface,
)
from mnist_edge.models.pages.random_conditions import random_conditions
from mnist_edge.models.pages.scans import scan
from mnist_edge.models.pages.typefaces import Typeface
from mnist_edge.models.pages.writing import write_page
from mnist_edge.opencv import cv2
from mnist_edge.reading import Digit
from mnist_edge.strokes import Pen, Stroke, render

SMALL = 32  # height of a typical digit, pixels, below which a page has the tag `small`
LEAST_SIDE = 64  # of the picture
MOST_BLUR = 0.06  # of a digit's height: more leaves nothing to read


@dataclass(frozen=True, slots=True)
class Page:
    """A photograph of a page and what is written on it.

    Attributes:
        image: Shape (height, width, 3), BGR.
        digits: Every digit with its box, confidence 1, in reading order.
        text: One string a row, with a space where the writer left a word's gap.
        tags: What makes it easy or hard, such as `touching`, `lines` or `negative`.
    """

    image: NDArray[np.uint8]
    digits: tuple[Digit, ...]
    text: tuple[str, ...]
    tags: tuple[str, ...]


def draw_page(
    split: Split,
    seed: int,
    conditions: Conditions | None = None,
    *,
    width: int = 1280,
    height: int = 960,
    typefaces: Sequence[Typeface] = (),
) -> Page:
    """Write a page, lay it under a camera and photograph it.

    All positions come from one random stream, so a seed gives the same page on every machine; versions of OpenCV may
    differ in a pixel's last bits.

    Args:
        split: Where the digits come from.
        seed: The same seed gives the same page.
        conditions: What to draw; `random_conditions` of the seed where None.
        width: Of the picture, pixels, at least 64.
        height: Of the picture, pixels, at least 64.
        typefaces: Those that the conditions may name.

    Returns:
        The picture. Boxes are tight around the ink as it appears there, lines and shadows aside; rows are those of the
        writer, whatever the tilt; a picture without digits has the tag `negative`.

    Raises:
        UsageError: The picture is too small.
        DataError: An image of the split has no ink.
    """
    if min(width, height) < LEAST_SIDE:
        raise UsageError(f"a page needs {LEAST_SIDE}x{LEAST_SIDE} pixels, not {width}x{height}")
    if conditions is None:
        conditions = random_conditions(np.random.default_rng([seed, 1]))
    # One stream each: another light or lens leaves what is written as it is.
    layout, hand, paper, camera = (np.random.default_rng([seed, stream]) for stream in range(2, 6))
    frame = height, width
    digit_height = max(conditions.size * height, conditions.least)
    sheet, area = _sheet(conditions, width, height, digit_height, layout)
    write = write_layout if conditions.layout else write_page
    marks, printed = write(split, conditions, area, digit_height, layout, in_hand(typefaces, conditions))
    view = _fitting(look_at(conditions, width, height, camera), marks, conditions.pen * digit_height, width, height)
    ink = write_marks(marks, view, conditions, digit_height, frame, hand)
    roughness = fibres(height, width, paper)
    page = surface(conditions, roughness, paper)
    _lay_ground(page, conditions, marks, view, digit_height, np.random.default_rng([seed, 6]))
    _print(page, conditions, [view.project(line) for line in printed], digit_height, paper)
    _bleed(page, split, conditions, area, digit_height, paper)
    if conditions.desk:
        put_on_desk(page, view.project(sheet), paper)
    blend(page, ink.layer, conditions.ink, _takes_ink(conditions, roughness))
    _place_things(page, conditions.things, ink.layer, paper)
    page *= light(conditions, width, height, camera)
    blur = min(conditions.blur, MOST_BLUR * digit_height)
    image = scan(photograph(page, conditions, blur, camera), conditions.resolution, conditions.scan, digit_height)
    return Page(image, *_truth(conditions, marks, ink, blur, frame))


def _truth(
    conditions: Conditions, marks: Sequence[Mark], ink: Ink, blur: float, frame: tuple[int, int]
) -> tuple[tuple[Digit, ...], tuple[str, ...], tuple[str, ...]]:
    """The digits that are seen, their text and the tags of a page, as `Page` has them."""
    written = [mark for mark in marks if mark.label is not None]
    # A scan may leave nothing of a small digit.
    seen = [(mark, box) for mark, box in zip(written, ink.boxes, strict=True) if box.area]
    found = tuple(Digit(mark.label or 0, 1.0, box, mark.row) for mark, box in seen)
    tags = _tags(conditions, found, len(marks) > len(found), ink.touching, blur, frame)
    return found, _text([mark for mark, _ in seen]), tags


def _sheet(
    conditions: Conditions, width: int, height: int, digit_height: float, rng: np.random.Generator
) -> tuple[Stroke, Area]:
    """The corners of the sheet, shape (4, 2), and the part of it in the picture that is written on."""
    spare = np.clip((np.array([width, height] * 2) - 1.3 * digit_height) / 2, 0, 0.15 * min(width, height))
    seen = rng.random(4) < 0.6
    inset = np.where(seen & conditions.desk, rng.uniform(0.2, 1, 4) * spare, -0.5 * max(width, height))
    left, top, right, bottom = inset[0], inset[1], width - inset[2], height - inset[3]
    corners = np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
    margins = np.maximum(inset, 0) + rng.uniform(0.1, 1, 4) * np.minimum(spare, 0.07 * min(width, height)) + 3
    return corners, Area(margins[0], margins[1], width - margins[2], height - margins[3])


def _fitting(view: View, marks: Sequence[Mark], pen: float, width: int, height: int) -> View:
    """The view, taken from further off where digits would be cut by the border."""
    strokes = [stroke for mark in marks if mark.label is not None for stroke in mark.strokes]
    if not strokes:
        return view
    points = view.project(np.concatenate(strokes))
    low, high = points.min(axis=0) - pen - 3, points.max(axis=0) + pen + 3
    frame = np.array([width, height])
    scale = float(min(1.0, (frame / (high - low)).min()))
    low, high = low * scale, high * scale
    shift = np.maximum(0, -low) - np.maximum(0, high - frame)
    return view.moved(scale, float(shift[0]), float(shift[1]))


def _lay_ground(
    page: NDArray[np.float32],
    conditions: Conditions,
    marks: Sequence[Mark],
    view: View,
    digit_height: float,
    rng: np.random.Generator,
) -> None:
    """What the ink lies on besides the bare page."""
    if conditions.pattern:
        add_pattern(page, conditions.pattern, conditions.pattern_strength, rng)
    if conditions.notes and conditions.rows:
        stick_notes(page, marks, view, digit_height, rng)
    if conditions.highlighter and conditions.rows:
        highlight(page, marks, view, digit_height, rng)


def _print(
    page: NDArray[np.float32],
    conditions: Conditions,
    printed: Sequence[Stroke],
    digit_height: float,
    rng: np.random.Generator,
) -> None:
    """The printed lines; a table is drawn by hand with the pen half of the time."""
    if not printed:
        return
    width = max(1.0, min(conditions.pen * digit_height, 0.002 * max(page.shape)) * rng.uniform(0.4, 1.0))
    by_pen = conditions.lines == "table" and rng.random() < 0.5
    colour = conditions.ink if by_pen else conditions.line_ink
    blend(page, draw_lines(printed, width, page.shape), colour, conditions.line_strength)


def _bleed(
    page: NDArray[np.float32],
    split: Split,
    conditions: Conditions,
    area: Area,
    digit_height: float,
    rng: np.random.Generator,
) -> None:
    """Writing on the back of the sheet, mirrored and faint."""
    if not conditions.bleed:
        return
    back = replace(conditions, rows=0, text=12, scribbles=0, lines="", pitch=1.6)
    marks, _ = write_page(split, back, area, min(digit_height, 60.0), rng)
    layer = np.zeros(page.shape[:2], np.uint8)
    for mark in marks:
        mirrored = [np.stack([area.left + area.right - s[:, 0], s[:, 1]], axis=1) for s in mark.strokes]
        stamp(layer, *render(mirrored, Pen(max(1.5, 0.06 * digit_height)), rng))
    blend(page, cv2.GaussianBlur(layer, (0, 0), 1.5), (90, 90, 90), conditions.bleed)


def _takes_ink(conditions: Conditions, roughness: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much of the ink stays on each pixel, 0 to 1: less in the valleys of rough paper."""
    stays = np.clip(1.3 - conditions.grain * (0.9 + 0.9 * roughness), 0, 1) - 0.04 * np.abs(roughness)
    return np.asarray(conditions.opacity * stays, np.float32)


def _place_things(page: NDArray[np.float32], count: int, ink: NDArray[np.uint8], rng: np.random.Generator) -> None:
    """Place objects where nothing is written; beside writing they are large and at the border."""
    height, width = ink.shape
    few = ink.any()
    for _ in range(count):
        size = int(width * (rng.uniform(0.1, 0.25) if few else np.exp(rng.uniform(np.log(0.01), np.log(0.2))))) + 2
        x, y = int(rng.uniform(0, width)), int(rng.uniform(0, height))
        if few:
            x, y = ((x, int(rng.choice([0, height]))), (int(rng.choice([0, width])), y))[int(rng.integers(2))]
        reach = int(1.5 * size)
        if not ink[max(y - reach, 0) : y + reach, max(x - reach, 0) : x + reach].any():
            place_thing(page, x, y, size, rng)


def _text(digits: Sequence[Mark]) -> tuple[str, ...]:
    rows = [""] * (max((mark.row for mark in digits), default=-1) + 1)
    for mark in digits:
        rows[mark.row] += " " * (mark.space and rows[mark.row] != "") + str(mark.label)
    return tuple(rows)


def _tags(
    conditions: Conditions,
    digits: Sequence[Digit],
    distractors: bool,
    touching: bool,
    blur: float,
    frame: tuple[int, int],
) -> tuple[str, ...]:
    """Name the conditions that a person would see in the picture."""
    heights = [digit.box.height for digit in digits]
    shade = conditions.shadow >= 0.2 or conditions.vignette + conditions.slope >= 0.3
    contrast = max(abs(a - b) for a, b in zip(conditions.ink, conditions.paper, strict=True)) * conditions.opacity
    typical = float(np.median(heights)) if heights else 0.0
    thin = typical > 0 and (contrast < 110 or conditions.pen * typical < 1.6)
    named = {
        "negative": not digits,
        "single": len(digits) == 1,
        "multi": len(digits) > 1,
        "touching": touching,
        "lines": bool(conditions.lines),
        conditions.lines: bool(conditions.lines),
        "distractors": bool(digits) and distractors,
        "letters": conditions.text > 0 or conditions.signs > 0,
        "shadow_or_vignette": shade and conditions.surface != "screen",
        "fold": conditions.folds > 0,
        "bleed_through_or_background_print": conditions.bleed > 0,
        "desk": conditions.desk,
        "objects": conditions.things > 0,
        "texture": conditions.pebbles > 0,
        "tilt": abs(conditions.tilt) >= 2,
        "out_of_focus": blur >= 1.8,
        "noise": conditions.noise >= 5,
        "small": 0 < typical < SMALL,
        "close_crop": max(heights, default=0) > 0.55 * frame[0],
        "broken_strokes": bool(digits) and conditions.dry > 0,
        "low_contrast_or_thin": thin,
        "light_on_dark": sum(conditions.ink) > sum(conditions.paper),
        "chalk": conditions.surface == "chalkboard",
        "whiteboard": conditions.surface == "whiteboard",
        "drawn": conditions.surface == "screen",
    }
    return tuple(name for name, holds in named.items() if holds)
