"""What handwriting lies on and is seen through: sheets, lines, light, lens and sensor."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.opencv import cv2
from mnist_edge.strokes import Colour, Stroke

Floats = NDArray[np.float32]
DESKS: tuple[Colour, ...] = ((45, 70, 105), (70, 105, 150), (40, 35, 35), (55, 40, 150), (120, 120, 115), (95, 70, 45))
LIGHT_SCALE = 8  # light changes slowly: it is worked out on a small picture


@dataclass(frozen=True, slots=True)
class View:
    """How the camera sees the page.

    Attributes:
        matrix: The homography from page to picture, shape (3, 3).
        curl: By how many pixels the middle of the page is bent down.
        width: Of the page, pixels.
    """

    matrix: NDArray[np.float64]
    curl: float
    width: int

    def project(self, points: Stroke) -> Stroke:
        """Points of the page, shape (n, 2), where the picture shows them."""
        x, y = points.T
        bent = y + self.curl * np.sin(np.pi * x / self.width)
        seen = np.stack([x, bent, np.ones_like(x)], axis=1) @ self.matrix.T
        return np.asarray(seen[:, :2] / seen[:, 2:])

    def moved(self, scale: float, x: float, y: float) -> "View":
        """The same, with the picture scaled and then shifted."""
        return replace(self, matrix=np.array([(scale, 0, x), (0, scale, y), (0, 0, 1)]) @ self.matrix)


def look_at(conditions: Conditions, width: int, height: int, rng: np.random.Generator) -> View:
    """The page turned about its middle and seen a little askew."""
    corners = np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32)
    middle = np.array([width, height]) / 2
    angle = np.deg2rad(conditions.tilt)
    turn = np.array([(np.cos(angle), np.sin(angle)), (-np.sin(angle), np.cos(angle))])
    seen = (corners - middle) @ turn + middle + conditions.perspective * width * rng.uniform(-1, 1, (4, 2))
    return View(cv2.getPerspectiveTransform(corners, seen.astype(np.float32)), conditions.curl * height, width)


def blend(page: Floats, alpha: NDArray[np.uint8], colour: Colour, opacity: float | Floats = 1.0) -> None:
    """Paint a colour over the page where `alpha`, shape (height, width), is above 0.

    Args:
        page: Shape (height, width, 3), changed in place.
        alpha: 0 to 255.
        colour: BGR.
        opacity: 0 to 1, one for all or one a pixel.
    """
    x, y, width, height = cv2.boundingRect(alpha)
    window = slice(y, y + height), slice(x, x + width)
    share = alpha[window].astype(np.float32) / 255 * (opacity[window] if isinstance(opacity, np.ndarray) else opacity)
    page[window] += share[..., None] * (np.array(colour, np.float32) - page[window])


def fibres(height: int, width: int, rng: np.random.Generator) -> Floats:
    """The roughness of paper, shape (height, width), about 0 with a standard deviation of about 1."""
    fine = rng.standard_normal((height // 2 + 1, width // 2 + 1), np.float32)
    coarse = rng.standard_normal((height // 5 + 1, width // 5 + 1), np.float32)
    layers = (cv2.resize(layer, (width, height), interpolation=cv2.INTER_LINEAR) for layer in (fine, coarse))
    return np.asarray(1.2 * next(layers) + 0.6 * next(layers), np.float32)


def surface(conditions: Conditions, roughness: Floats, rng: np.random.Generator) -> Floats:
    """The bare page before light falls on it, shape (height, width, 3), BGR, 0 to 255.

    Args:
        conditions: What to draw.
        roughness: Of the page, as `fibres` gives it.
        rng: Decides the rest.
    """
    height, width = roughness.shape
    strength = {"paper": 0.012 + 0.03 * conditions.grain, "chalkboard": 0.03, "whiteboard": 0.004, "screen": 0.0}
    amount = 1 + strength[conditions.surface] * roughness
    page = np.asarray(amount[..., None] * np.array(conditions.paper, np.float32), np.float32)
    if conditions.surface in ("chalkboard", "whiteboard"):
        # What the sponge left behind.
        wiped = _clouds(height, width, (height // 25 + 2, width // 240 + 2), rng) + roughness
        page += ((3 if conditions.surface == "chalkboard" else -2) * wiped)[..., None]
    if conditions.pebbles:
        _cover_with_pebbles(page, conditions.pebbles, rng)
    return page


def put_on_desk(page: Floats, sheet: Stroke, rng: np.random.Generator) -> None:
    """Around the sheet, a table: wood or cloth, darker where the sheet keeps the light off.

    Args:
        page: Changed in place.
        sheet: The corners of the sheet in the picture, shape (4, 2).
        rng: Decides the rest.
    """
    height, width = page.shape[:2]
    mask = np.zeros((height, width), np.uint8)
    cv2.fillConvexPoly(mask, np.round(sheet * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
    wood = np.array(DESKS[int(rng.integers(len(DESKS)))], np.float32)
    veins = 0.10 * _clouds(height, width, (height // int(rng.integers(4, 30)), int(rng.integers(3, 12))), rng)
    small = cv2.resize(mask, (width // 8 + 1, height // 8 + 1), interpolation=cv2.INTER_AREA)
    near = cv2.resize(cv2.GaussianBlur(small, (0, 0), 1.5), (width, height)).astype(np.float32) / 255
    desk = (1 + veins)[..., None] * wood * (1 - 0.7 * near)[..., None]
    page += (1 - mask.astype(np.float32) / 255)[..., None] * (desk - page)


def draw_lines(points: Sequence[Stroke], width: float, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Printed lines as ink, shape (height, width), 0 to 255; `points` are in the picture."""
    layer = np.zeros(shape[:2], np.uint8)
    fixed = [np.round(line * 16).astype(np.int32)[:, None] for line in points]
    cv2.polylines(layer, fixed, False, 255, max(1, round(width)), cv2.LINE_AA, 4)
    return layer


def light(conditions: Conditions, width: int, height: int, rng: np.random.Generator) -> Floats:
    """How much light each pixel gets, shape (height, width, 3), 1 = all."""
    if conditions.surface == "screen":
        return np.ones((height, width, 3), np.float32)
    small = height // LIGHT_SCALE + 2, width // LIGHT_SCALE + 2
    y, x = (np.linspace(-1, 1, size, dtype=np.float32) for size in small)
    y = y[:, None]
    angle, tints = rng.uniform(0, 2 * np.pi), rng.normal(0, 1, (2, 3)).astype(np.float32)
    along = 0.5 + 0.35 * (np.cos(angle) * x + np.sin(angle) * y)
    across = 0.5 + 0.35 * (np.cos(angle + 1.3) * x + np.sin(angle + 1.3) * y)
    amount = 1 - conditions.slope * along - conditions.vignette * np.minimum(1, 0.5 * (x**2 + y**2)) ** 1.5
    amount = amount + 0.015 * _clouds(*small, (6, 8), rng)
    for _ in range(conditions.folds):
        amount = amount * _fold(x, y, rng)
    if conditions.shadow:
        amount = amount * (1 - conditions.shadow * _shadow(small, rng))
    tint = 1 + conditions.cast * (along[..., None] * tints[0] + across[..., None] * tints[1])
    lit = np.asarray(conditions.exposure * amount[..., None] * tint, np.float32)
    return np.asarray(cv2.resize(lit, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def photograph(page: Floats, conditions: Conditions, blur: float, rng: np.random.Generator) -> NDArray[np.uint8]:
    """The lit page through lens, sensor and JPEG; same shape, BGR."""
    height, width = page.shape[:2]
    if blur > 0.1:
        page = cv2.GaussianBlur(page, (0, 0), blur)
    noise = 0.0 if conditions.surface == "screen" else conditions.noise
    if noise:
        grey = noise * rng.standard_normal((height, width + 14), np.float32)
        page = page + np.stack([grey[:, shift : shift + width] for shift in (0, 5, 13)], axis=2)
    image = np.clip(page, 0, 255).astype(np.uint8)
    if conditions.jpeg >= 100:
        return image
    encoded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, conditions.jpeg])[1]
    return np.asarray(cv2.imdecode(encoded, cv2.IMREAD_COLOR), np.uint8)


def place_thing(page: Floats, x: int, y: int, size: int, rng: np.random.Generator) -> None:
    """Something that lies on the page, painted around (x, y): a phone, a coin, a pencil."""
    layer = np.zeros(page.shape[:2], np.uint8)
    colour = [int(value) for value in rng.integers(15, 200, 3) * rng.uniform(0.3, 1)]
    shade = [int(0.6 * value) for value in colour]
    angle = float(rng.uniform(0, 180))
    kind = int(rng.integers(3))
    axes = ((size, size), (size, int(0.55 * size)), (size, max(2, size // 14)))[kind]
    for scale, tone in ((1.0, shade), (0.9, colour), (0.55, shade if rng.random() < 0.5 else colour)):
        layer[:] = 0
        reach = tuple(max(1, round(scale * axis)) for axis in axes)
        if kind:
            corners = cv2.boxPoints(((x, y), (2 * reach[0], 2 * reach[1]), angle))
            cv2.fillConvexPoly(layer, np.round(corners * 16).astype(np.int32), 255, cv2.LINE_AA, 4)
        else:
            cv2.ellipse(layer, (x, y), reach, angle, 0, 360, 255, -1, cv2.LINE_AA)
        if layer.any():
            blend(page, layer, (tone[0], tone[1], tone[2]))


def _clouds(height: int, width: int, cells: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Smooth noise with that many cells down and across, standard deviation about 1."""
    return np.asarray(
        cv2.resize(rng.standard_normal(cells, np.float32), (width, height), interpolation=cv2.INTER_CUBIC), np.float32
    )


def _fold(x: Floats, y: Floats, rng: np.random.Generator) -> Floats:
    """A crease: brighter on its one side, darker on the other."""
    angle = rng.choice([0, np.pi / 2]) + rng.normal(0, 0.06)
    away = np.cos(angle) * x + np.sin(angle) * y - rng.uniform(-0.6, 0.6)
    side = np.tanh(away * 60) * np.exp(-np.abs(away) * rng.uniform(1, 6))
    return np.asarray(1 + rng.uniform(0.04, 0.14) * side - 0.12 * np.exp(-((away * 90) ** 2)), np.float32)


def _shadow(shape: tuple[int, int], rng: np.random.Generator) -> Floats:
    """Where a hand, head or phone keeps the light off, 0 to 1: a blob that enters from one side."""
    height, width = shape
    mask = np.zeros(shape, np.uint8)
    turns = np.sort(rng.uniform(0, 2 * np.pi, 9))
    side = rng.uniform(0, 2 * np.pi)
    middle = np.array([width, height]) * (0.5 + 0.6 * np.array([np.cos(side), np.sin(side)]))
    reach = rng.uniform(0.3, 0.7, 9) * max(shape)
    points = middle + np.stack([reach * np.cos(turns), reach * np.sin(turns)], axis=1)
    cv2.fillPoly(mask, [np.round(points).astype(np.int32)], 255)
    soft = cv2.GaussianBlur(mask, (0, 0), float(rng.uniform(0.008, 0.08)) * width + 0.5)
    return np.asarray(soft / 255, np.float32)


def _cover_with_pebbles(page: Floats, density: float, rng: np.random.Generator) -> None:
    """Gravel, leaves, sand: very many shaded blobs."""
    height, width = page.shape[:2]
    small = np.full((height // 2, width // 2, 3), 60, np.uint8)
    size = rng.uniform(0.008, 0.04) * width / 2
    count = int(min(2500, density * 3 * small.shape[0] * small.shape[1] / (3 * size**2)))
    base, at = rng.uniform(60, 190, 3), rng.uniform(0, 1, (count, 2)) * (small.shape[1], small.shape[0])
    tone, axes = rng.uniform(0.45, 1.3, count), rng.uniform(0.4, 1, (count, 2)) * size
    angles = rng.uniform(0, 180, count)
    for (x, y), shade, (a, b), angle in zip(at.tolist(), tone.tolist(), axes.tolist(), angles.tolist(), strict=True):
        for part in (0.7, 1.0):
            colour = tuple(float(value) for value in np.clip(base * shade * part, 0, 255))
            centre = round(x), round(y - (part - 0.7) * b)
            reach = round(a * (1.7 - part)) + 1, round(b * (1.7 - part)) + 1
            cv2.ellipse(small, centre, reach, angle, 0, 360, colour, -1, cv2.LINE_AA)
    page[:] = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
