"""Training samples of the finder: crops of generated pages at a scale at which it finds digits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import HIGHEST, LOWEST, Floats
from mnist_edge.ink_level import WINDOW, ink_level
from mnist_edge.models.finder.targets import make_targets
from mnist_edge.opencv import cv2

# Pixels of a crop's side: ten digits in a row, and what stands around them.
SIDE = 256
# Pixels beside a crop that its ink level depends on.
MARGIN = WINDOW
# Share of the crops that have a digit of the page in them, where it has any.
ON_DIGITS = 0.85
# A page is enlarged by no more than this.
LARGEST_SCALE = 1.25


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


def take_sample(page: StoredPage, rng: np.random.Generator) -> tuple[NDArray[np.uint8], Floats]:
    """One crop of a page, shape (SIDE, SIDE, 1), as ink level, and its targets."""
    image = cv2.imdecode(np.frombuffer(page.picture, np.uint8), cv2.IMREAD_COLOR)
    height, width = image.shape[:2]
    if len(page.boxes) and rng.random() < ON_DIGITS:
        box = page.boxes[int(rng.integers(len(page.boxes)))]
        scale = float(np.exp(rng.uniform(np.log(LOWEST), np.log(HIGHEST)))) / max(box[2], box[3])
        middle = box[:2] + box[2:] / 2
    else:
        scale = float(np.exp(rng.uniform(np.log(0.08), np.log(LARGEST_SCALE))))
        middle = rng.uniform((0, 0), (width, height))
    scale = min(scale, LARGEST_SCALE)
    corner = np.asarray(middle) * scale - SIDE / 2 + rng.uniform(-0.4, 0.4, 2) * SIDE
    image, shown = _cut(image, corner, scale)
    if rng.random() < 0.25:
        image = _spoiled(image, rng)
    level = ink_level(image, page.light_on_dark)[MARGIN : MARGIN + SIDE, MARGIN : MARGIN + SIDE]
    level = _varied(level, rng)
    boxes = page.boxes * shown - np.array([*corner, 0, 0], np.float32) if len(page.boxes) else page.boxes
    return level[..., None], make_targets(boxes.astype(np.float32), page.labels, SIDE)


def _cut(image: NDArray[np.uint8], corner: NDArray[np.float64], scale: float) -> tuple[NDArray[np.uint8], float]:
    """The part of the scaled picture at the corner, with its margin; its border repeats beyond the picture."""
    start = (corner - MARGIN) / scale
    matrix = np.array([[1 / scale, 0, start[0]], [0, 1 / scale, start[1]]])
    whole = SIDE + 2 * MARGIN
    if scale >= 1:
        cut = cv2.warpAffine(image, matrix, (whole, whole), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                             borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
        return cut, scale
    left, top = (max(0, int(value)) for value in start)
    right, bottom = (int(np.ceil(value + whole / scale)) + 1 for value in start)
    part = image[top : max(bottom, top + 1), left : max(right, left + 1)]
    if not part.size:
        part, left, top = image[-1:, -1:], image.shape[1] - 1, image.shape[0] - 1
    size = [max(1, round(side * scale)) for side in part.shape[1::-1]]
    small = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    matrix = np.array([[1.0, 0, (start[0] - left) * scale], [0, 1.0, (start[1] - top) * scale]])
    cut = cv2.warpAffine(small, matrix, (whole, whole), flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                         borderMode=cv2.BORDER_REPLICATE)  # fmt: skip
    return cut, scale


def _spoiled(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """As a small picture of low quality has it: blurred, noisy, and compressed at this very size."""
    if rng.random() < 0.5:
        image = cv2.GaussianBlur(image, (0, 0), float(rng.uniform(0.4, 1.1)))
    if rng.random() < 0.5:
        noise = rng.normal(0, rng.uniform(1, 8), image.shape[:2])
        image = np.clip(image + noise[..., None], 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(25, 90))]
    return np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], cv2.IMREAD_COLOR), np.uint8)


def _varied(level: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Fainter or darker, and a little noisy."""
    varied = level * np.float32(rng.uniform(0.6, 1.25))
    if rng.random() < 0.5:
        varied = varied + rng.normal(0, rng.uniform(0, 5), level.shape).astype(np.float32)
    return np.asarray(np.clip(varied, 0, 255), np.uint8)


def batch(pages: Sequence[StoredPage], size: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A batch of samples: inputs of shape (size, SIDE, SIDE, 1), 0 to 1, and their targets."""
    samples = [take_sample(pages[int(rng.integers(len(pages)))], rng) for _ in range(size)]
    inputs = np.stack([level for level, _ in samples]).astype(np.float32) / np.float32(255)
    return inputs, np.stack([target for _, target in samples])
