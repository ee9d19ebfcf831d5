"""What lies under the ink: sticky notes, a highlighter's bands, and textures such as bank paper, bricks or cloth."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from mnist_edge.models.pages.marks import Mark
from mnist_edge.models.pages.paper import Floats, View, blend
from mnist_edge.opencv import cv2
from mnist_edge.strokes import Colour, Stroke

# BGR of highlighters and of sticky notes.
MARKERS: tuple[Colour, ...] = ((70, 250, 250), (60, 165, 255), (90, 250, 110), (190, 120, 255), (250, 210, 90))
NOTES: tuple[Colour, ...] = (
    (110, 235, 250), (150, 240, 250), (180, 150, 250), (140, 235, 170), (235, 205, 130), (70, 150, 250),
)  # fmt: skip
Pattern = Callable[[Floats, Floats, np.random.Generator], Floats]


def stick_notes(page: Floats, marks: Sequence[Mark], view: View, height: float, rng: np.random.Generator) -> None:
    """A coloured square under all that is written, or one under each row of digits; `height` of a digit, pixels."""
    apart = rng.random() < 0.4
    digits = [mark for mark in marks if mark.label is not None]
    for row in sorted({mark.row if apart else 0 for mark in digits}):
        points = _points([mark for mark in digits if not apart or mark.row == row])
        low, high = points.min(axis=0), points.max(axis=0)
        side = (high - low).max() if rng.random() < 0.5 else 0.0
        middle, half = (low + high) / 2, np.maximum(high - low, side) / 2 + height * rng.uniform(0.2, 1.2)
        corners = middle + half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        shade = _filled([view.project(corners + 0.05 * height)], page.shape)
        blend(page, cv2.GaussianBlur(shade, (0, 0), 0.06 * height + 0.5), (40, 40, 40), 0.3)
        blend(page, _filled([view.project(corners)], page.shape), NOTES[int(rng.integers(len(NOTES)))])


def highlight(page: Floats, marks: Sequence[Mark], view: View, height: float, rng: np.random.Generator) -> None:
    """Bands of a highlighter over runs of what is written, as light that is taken away; `height` of a digit, pixels."""
    colour = np.array(MARKERS[int(rng.integers(len(MARKERS)))], np.float32) / 255
    for row in sorted({mark.row for mark in marks if mark.label is not None}):
        run = [mark for mark in marks if mark.label is not None and mark.row == row]
        first = int(rng.integers(len(run))) if rng.random() < 0.5 else 0
        points = _points(run[first : first + int(rng.integers(1, len(run) + 1))])
        low, high = points.min(axis=0) - height * rng.uniform(-0.15, 0.5, 2), points.max(axis=0)
        high = high + height * rng.uniform(-0.15, 0.5, 2)
        bands = []
        for share in (0.0, 0.5) if rng.random() < 0.3 else (0.0,):
            y = low[1] + share * (high[1] - low[1]) + height * rng.normal(0, 0.03, 4)
            down = (high[1] - low[1]) * (0.55 if share else 1.0) * np.array([0, 0, 1, 1])
            bands.append(view.project(np.stack([[low[0], high[0], high[0], low[0]], y + down], axis=1)))
        for band in bands:
            share_of = _filled([band], page.shape).astype(np.float32)[..., None] / 255 * rng.uniform(0.6, 1)
            page *= 1 - share_of * (1 - colour)


def _points(marks: Sequence[Mark]) -> Stroke:
    return np.concatenate([stroke for mark in marks for stroke in mark.strokes])


def _filled(corners: Sequence[Stroke], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    layer = np.zeros(shape[:2], np.uint8)
    cv2.fillPoly(layer, [np.round(one * 16).astype(np.int32) for one in corners], 255, cv2.LINE_AA, 4)
    return layer


def add_pattern(page: Floats, name: str, strength: float, rng: np.random.Generator) -> None:
    """Darken the page by a texture turned a little, the whole picture at once.

    Args:
        page: Shape (height, width, 3), changed in place.
        name: One of `PATTERNS`.
        strength: Share of the light that it takes where it is darkest, 0 to 1.
        rng: Decides the rest.
    """
    height, width = page.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32)
    angle, far = rng.normal(0, 0.12), rng.uniform(0, 0.0008)
    grown = 1 + far * (y - height / 2)  # what is nearer is larger
    x, y = (x - width / 2) / grown, (y - height / 2) / grown
    along, down = np.cos(angle) * x + np.sin(angle) * y, np.cos(angle) * y - np.sin(angle) * x
    dark = PATTERNS[name](along, down, rng)
    tint = rng.uniform(0.5, 1.0, 3).astype(np.float32)
    page *= 1 - strength * dark[..., None] * tint


def _period(rng: np.random.Generator, low: float, high: float) -> float:
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _waves(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Fine wavy lines side by side, as on cheques."""
    period, swing = _period(rng, 4, 14), rng.uniform(0.5, 4)
    phase = y + swing * period * np.sin(x / _period(rng, 8, 60)) * np.sin(y / 70 + rng.uniform(0, 6))
    return _edge(np.cos(2 * np.pi * phase / period), rng.uniform(0.3, 0.8))


def _rosette(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Two families of interlaced curves, as engraved on bank notes."""
    middle = rng.uniform(-150, 150, 2).astype(np.float32)
    radius = np.hypot(x - middle[0], y - middle[1]) + 1e-3
    turn, petals = np.arctan2(y - middle[1], x - middle[0]), int(rng.integers(4, 20))
    period, swing = _period(rng, 5, 16), rng.uniform(3, 14)
    both = [np.cos(2 * np.pi * (radius + sign * swing * np.sin(petals * turn)) / period) for sign in (1, -1)]
    return np.maximum(_edge(both[0], 0.8), _edge(both[1], 0.8))


def _halftone(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Dots whose size follows a slow wave, as in newspapers."""
    period = _period(rng, 4, 14)
    dots = np.cos(2 * np.pi * (x + y) / period) + np.cos(2 * np.pi * (x - y) / period)
    tone = np.sin(x / _period(rng, 30, 150) + rng.uniform(0, 6)) + np.sin(y / _period(rng, 30, 150))
    return np.asarray(np.clip(2 * (0.5 * dots + 0.7 * tone) + 0.2, 0, 1), np.float32)


def _bricks(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Stones with joints, each stone in a tone of its own; half of the walls are bonded, the others tiles."""
    tall, ratio = _period(rng, 16, 120), rng.choice([1.0, 1.0, 2.0, 3.0])
    row = np.floor(y / tall)
    shifted = x / (tall * ratio) + 0.5 * (row % 2) * (rng.random() < 0.5 or ratio > 1)
    across, down = shifted % 1, y / tall % 1
    joint = rng.uniform(0.02, 0.09)
    edge = (np.minimum(across, 1 - across) * ratio < joint) | (np.minimum(down, 1 - down) < joint)
    tones = rng.uniform(0, rng.uniform(0.05, 0.7), 1024)
    tone = tones[(row * 37 + np.floor(shifted) * 101).astype(int) % 1024]
    return np.asarray(np.where(edge, rng.choice([0.0, 1.0]), tone), np.float32)


def _weave(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Threads that go over and under each other."""
    period = _period(rng, 5, 40)
    over = (np.floor(x / period) + np.floor(y / period)) % 2 == 0
    warp, weft = np.sin(np.pi * (x / period % 1)), np.sin(np.pi * (y / period % 1))
    return np.asarray(1 - np.where(over, warp, 0.8 * weft) ** rng.uniform(0.5, 2), np.float32)


def _wood(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Long grain that bends round a few knots."""
    period, bend = _period(rng, 6, 30), np.zeros_like(x)
    for _ in range(int(rng.integers(1, 5))):
        at, reach = rng.uniform(-320, 320, 2), rng.uniform(10, 60)
        away = ((x - at[0]) / 3) ** 2 + (y - at[1]) ** 2
        bend = bend + rng.uniform(1, 3) * reach * np.exp(-away / (2 * reach**2))
    grain = y + bend + 3 * np.sin(x / 90 + rng.uniform(0, 6))
    return np.asarray(0.5 + 0.5 * np.sin(2 * np.pi * grain / period + 2 * np.sin(grain / 37)), np.float32)


def _code(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """Black and white squares at random, or bars, in a part of the picture."""
    side, bars = _period(rng, 4, 24), rng.random() < 0.35
    size = float(rng.uniform(10, 40)) * side / 2
    at = rng.uniform(-150, 150, 2)
    inside = (np.abs(x - at[0]) < size) & (np.abs(y - at[1]) < size)
    cells = rng.random((64, 64)) < 0.5
    down = np.zeros_like(y, int) if bars else np.floor((y - at[1]) / side).astype(int) % 64
    return np.asarray(inside & cells[down, np.floor((x - at[0]) / side).astype(int) % 64], np.float32)


def _edge(wave: Floats, level: float) -> Floats:
    """Lines where a wave is above a level."""
    return np.asarray(np.clip((wave - level) / (1.05 - level) * 1.6, 0, 1), np.float32)


PATTERNS: dict[str, Pattern] = {
    "waves": _waves,
    "rosette": _rosette,
    "halftone": _halftone,
    "bricks": _bricks,
    "weave": _weave,
    "wood": _wood,
    "code": _code,
}
