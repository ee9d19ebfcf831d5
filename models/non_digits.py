"""Ink that is no digit: letters, signs, scribbles, strokes, blots, specks, textures, joined digits, parts of digits."""

import string
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.normalisation import normalise
from mnist_edge.optional_packages import require

COUNT = 16_000
CANVAS = 64
# Letters and signs that a hand writes like a digit stay out: the network must not learn to doubt those digits.
LIKE_DIGITS = set("OoQDlIiZzSsqgbBGyJ") | set("|/\\!1`'.,-_:;\"^")
SIGNS = "".join(c for c in string.ascii_letters + string.punctuation if c not in LIKE_DIGITS) + "ÄÖÜßñçéθπφψλµ±÷×√∞"
# Typefaces without Latin letters, whose boxes or symbols would all look alike.
NOT_TEXT = ("cmex10", "STIXSiz", "DejaVuSansDisplay")

Ink = NDArray[np.uint8]


# In this order the pictures take turns.
ROUND = ("letters", "letters", "scribbles", "strokes", "blots", "textures", "pairs", "pieces")
KINDS = tuple(dict.fromkeys(ROUND))
NO_LETTERS = KINDS[1:]


def non_digits(
    split: Split, seed: int, count: int = COUNT, kind: str | None = None, kinds: tuple[str, ...] = ROUND
) -> Ink:
    """Normalised non-digits.

    Args:
        split: Whose digits are joined and cut; for a training only training images.
        seed: The same seed gives the same pictures.
        count: How many.
        kind: One of `KINDS` alone.
        kinds: Those that take turns where none is alone: all of them, and letters twice as often.

    Returns:
        Shape (count, 28, 28), 0 = background, 255 = full ink.

    Raises:
        ValueError: There is no such kind.
    """
    if kind is not None and kind not in KINDS:
        raise ValueError(f"there is no kind {kind!r} of non-digits; there are: {', '.join(KINDS)}")
    rng = np.random.default_rng((seed, 0x0D161))
    fonts = _fonts()
    makers = {
        "letters": lambda: _letter(fonts, rng),
        "scribbles": lambda: _scribble(rng),
        "strokes": lambda: _strokes(rng),
        "blots": lambda: _blot(rng),
        "textures": lambda: _texture(rng),
        "pairs": lambda: _pair(split, rng),
        "pieces": lambda: _piece(split, rng),
    }
    kinds = (kind,) if kind else kinds
    return np.stack([normalise(makers[kinds[k % len(kinds)]]()) for k in range(count)])


def _fonts() -> list[Path]:
    folder = Path(require("matplotlib", extra="train").get_data_path()) / "fonts" / "ttf"
    return [path for path in sorted(folder.glob("*.ttf")) if not path.stem.startswith(NOT_TEXT)]


def _letter(fonts: list[Path], rng: np.random.Generator) -> Ink:
    draw_module, image_module, font_module = (
        require(f"PIL.{name}", extra="train") for name in ("ImageDraw", "Image", "ImageFont")
    )
    while True:
        image = image_module.new("L", (CANVAS * 2, CANVAS), 0)
        font = font_module.truetype(str(fonts[rng.integers(len(fonts))]), int(rng.integers(18, 44)))
        text = "".join(rng.choice(list(SIGNS), 1 if rng.random() < 0.8 else 2))
        draw_module.Draw(image).text((8, 2), text, fill=255, font=font, stroke_width=int(rng.integers(0, 2)))
        ink = np.asarray(image)
        if ink.any():
            return ink


def _scribble(rng: np.random.Generator) -> Ink:
    """A smooth random curve that crosses itself many times."""
    knots = rng.uniform(8, CANVAS - 8, (int(rng.integers(7, 14)), 2))
    return _ink_of(_through(knots), rng.uniform(1.2, 2.5))


def _strokes(rng: np.random.Generator) -> Ink:
    """Straight strokes: a lying line, a cross, a fork, parallels, a lattice."""
    tilt, points = rng.normal(0, 0.12), []
    # The first lies along the columns (an upright one alone would be a 1), the others anyhow.
    for angle in [0, *rng.choice([0, 0.25, 0.5, 0.5, 0.75], rng.integers(0, 5))]:
        along = np.array([np.sin(angle * np.pi + tilt), np.cos(angle * np.pi + tilt)])
        across = along[::-1] * (1, -1)
        points.append(CANVAS / 2 + rng.uniform(-14, 14) * across + np.linspace(-22, 22, 90)[:, None] * along)
    return _ink_of(np.concatenate(points), rng.uniform(1.2, 2.5))


def _blot(rng: np.random.Generator) -> Ink:
    """A filled patch with a ragged edge, often with specks around it."""
    field = rng.normal(size=(8, 8))
    rows = np.linspace(0, 7, CANVAS)
    weights = np.maximum(0, 1 - np.abs(rows[:, None] - np.arange(8)))
    smooth = weights @ field @ weights.T
    distance = np.hypot(*(np.indices((CANVAS, CANVAS)) - CANVAS / 2)) / (CANVAS / 2)
    level = smooth - 2.5 * distance + rng.uniform(0, 1.5)
    level[CANVAS // 2, CANVAS // 2] = 1.0
    return np.asarray(np.clip(level * 400, 0, 255), np.uint8)


def _texture(rng: np.random.Generator) -> Ink:
    """Smoothed noise over all of the box (cloth, wood, a screen), or a few specks."""
    side = int(rng.integers(8, CANVAS))
    noise = rng.random((side, int(side * rng.uniform(0.6, 1))))
    if rng.random() < 0.3:
        return np.asarray((noise > 1 - rng.uniform(1.5, 8) / noise.size) * 255 | _corners(noise.shape), np.uint8)
    noise = (noise + np.roll(noise, 1, axis=0) + np.roll(noise, 1, axis=1)) / 3
    return np.asarray(np.clip((noise - noise.mean()) * rng.uniform(300, 2000) + 128, 0, 255), np.uint8)


def _corners(shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Two opposite specks, so that there is ink and the box has its size."""
    ink = np.zeros(shape, np.int64)
    ink[0, 0] = ink[-1, -1] = 255
    return ink


def _pair(split: Split, rng: np.random.Generator) -> Ink:
    """Two digits that touch side by side, or three."""
    chosen = rng.integers(0, len(split), int(rng.integers(2, 4)))
    digits = [split.images[k, :, :, 0] for k in chosen]
    tight = [digit[:, digit.any(axis=0)] for digit in digits]
    return np.concatenate(tight, axis=1)


def _piece(split: Split, rng: np.random.Generator) -> Ink:
    """The upper or lower part of a digit, wider than it is high: an upright part may well be a 1 or a 7."""
    while True:
        digit = split.images[rng.integers(0, len(split)), :, :, 0]
        rows = np.flatnonzero(digit.any(axis=1))
        cut = round(rows[0] + (rows[-1] - rows[0]) * rng.uniform(0.25, 0.5))
        piece = digit[:cut] if rng.random() < 0.5 else digit[-cut:]
        rows, columns = (np.flatnonzero(piece.any(axis=axis)) for axis in (1, 0))
        if len(rows) and 1.2 * (rows[-1] - rows[0] + 1) < columns[-1] - columns[0] + 1:
            return piece


def _through(knots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points along a Catmull-Rom spline through the knots, shape (m, 2)."""
    t = np.linspace(0, 1, 40)[:, None]
    curves = []
    for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False):
        curves.append(b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a))))
    return np.concatenate(curves)


def _ink_of(points: NDArray[np.float64], radius: float) -> Ink:
    """A round pen of `radius` pixels drawn along points."""
    reach = int(np.ceil(radius)) + 1
    offsets = np.stack(np.meshgrid(*[np.arange(-reach, reach + 1)] * 2), -1).reshape(-1, 2)
    pixels = np.rint(points)[:, None] + offsets
    distance = np.hypot(*(pixels - points[:, None]).transpose(2, 0, 1))
    ink = np.clip((radius + 0.5 - distance) * 255, 0, 255)
    canvas = np.zeros((CANVAS + 16, CANVAS + 16))
    rows, columns = (np.clip(pixels, -8, CANVAS + 7) + 8).astype(np.intp).transpose(2, 0, 1)
    np.maximum.at(canvas, (rows, columns), ink)
    return canvas.astype(np.uint8)
