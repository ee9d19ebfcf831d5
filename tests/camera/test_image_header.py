"""The size that a picture's header says is the size that decoding gives, for every format that OpenCV writes."""

import struct

import numpy as np
import pytest

from mnist_edge.camera.image_header import image_size
from mnist_edge.camera.images import decode_image
from mnist_edge.errors import ImageError
from mnist_edge.opencv import cv2

SUFFIXES = (
    *(".png", ".jpg", ".webp", ".bmp", ".tiff", ".pgm", ".ppm", ".pbm", ".pam", ".pfm", ".hdr", ".jp2", ".gif"),
    *(".avif", ".ras"),
)
FLOATING = (".pfm", ".hdr")


def encoded(suffix: str, width: int, height: int, *options: int) -> bytes:
    if not cv2.haveImageWriter(f"x{suffix}"):
        pytest.skip(f"this OpenCV writes no {suffix}")
    picture = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    if suffix in (".pgm", ".pbm"):
        picture = picture[..., 0]
    return bytes(cv2.imencode(suffix, picture.astype(np.float32) if suffix in FLOATING else picture, options)[1])


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("size", [(140, 130), (321, 77), (64, 300)])
def test_the_header_tells_the_size(suffix: str, size: tuple[int, int]) -> None:
    content = encoded(suffix, *size)
    assert image_size(content) == size
    height, width = decode_image(content, "x").shape[:2]
    assert (width, height) == size


@pytest.mark.parametrize(
    ("suffix", "options"),
    [
        (".jpg", (int(cv2.IMWRITE_JPEG_PROGRESSIVE), 1)),
        (".jpg", (int(cv2.IMWRITE_JPEG_RST_INTERVAL), 3)),
        (".webp", (int(cv2.IMWRITE_WEBP_QUALITY), 50)),
        (".ppm", (int(cv2.IMWRITE_PXM_BINARY), 0)),
    ],
)
def test_variants_of_a_format(suffix: str, options: tuple[int, ...]) -> None:
    assert image_size(encoded(suffix, 77, 55, *options)) == (77, 55)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_size_that_is_too_large_is_refused_before_anything_is_decoded(
    suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = encoded(suffix, 140, 130)
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(ImageError, match=r"^x has 140x130 pixels, more than 18,199; make it smaller$"):
        decode_image(content, "x", max_pixels=18_199)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_header_that_is_cut_off_has_no_larger_size(suffix: str) -> None:
    content = encoded(suffix, 140, 130)
    for length in range(min(len(content), 700)):
        width, height = image_size(content[:length]) or (0, 0)
        assert width * height <= 140 * 130


def test_the_largest_size_in_a_file_counts() -> None:
    tag = struct.Struct("<HHII").pack
    tags = [tag(256, 3, 1, 10), tag(257, 3, 1, 10), tag(256, 4, 1, 70_000), tag(257, 4, 1, 60_000)]
    assert image_size(b"II*\0\x08\0\0\0" + struct.pack("<H", len(tags)) + b"".join(tags)) == (70_000, 60_000)
    boxes = (b"ispe" + struct.pack(">III", 0, *size) for size in ((10, 10), (40_000, 30_000)))
    assert image_size(b"\0\0\0\x1cftypavif" + b"".join(boxes)) == (40_000, 30_000)


# A JPEG 2000 image that ends before it begins, both ways.
JP2 = b"\xff\x4f\xff\x51" + struct.pack(">HH4I", 41, 0, 10, 10, 90, 90) + bytes(20)


@pytest.mark.parametrize(
    "content", [b"", b"no picture", b"P5", b"P5 x", b"\xff\xd8\xff\xd9", b"RIFF", b"#?RGBE\n\n", JP2]
)
def test_what_has_no_size(content: bytes) -> None:
    assert image_size(content) is None
