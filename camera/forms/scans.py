"""The pictures in a scan: one of a photograph, and one for each page of a PDF."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.image_files import has_picture_name
from mnist_edge.camera.images import read_image
from mnist_edge.errors import ImageError
from mnist_edge.optional_packages import require
from mnist_edge.untrusted import errors_as

PDF = ".pdf"
# A page of A4 has 1,654 by 2,339 pixels then, more than the size at which forms are read.
DOTS_PER_INCH = 200
# PDF measures in points.
POINTS_PER_INCH = 72
# Pages of one file that are read.
MAX_PAGES = 10_000


def is_scan(name: str) -> bool:
    """Whether a file of this name counts as a scan of its folder."""
    return has_picture_name(name) or (Path(name).suffix.lower() == PDF and not name.startswith("."))


def read_scan(source: str, max_pixels: int) -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Yield the pictures of a scan with their names, `scans.pdf#2` for the second page of a PDF.

    Args:
        source: A path, or `-` for a picture on standard input.
        max_pixels: As for `read_image`.

    Raises:
        ImageError: It cannot be read; of a PDF, which page.
        PackageMissing: It is a PDF, and pypdfium2 is not installed.
    """
    if Path(source).suffix.lower() != PDF:
        yield source, read_image(source, max_pixels)
        return
    pdfium = require("pypdfium2", extra="pdf")
    try:
        content = Path(source).read_bytes()
    except OSError as error:
        raise ImageError(f"{source} cannot be read: {error.strerror}") from None
    with errors_as(ImageError, source, "export it again, or give its pages as pictures"):
        document = pdfium.PdfDocument(content)
        try:
            if len(document) > MAX_PAGES:
                raise ImageError(f"{source} has {len(document):,} pages, more than {MAX_PAGES:,}; split it")
            for number in range(len(document)):
                yield f"{source}#{number + 1}", _page(document[number], f"{source}#{number + 1}", max_pixels)
        finally:
            document.close()


def _page(page: Any, name: str, max_pixels: int) -> NDArray[np.uint8]:
    """Draw one page, BGR."""
    width, height = (side * DOTS_PER_INCH / POINTS_PER_INCH for side in page.get_size())
    if not 1 <= width * height <= max_pixels:
        raise ImageError(f"{name} has {width:.0f}x{height:.0f} pixels, not 1 to {max_pixels:,}; export it smaller")
    bitmap = page.render(scale=DOTS_PER_INCH / POINTS_PER_INCH, fill_color=(255, 255, 255, 255), rev_byteorder=False)
    drawn = np.asarray(bitmap.to_numpy(), np.uint8)
    if drawn.ndim == 2 or drawn.shape[2] == 1:
        drawn = np.repeat(drawn.reshape(*drawn.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(drawn[..., :3])
