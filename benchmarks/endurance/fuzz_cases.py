"""The cases of the fuzz: frames of every kind and shape, and files, most of them damaged; each comes from a seed."""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.endurance.fuzz_readers import BOMBS, READERS, stumble, zip_again
from mnist_edge.dataset import Split, sklearn_digits
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.opencv import cv2

# What OpenCV may be able to write.
SUFFIXES = (".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm", ".pgm", ".pfm", ".hdr", ".jp2", ".gif", ".avif", ".ras")

Image = NDArray[np.uint8]
Random = np.random.Generator


@dataclass(frozen=True, slots=True)
class Case:
    """Something to read.

    Attributes:
        kind: Its kind, for people.
        content: A frame, or the bytes of a file.
        reader: A key of `READERS`, which reads the file; None for frames and pictures.
    """

    kind: str
    content: Image | bytes
    reader: str | None = None


def make_case(seed: int) -> Case:
    """Return the case of a seed: a frame, or a file that was damaged."""
    rng = np.random.default_rng(seed)
    make = MAKERS[rng.choice(len(MAKERS), p=SHARES)]
    return make(rng)


def _frame(rng: Random) -> Case:
    kind, (height, width) = str(rng.choice(list(PAINTERS))), _size(rng)
    # A large frame is painted small, and enlarged or repeated.
    small = min(height, 1200), min(width, 1600)
    frame = PAINTERS[kind](rng, *small)
    if small != (height, width):
        if rng.random() < 0.5:
            frame = cv2.resize(frame, (width, height), interpolation=cv2.INTER_NEAREST)
        else:
            frame = cv2.copyMakeBorder(frame, 0, height - small[0], 0, width - small[1], cv2.BORDER_WRAP)
    if rng.random() < 0.2:
        frame = 255 - frame
    if rng.random() < 0.3:
        frame = frame[..., rng.integers(3)]
    if rng.random() < 0.1:
        frame = frame[::-1, ::-1]
    return Case(kind, np.asarray(frame, np.uint8))


def _size(rng: Random) -> tuple[int, int]:
    """Height and width: mostly small, some thin, a few large, seldom the largest."""
    kind = rng.random()
    if kind < 0.001:
        return 9_000, 12_000
    most = (12, 12) if kind < 0.3 else (200, 200) if kind < 0.85 else (480, 640) if kind < 0.93 else (3, 20_000)
    if kind > 0.98:
        most = (3_000, 4_000)
    height, width = (int(rng.integers(1, side + 1)) for side in most)
    return (height, width) if rng.random() < 0.5 else (width, height)


def _file(rng: Random) -> Case:
    suffix = str(rng.choice([suffix for suffix in SUFFIXES if cv2.haveImageWriter(f"x{suffix}")]))
    image = PAINTERS[str(rng.choice(list(PAINTERS)))](rng, *(int(side) for side in rng.integers(1, 100, 2)))
    try:
        content = bytes(cv2.imencode(suffix, _pixels_for(suffix, image, rng))[1])
    except cv2.error:
        # Some writers refuse the smallest pictures.
        content = b""
    for _ in range(rng.integers(0, 4)):
        # Nothing at all is no case.
        content = DAMAGES[rng.integers(len(DAMAGES))](rng, content or b"\0") or b"\0"
    if suffix == ".png" and rng.random() < 0.7:
        content = _with_checksums(content)
    return Case(f"{suffix[1:]} file", content)


def _untrusted(rng: Random) -> Case:
    reader = str(rng.choice(list(READERS)))
    content = READERS[reader].sound()
    for _ in range(rng.integers(0, 4)):
        damage = _damage(rng)
        content = (zip_again(rng, content, damage) if rng.random() < 0.5 else damage(content)) or b"\0"
    return Case(f"{reader} file", content, reader)


def _bomb(rng: Random) -> Case:
    reader = list(BOMBS)[rng.integers(len(BOMBS))]
    return Case(f"{reader or 'png'} file", BOMBS[reader](), reader)


def _damage(rng: Random) -> Callable[[bytes], bytes]:
    damage = (*DAMAGES, stumble, stumble)[rng.integers(len(DAMAGES) + 2)]
    return lambda content: damage(rng, content or b"\0")


def _pixels_for(suffix: str, image: Image, rng: Random) -> NDArray[Any]:
    grey, deep, clear = rng.random(3) < 0.3
    if suffix in (".hdr", ".pfm"):
        return image.astype(np.float32)
    if suffix == ".pgm" or (grey and suffix != ".ppm"):
        return image[..., 0]
    if clear and suffix in (".png", ".webp", ".tiff", ".avif"):
        image = np.dstack([image, image[..., :1]])
    return image.astype(np.uint16) * 257 if deep and suffix in (".png", ".tiff", ".jp2") else image


def _flip(rng: Random, content: bytes) -> bytes:
    changed = np.frombuffer(content, np.uint8).copy()
    changed[rng.integers(0, len(changed), rng.integers(1, 10))] = rng.integers(0, 256)
    return changed.tobytes()


def _damage_header(rng: Random, content: bytes) -> bytes:
    """Sizes, offsets and counts mostly stand in the first bytes."""
    at = int(rng.integers(0, min(len(content), 200)))
    return content[:at] + EXTREMES[rng.integers(len(EXTREMES))] + content[at + 4 :]


def _cut(rng: Random, content: bytes) -> bytes:
    return content[: rng.integers(0, len(content))]


def _splice(rng: Random, content: bytes) -> bytes:
    start, end, at = (int(place) for place in rng.integers(0, len(content), 3))
    return content[:at] + content[min(start, end) : max(start, end)] + content[at:]


def _zero(rng: Random, content: bytes) -> bytes:
    start, length = int(rng.integers(0, len(content))), int(rng.integers(1, 100))
    return content[:start] + bytes(length) + content[start + length :]


DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (_flip, _damage_header, _cut, _splice, _zero)
EXTREMES = [
    value.to_bytes(4, order) for value in (0, 1, 13_000, 70_000, 0x7FFFFFFF, 0xFFFFFFFF) for order in ("big", "little")
]


def _with_checksums(png: bytes) -> bytes:
    """A PNG with its chunks' sums put right, so that its reader looks at what stands in them."""
    fixed, at = png[:8], 8
    while at + 12 <= len(png):
        end = at + 8 + struct.unpack_from(">I", png, at)[0]
        fixed += png[at:end] + struct.pack(">I", zlib.crc32(png[at + 4 : end]))
        at = end + 4
    return fixed + png[at:]


@cache
def load_digits() -> Split:
    """Return the digits that pages are written with; scikit-learn's, so that a seed means the same everywhere."""
    return sklearn_digits().training


def _flat(rng: Random, height: int, width: int) -> Image:
    return np.full((height, width, 3), rng.choice([0, 255, *rng.integers(0, 256, 3)]), np.uint8)


def _noise(rng: Random, height: int, width: int) -> Image:
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def _gradient(rng: Random, height: int, width: int) -> Image:
    rows, columns = np.mgrid[0:height, 0:width]
    steps = rng.normal(0, 2, (3, 2))
    return np.stack([(rows * down + columns * across) % 256 for down, across in steps], axis=2).astype(np.uint8)


def _checkers(rng: Random, height: int, width: int) -> Image:
    rows, columns = np.indices((height, width)) // rng.integers(1, 40)
    dark, light = rng.integers(0, 256, 2)
    return np.repeat(np.where((rows + columns) % 2, dark, light).astype(np.uint8)[..., None], 3, axis=2)


def _specks(rng: Random, height: int, width: int) -> Image:
    page, side = _flat(rng, height, width), int(rng.integers(1, 6))
    for _ in range(side):
        marks = rng.random((height, width)) < rng.choice([0.001, 0.02, 0.2])
        page[cv2.dilate(marks.astype(np.uint8), np.ones((rng.integers(1, 6), side))) > 0] = rng.integers(0, 256, 3)
    return page


def _blobs(rng: Random, height: int, width: int) -> Image:
    grain = cv2.GaussianBlur(rng.normal(0, 1, (height, width, 3)), (0, 0), rng.uniform(0.5, 12))
    page = np.clip(128 + 100 * grain / (grain.std() + 1e-9), 0, 255)
    return np.asarray(np.where(page > 128, 235, 20) if rng.random() < 0.5 else page, np.uint8)


def _strokes(rng: Random, height: int, width: int) -> Image:
    """Lines, boxes, discs and rings, few or many."""
    page, side = _flat(rng, height, width), max(height, width)
    for _ in range(int(2 ** rng.uniform(0, 10))):
        first = rng.integers((0, 0), (width, height))
        reach = side / rng.choice([2, 10, 50])
        last = first + np.rint(rng.normal(0, reach, 2)).astype(int)
        colour, thickness = tuple(rng.integers(0, 256, 3).tolist()), int(rng.choice([-1, 1, 2, 5, 20]))
        draw = rng.integers(4)
        if draw == 0:
            cv2.rectangle(page, first.tolist(), last.tolist(), colour, thickness)
        elif draw == 1:
            cv2.circle(page, first.tolist(), int(abs(rng.normal(0, reach))), colour, thickness)
        else:
            cv2.line(page, first.tolist(), last.tolist(), colour, abs(thickness))
    return page


def _rings(rng: Random, height: int, width: int) -> Image:
    page, step, pen = _flat(rng, height, width), int(rng.integers(2, 30)), int(rng.integers(1, 12))
    colour = tuple(rng.integers(0, 256, 3).tolist())
    for radius in range(0, max(height, width), step):
        cv2.circle(page, (width // 2, height // 2), radius, colour, pen)
    return page


def _written(rng: Random, height: int, width: int) -> Image:
    """Rows of real digits, sharp or noisy, whole or cut off at the rim."""
    rows, columns = (int(count) for count in rng.integers(1, 9, 2))
    lines = "ruled" if rng.random() < 0.3 else ""
    conditions = Conditions(rows=rows, columns=columns, size=0.5 / max(rows, columns), lines=lines)
    written = draw_page(load_digits(), int(rng.integers(1 << 30)), conditions, width=640, height=480)
    page = cv2.resize(written.image, (max(width, 8), max(height, 8)), interpolation=cv2.INTER_AREA)[:height, :width]
    return np.asarray(np.clip(page + rng.normal(0, rng.choice([0, 5, 40]), page.shape), 0, 255), np.uint8)


# Shape (height, width, 3) for a size.
PAINTERS: dict[str, Callable[[Random, int, int], Image]] = {
    "flat": _flat,
    "noise": _noise,
    "gradient": _gradient,
    "checkers": _checkers,
    "specks": _specks,
    "blobs": _blobs,
    "strokes": _strokes,
    "rings": _rings,
    "digits": _written,
}

MAKERS = (_frame, _file, _untrusted, _bomb)
# Share of the cases that each makes; a bomb takes long.
SHARES = (0.25, 0.35, 0.39, 0.01)
