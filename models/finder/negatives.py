"""Pages without digits, cut from pictures that have none: what a finder must stay silent on.

`make negatives` fetches such pictures; training works without them, on fewer things to be silent on.
"""

from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.models.finder.samples import StoredPage
from mnist_edge.opencv import cv2

# Pixels of a page's sides, either way round: those of the generated pages.
LONG, SHORT = 640, 480
# Every so many pictures, by name, one is for validation; typefaces are divided the same way.
HELD_OUT = 8
# Pixels of a picture that one pixel of a page shows: below 1 a page is a strong zoom into a texture.
FINEST, COARSEST = 0.25, 2.5
# Shares of the pages that are several pictures side by side, and of those turned or mirrored.
MOSAICS, TURNED = 0.15, 0.5
# A page of a smaller spread of grey, its standard deviation, teaches nothing and is drawn again, so many times.
LEAST_SPREAD, TRIES = 4.0, 5


def negative_pages(folder: Path, count: int, seed: int, *, validation: bool = False) -> list[StoredPage]:
    """Cut pages from the pictures in a folder.

    Args:
        folder: Has `.jpg` files that show no digit.
        count: Of the pages.
        seed: The same seed and files give the same pages.
        validation: Whether to take the pictures held out of training instead of the others.

    Returns:
        JPEG pages of 640x480 or 480x640 pixels without boxes, of either polarity; none where the folder has no picture
        for this purpose.
    """
    paths = pictures(folder, validation)
    if not paths:
        return []
    rng = np.random.default_rng([seed, int(validation)])
    return [_page(paths, rng) for _ in range(count)]


def pictures(folder: Path, validation: bool) -> list[Path]:
    """The pictures for training, or those held out for validation: every eighth by name."""
    paths = sorted(folder.glob("*.jpg"))
    return [path for index, path in enumerate(paths) if (index % HELD_OUT == HELD_OUT - 1) == validation]


def _page(paths: list[Path], rng: np.random.Generator) -> StoredPage:
    width, height = (LONG, SHORT) if rng.random() < 0.5 else (SHORT, LONG)
    image = _view(paths, width, height, rng)
    for _ in range(TRIES):
        if image.std() >= LEAST_SPREAD:
            break
        image = _view(paths, width, height, rng)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 96))]
    encoded = cv2.imencode(".jpg", image, quality)[1].tobytes()
    return StoredPage(encoded, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), bool(rng.random() < 0.5))


def _view(paths: list[Path], width: int, height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """One picture's crop, or a mosaic of crops."""
    if rng.random() >= MOSAICS:
        return _crop(paths, width, height, rng)
    across, down = (int(value) for value in rng.integers((2, 1), (5, 4)))
    lefts, tops = (np.linspace(0, side, parts + 1).astype(int) for side, parts in ((width, across), (height, down)))
    image = np.empty((height, width, 3), np.uint8)
    for left, right in pairwise(lefts):
        for top, bottom in pairwise(tops):
            image[top:bottom, left:right] = _crop(paths, right - left, bottom - top, rng)
    return image


def _crop(paths: list[Path], width: int, height: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    """A random place of a random picture at a random scale, turned, mirrored and lit as may be."""
    picture = cv2.imread(str(paths[int(rng.integers(len(paths)))]), cv2.IMREAD_COLOR)
    if rng.random() < TURNED:
        picture = np.rot90(picture, int(rng.integers(4)))[:, :: int(rng.choice((-1, 1)))]
    most = min(picture.shape[1] / width, picture.shape[0] / height, COARSEST)
    step = float(np.exp(rng.uniform(np.log(FINEST), np.log(max(most, FINEST)))))
    # A picture smaller than the page at the finest step is shown whole, out of its proportions.
    across, down = (min(side, max(1, round(page * step)))
                    for side, page in zip(picture.shape[1::-1], (width, height), strict=True))  # fmt: skip
    left, top = (int(rng.integers(side - part + 1))
                 for side, part in zip(picture.shape[1::-1], (across, down), strict=True))  # fmt: skip
    part = np.ascontiguousarray(picture[top : top + down, left : left + across])
    image = cv2.resize(part, (width, height), interpolation=cv2.INTER_AREA if step > 1 else cv2.INTER_CUBIC)
    lit = image * np.float32(rng.uniform(0.55, 1.3)) + np.float32(rng.uniform(-25, 25))
    return np.asarray(np.clip(lit, 0, 255), np.uint8)
