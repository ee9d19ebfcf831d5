"""Generated pages: digits of a data set, written with a pen on paper, with exact ground truth."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit


@dataclass(frozen=True, slots=True)
class Scene:
    """A page and what is written on it.

    Attributes:
        image: Shape (height, width, 3), BGR.
        digits: Every digit with its box, confidence 1, in reading order.
        text: One string a row, with a space where the writer left a word's gap.
        tags: What makes it easy or hard, such as `touching`, `lines` or `negative`.
    """

    image: NDArray[np.uint8]
    digits: tuple[Digit, ...]
    text: tuple[str, ...]
    tags: tuple[str, ...] = ()


def draw_scene(
    split: Split,
    seed: int,
    *,
    rows: int = 2,
    columns: int = 5,
    width: int = 640,
    height: int = 480,
    ruled: bool = False,
) -> Scene:
    """Write rows of digits on a sheet that lies in uneven light.

    Args:
        split: Where the digits come from.
        seed: The same seed gives the same page.
        rows: Lines of digits.
        columns: Digits a line.
        width: Of the picture, pixels.
        height: Of the picture, pixels.
        ruled: Whether the sheet has ruled lines, which the digits touch.
    """
    rng = np.random.default_rng(seed)
    ink = np.zeros((height, width), np.float32)
    chosen = rng.integers(0, len(split), (rows, columns))
    cell_width, cell_height = width / (columns + 1), height / (rows + 1)
    size = 0.62 * min(cell_width * 1.25, cell_height)
    digits = []
    for row in range(rows):
        for column in range(columns):
            index = chosen[row, column]
            stroke = _written(split.images[index, :, :, 0], size * rng.uniform(0.85, 1.15))
            x = round((column + 1) * cell_width - stroke.shape[1] / 2 + rng.normal(0, 0.03 * cell_width))
            y = round((row + 1) * cell_height - stroke.shape[0] / 2 + rng.normal(0, 0.03 * cell_height))
            box = _place(ink, stroke, x, y)
            digits.append(Digit(int(split.labels[index]), 1.0, box, row))
    text = tuple("".join(str(split.labels[index]) for index in row) for row in chosen)
    if ruled:
        _rule(ink, digits, rng)
    return Scene(_photographed(ink, rng), tuple(digits), text)


def _written(image: NDArray[np.uint8], size: float) -> NDArray[np.float32]:
    """The strokes of a 28x28 image at another size, crisp as a pen's; 0 to 1, cut to the ink."""
    rows, columns = np.flatnonzero(image.max(axis=1) > 96), np.flatnonzero(image.max(axis=0) > 96)
    tight = image[max(rows[0] - 2, 0) : rows[-1] + 3, max(columns[0] - 2, 0) : columns[-1] + 3]
    factor = size / max(tight.shape)
    large = cv2.resize(tight.astype(np.float32), None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC)
    smooth = cv2.GaussianBlur(large, (0, 0), max(0.4, 0.25 * factor))
    return np.asarray(np.clip((smooth - 96) / 64, 0, 1), np.float32)


def _place(ink: NDArray[np.float32], stroke: NDArray[np.float32], x: int, y: int) -> Box:
    x, y = (
        int(np.clip(at, 0, most))
        for at, most in ((x, ink.shape[1] - stroke.shape[1]), (y, ink.shape[0] - stroke.shape[0]))
    )
    window = ink[y : y + stroke.shape[0], x : x + stroke.shape[1]]
    np.maximum(window, stroke, out=window)
    rows, columns = np.flatnonzero(stroke.max(axis=1) > 0.5), np.flatnonzero(stroke.max(axis=0) > 0.5)
    return Box(x + int(columns[0]), y + int(rows[0]), int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1)


def _rule(ink: NDArray[np.float32], digits: list[Digit], rng: np.random.Generator) -> None:
    """Pale lines across the sheet, one just where the feet of each row stand."""
    for row in {digit.row for digit in digits}:
        foot = max(digit.box.y + digit.box.height for digit in digits if digit.row == row) - 2
        drop = rng.normal(0, 2)
        ends = (0, round(foot - drop)), (ink.shape[1], round(foot + drop))
        line = cv2.line(np.zeros_like(ink), *ends, 0.55, max(1, ink.shape[0] // 400), cv2.LINE_AA)
        np.maximum(ink, line, out=ink)


def _photographed(ink: NDArray[np.float32], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The sheet through a camera: paper grain, light that falls off to one side, blur, sensor noise, JPEG."""
    height, width = ink.shape
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    slope = (np.cos(angle) * columns / width + np.sin(angle) * rows / height).astype(np.float32)
    light = 1 - rng.uniform(0.15, 0.45) * (slope - slope.min()) / np.ptp(slope)
    grain = cv2.GaussianBlur(rng.normal(0, 1, ink.shape).astype(np.float32), (0, 0), 1.5)
    paper = np.array([222, 234, 238], np.float32) * (light * (1 + 0.03 * grain))[..., None]
    pen = np.array(rng.choice([(45, 38, 35), (120, 45, 30), (40, 30, 150)]), np.float32)
    page = paper * (1 - ink[..., None]) + pen * light[..., None] * ink[..., None]
    page = cv2.GaussianBlur(page, (0, 0), 0.7) + rng.normal(0, 2.0, page.shape)
    encoded = cv2.imencode(".jpg", np.clip(page, 0, 255).astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, 90])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)
