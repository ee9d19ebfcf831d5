"""Pages with hardly anything but digits on them, as most that people have."""

from dataclasses import replace
from typing import Any

import numpy as np

from mnist_edge.dataset import Split
from mnist_edge.models.finder.samples import StoredPage, close_round_row, stored
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.models.pages.random_conditions import random_conditions
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

# Probability that a digit of a page with superscripts is one.
SUPERSCRIPTS = 0.5
# How much the heights on one line of a page with uneven ones differ: 1:3 at most.
UNEVEN = 1.1
# Heights of a digit that stands alone on its page, and of few of them, as shares of the page's.
ALONE = 0.06, 0.8
FEW = 0.15, 0.6
# The same of digits in frames on a page with one row of them.
FRAMED = 0.15, 0.4
# Height of a picture that is cut close round one row of digits, pixels.
CLOSE = 24.0, 120.0


def conditions_alone(rng: np.random.Generator, rows: int = 1) -> Conditions:
    """A page as people bring them, with one digit; with no rows, without any."""
    conditions = random_conditions(rng)
    return replace(conditions, rows=rows, columns=1, layout="", size=float(rng.uniform(*ALONE)))


def conditions_few(rng: np.random.Generator) -> Conditions:
    """A sheet, a board or a screen with one to three digits in a row and nothing else, evenly lit."""
    nothing: dict[str, Any] = dict.fromkeys(("text", "scribbles", "things", "folds"), 0)
    nothing |= dict.fromkeys(("signs", "pebbles", "bleed", "retraced"), 0.0) | {"lines": "", "layout": ""}
    evenly = dict.fromkeys(("shadow", "cast", "vignette", "perspective", "curl"), 0.0) | {"desk": False}
    written = {"rows": 1, "columns": int(rng.integers(1, 4)), "size": float(rng.uniform(*FEW))}
    return replace(random_conditions(rng), **nothing | evenly | written)


def conditions_superscripts(rng: np.random.Generator) -> Conditions:
    """A page as people bring them, where every other digit is small and raised."""
    return replace(random_conditions(rng), superscripts=SUPERSCRIPTS)


def conditions_uneven(rng: np.random.Generator) -> Conditions:
    """A page as people bring them, where the heights on one line differ by up to three times."""
    return replace(random_conditions(rng), uneven=UNEVEN)


def conditions_framed(rng: np.random.Generator) -> Conditions:
    """A sheet, a board or a screen with numbers in circles, boxes or brackets and nothing else, evenly lit."""
    rows, columns = (int(number) for number in rng.integers(1, 6, 2))
    size = float(rng.uniform(*FRAMED)) / max(rows, columns / 2)
    return replace(conditions_few(rng), layout="framed", rows=rows, columns=columns, size=size)


def draw_conditions(split: Split, conditions: Conditions, rng: np.random.Generator) -> StoredPage:
    """Draw a page under such conditions, and keep it as training does."""
    return stored(draw_page(split, int(rng.integers(2**31)), conditions), conditions)


def draw_image(split: Split, rng: np.random.Generator) -> StoredPage:
    """An image of the data set as a page of its own: cut close or not, enlarged, in either polarity."""
    index = int(rng.integers(len(split)))
    image = split.images[index, ..., 0]
    box = Box(*cv2.boundingRect(np.asarray(image > 20, np.uint8)))
    if rng.random() < 0.5:
        image, box = image[box.slices], Box(0, 0, box.width, box.height)
    scale = float(rng.choice([1, 1, 2, 4, 10]))
    size = [round(side * scale) for side in image.shape[::-1]]
    image = np.asarray(cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_CUBIC), np.uint8)
    light_on_dark = bool(rng.random() < 0.5)
    return StoredPage(
        cv2.imencode(".png", image if light_on_dark else 255 - image)[1].tobytes(),
        np.array([box], np.float32) * np.float32(scale),
        split.labels[[index]].astype(np.int64),
        light_on_dark,
    )


def cut_close(page: StoredPage, rng: np.random.Generator) -> StoredPage:
    """One row of a page's digits alone, in a small picture, as an amount or a field of a form is cut out.

    Args:
        page: One with at least one digit.
        rng: Decides the row, the height of the picture, and how coarse its JPEG is.
    """
    picture = cv2.imdecode(np.frombuffer(page.picture, np.uint8), cv2.IMREAD_COLOR)
    low, high = close_round_row(page.boxes, np.ones(len(page.boxes), np.bool_), rng)
    low, high = np.maximum(low, 0), np.minimum(high, picture.shape[1::-1])
    picture = picture[low[1] : high[1], low[0] : high[0]]
    wanted = float(np.exp(rng.uniform(*np.log(CLOSE))))
    width, height = (max(1, round(side * min(1.0, wanted / len(picture)))) for side in picture.shape[1::-1])
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    scale = np.array([width, height], np.float32) / (high - low)
    middles = page.boxes[:, :2] + page.boxes[:, 2:] / 2
    kept = ((middles > low) & (middles < high)).all(axis=1)
    boxes = np.concatenate([page.boxes[kept, :2] - low, page.boxes[kept, 2:]], axis=1) * np.tile(scale, 2)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 96))]
    content = cv2.imencode(".jpg", small, quality)[1].tobytes()
    return StoredPage(content, boxes.astype(np.float32), page.labels[kept], page.light_on_dark)


def draw_shade(rng: np.random.Generator) -> StoredPage:
    """A wall in raking light: a grey that changes steadily from one side to the other."""
    width, height = 640, 480
    across, down = np.meshgrid(np.linspace(-1, 1, width), np.linspace(-1, 1, height))
    angle, (start, end) = rng.uniform(0, 2 * np.pi), rng.uniform(0, 255, 2)
    share = (1 + np.clip(across * np.cos(angle) + down * np.sin(angle), -1, 1)) / 2
    grey = np.rint(start + (end - start) * share).astype(np.uint8)
    return StoredPage(
        cv2.imencode(".png", grey)[1].tobytes(), np.zeros((0, 4), np.float32), np.zeros(0, np.int64), False
    )


def draw_sparse(split: Split, rng: np.random.Generator) -> StoredPage:
    """Draw a page with a digit alone, with superscripts, or an image of the data set."""
    kind = rng.random()
    if kind < 0.25:
        return draw_image(split, rng)
    conditions = conditions_superscripts(rng) if kind < 0.5 else conditions_alone(rng)
    return draw_conditions(split, conditions, rng)
