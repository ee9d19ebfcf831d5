"""Pictures in files, decoded by Pillow, which reads their size before it takes any memory."""

from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import DataError, PackageMissing
from mnist_edge.optional_packages import require
from mnist_edge.untrusted import MAX_REASON

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp", ".tif", ".tiff", ".pgm", ".ppm", ".pbm"}
# Pillow knows formats that are programs, such as EPS.
_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "WEBP", "TIFF", "PPM")
# Of a file and of a picture; one of a digit is far smaller.
MAX_BYTES, MAX_PIXELS = 64 << 20, 25_000_000


@dataclass(frozen=True, slots=True)
class PictureFiles:
    """Pictures in files of their own."""

    paths: tuple[Path, ...]

    def __len__(self) -> int:
        return len(self.paths)

    def each(self, step: int = 1) -> Iterator[tuple[str, NDArray[np.uint8]]]:
        """As `Pictures` has it."""
        for path in self.paths[::step]:
            yield str(path), decode(_content(path), str(path))


def _content(path: Path) -> bytes:
    # Opening a named pipe may block for ever.
    if not path.is_file():
        raise DataError(f"{path} is no file; take it out")
    with path.open("rb") as file:
        content = file.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise DataError(f"{path} has more than {MAX_BYTES >> 20} MiB; make it smaller, or take it out")
    return content


def decode(content: bytes, name: str) -> NDArray[np.uint8]:
    """Decode a picture, turned upright by its EXIF orientation, transparent parts as white paper.

    Args:
        content: Of the file.
        name: Of the file, for messages.

    Returns:
        Shape (height, width), or (height, width, 3) in RGB.

    Raises:
        DataError: It is empty, damaged, no picture, or larger than 25 million pixels.
        PackageMissing: Pillow is not installed.
    """
    image_module, operations = require_pillow()
    try:
        with image_module.open(BytesIO(content), formats=_FORMATS) as image:
            width, height = image.size
            if width * height <= MAX_PIXELS:
                return _pixels(operations.exif_transpose(image), image_module)
    # Whatever Pillow raises, a warning of bombs made an error included.
    except Exception as error:
        reason = " ".join(str(error).split())[:MAX_REASON] if content else "it is empty"
        if "cannot identify image" in reason:
            reason = "it is no PNG, JPEG, BMP, GIF, WebP, TIFF or PNM"
        raise DataError(f"{name} cannot be read ({reason}); mend it, or take it out") from None
    raise DataError(f"{name} has {width}x{height} pixels, more than {MAX_PIXELS:,}; make it smaller, or take it out")


def require_pillow() -> tuple[Any, Any]:
    """Import Pillow's modules `Image` and `ImageOps`; `PackageMissing` says how to install it."""
    try:
        return require("PIL.Image", extra="pillow"), require("PIL.ImageOps", extra="pillow")
    except PackageMissing as error:
        raise PackageMissing(str(error).replace("PIL is", "Pillow, which reads pictures, is")) from None


def _pixels(image: Any, image_module: Any) -> NDArray[np.uint8]:
    if image.mode.startswith(("I;16", "I", "F")):
        # Of 16 bits, which Pillow would clip to 8; PNG and TIFF have them.
        deep = np.asarray(image, np.float32)
        return np.rint(deep.clip(0, 65535) / 257).astype(np.uint8)
    if image.mode in ("1", "L"):
        return np.asarray(image.convert("L"), np.uint8)
    if "A" in image.getbands() or "transparency" in image.info:
        clear = image.convert("RGBA")
        paper = image_module.new("RGBA", clear.size, "white")
        image = image_module.alpha_composite(paper, clear)
    return np.asarray(image.convert("RGB"), np.uint8)
