"""Training samples of the finder: crops of generated pages at a scale at which it finds digits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import HIGHEST, LOWEST, Floats
from mnist_edge.ink_level import WINDOW, ink_level
from mnist_edge.models.finder.targets import make_targets
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import Page
from mnist_edge.opencv import cv2

# Pixels of a crop's side: ten digits in a row, and what stands around them.
SIDE = 256
# Pixels beside a crop that its ink level depends on.
MARGIN = WINDOW
# Share of the crops that have a digit of the page in them, where it has any.
ON_DIGITS = 0.85
# A page is enlarged by no more than this.
LARGEST_SCALE = 1.25
# Share of the crops that are enlarged, up to twice, from a picture of a lower resolution.
COARSE = 0.1
# Share of the crops whose ink level is of the wrong polarity, in which no digit is to be found: a reader in doubt tries
# either.
WRONG_POLARITY = 0.1
# Share of the crops that are cut close round one row of digits, as pictures of amounts and of single words are.
TRIMMED = 0.08
# Of a stored page. A lower one would leave marks of its own beside those of the photograph.
JPEG_QUALITY = 97
# The first bytes of such a file.
PNG = b"\x89PNG"
# By how much a picture is reduced as it is decoded, which takes less time than decoding all of it.
REDUCED = {
    1: cv2.IMREAD_COLOR,
    2: cv2.IMREAD_REDUCED_COLOR_2,
    4: cv2.IMREAD_REDUCED_COLOR_4,
    8: cv2.IMREAD_REDUCED_COLOR_8,
}


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page as training keeps it.

    Attributes:
        picture: The bytes of a JPEG or PNG.
        boxes: Shape (n, 4): x, y, width, height.
        labels: Shape (n,).
        light_on_dark: Whether its ink is lighter than its paper.
    """

    picture: bytes
    boxes: Floats
    labels: NDArray[np.int64]
    light_on_dark: bool


def stored(page: Page, conditions: Conditions) -> StoredPage:
    """A page that was drawn under conditions, as training keeps it."""
    return StoredPage(
        cv2.imencode(".jpg", page.image, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])[1].tobytes(),
        np.array([digit.box for digit in page.digits], np.float32).reshape(-1, 4),
        np.array([digit.label for digit in page.digits], np.int64),
        sum(conditions.ink) > sum(conditions.paper),
    )


def take_sample(page: StoredPage, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Floats]:
    """One crop of a page, shape (SIDE, SIDE, 1), as ink level, and its targets."""
    boxes, labels = page.boxes, page.labels
    wanted = boxes[int(rng.integers(len(boxes)))] if len(boxes) and rng.random() < ON_DIGITS else None
    lowest, highest = (0.08, LARGEST_SCALE) if wanted is None else (LOWEST, HIGHEST) / wanted[2:].max()
    scale = min(float(np.exp(rng.uniform(np.log(lowest), np.log(highest)))), LARGEST_SCALE)
    image, reduced = _decoded(page.picture, scale, 2.0 if rng.random() < COARSE else LARGEST_SCALE)
    middle = rng.random(2) * image.shape[1::-1] * reduced if wanted is None else wanted[:2] + wanted[2:] / 2
    image, corner, scale = _cut(image, reduced, middle + rng.uniform(-0.4, 0.4, 2) * SIDE / scale, scale)
    if rng.random() < 0.25:
        image = _spoiled(image, rng)
    wrong = rng.random() < WRONG_POLARITY
    level = ink_level(image, page.light_on_dark != wrong)[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
    if wrong:
        boxes, labels = boxes[:0], labels[:0]
    boxes = (boxes - np.array([*corner, 0, 0])) * scale
    if rng.random() < TRIMMED:
        level, boxes, labels = _trimmed(level, boxes, labels, rng)
    return _varied(level, rng)[..., None], make_targets(boxes.astype(np.float32), labels, SIDE)


def _trimmed(
    level: NDArray[np.uint8], boxes: Floats, labels: NDArray[np.int64], rng: np.random.Generator
) -> tuple[NDArray[np.uint8], Floats, NDArray[np.int64]]:
    """One row of digits alone, as in a picture that is cut close round it; what lies beyond is paper."""
    middles, longest = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].max(axis=1, initial=0)
    inside = ((middles > 0) & (middles < SIDE)).all(axis=1) & (longest > LOWEST) & (longest < HIGHEST)
    if not inside.any():
        return level, boxes, labels
    low, high = close_round_row(boxes, inside, rng)
    low = np.maximum(low, 0)
    alone = np.zeros_like(level)
    area = slice(low[1], high[1]), slice(low[0], high[0])
    alone[area] = level[area]
    kept = ((middles > low) & (middles < high)).all(axis=1)
    return alone, boxes[kept], labels[kept]


def close_round_row(
    boxes: Floats, among: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where a picture that is cut close round one row of digits begins and ends: its first x and y, and its last.

    Args:
        boxes: Of all digits, shape (n, 4): x, y, width, height.
        among: Shape (n,): those that may be in the row, one at least.
        rng: Chooses the row and the margins.
    """
    middles, longest = boxes[:, :2] + boxes[:, 2:] / 2, boxes[:, 2:].max(axis=1)
    chosen = int(rng.choice(np.flatnonzero(among)))
    row = among & (np.abs(middles[:, 1] - middles[chosen, 1]) < 0.5 * longest[chosen])
    margins = rng.uniform(0.05, 0.5, 4) * longest[chosen]
    low = np.floor(boxes[row, :2].min(axis=0) - margins[:2])
    high = np.ceil((boxes[row, :2] + boxes[row, 2:]).max(axis=0) + margins[2:])
    return low.astype(np.int64), high.astype(np.int64)


def _decoded(picture: bytes, scale: float, most: float) -> tuple[NDArray[np.uint8], int]:
    """The picture at the least of its sizes that is enlarged by no more than `most`, and how much that is reduced.

    A PNG is an image of the data set, which is small and may have fewer pixels than a reduction would leave.
    """
    reduced = 1 if picture.startswith(PNG) else max(by for by in REDUCED if by == 1 or scale * by <= most)
    return np.asarray(cv2.imdecode(np.frombuffer(picture, np.uint8), REDUCED[reduced]), np.uint8), reduced


def _cut(
    image: NDArray[np.uint8], reduced: int, middle: NDArray[np.float64], scale: float
) -> tuple[NDArray[np.uint8], NDArray[np.float64], float]:
    """A crop and the margin round it, shape (SIDE + 2 * MARGIN, SIDE + 2 * MARGIN, 3); beyond it the border repeats.

    Args:
        image: The picture, reduced.
        reduced: By how much.
        middle: Of the crop, in the whole picture.
        scale: Of the crop to the whole picture.

    Returns:
        The crop, where its corner without the margin is in the whole picture, and its scale, as whole pixels allow.
    """
    whole = SIDE + 2 * MARGIN
    side = max(1, round(whole / scale / reduced))
    height, width = image.shape[:2]
    left, top = (round(value) for value in middle / reduced - side / 2)
    # At least one pixel is of the picture.
    left, top = min(max(left, 1 - side), width - 1), min(max(top, 1 - side), height - 1)
    part = image[max(top, 0) : top + side, max(left, 0) : left + side]
    beyond = max(-top, 0), max(top + side - height, 0), max(-left, 0), max(left + side - width, 0)
    if any(beyond):
        part = cv2.copyMakeBorder(part, *beyond, cv2.BORDER_REPLICATE)
    # What is left to reduce is less than a half, for which the mean of an area takes six times as long.
    cut = cv2.resize(part, (whole, whole), interpolation=cv2.INTER_LINEAR)
    scale = whole / (side * reduced)
    return np.asarray(cut, np.uint8), np.array([left, top]) * reduced + MARGIN / scale, scale


def _spoiled(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """As a small picture of low quality has it: blurred, noisy, and compressed at this very size."""
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.1)))
    if rng.random() < 0.5:
        noise = np.float32(rng.uniform(1, 8)) * rng.standard_normal(image.shape[:2], np.float32)
        image = np.clip(image + noise[..., None], 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR), np.uint8)


def _varied(level: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Fainter or darker, and a little noisy."""
    varied = level * np.float32(rng.uniform(0.6, 1.25))
    if rng.random() < 0.5:
        varied += np.float32(rng.uniform(0, 5)) * rng.standard_normal(level.shape, np.float32)
    return np.asarray(np.clip(varied, 0, 255), np.uint8)


def batch(pages: Sequence[StoredPage], size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A batch of samples: inputs of shape (size, SIDE, SIDE, 1), 0 to 1, and their targets."""
    samples = [take_sample(pages[int(rng.integers(len(pages)))], rng) for _ in range(size)]
    inputs = np.stack([level for level, _ in samples]).astype(np.float32) / np.float32(255)
    return inputs, np.stack([target for _, target in samples])
