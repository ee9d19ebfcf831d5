"""Whatever is thrown at it, reading gives a sound result or one clear error."""

import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mnist_edge.benchmarks.endurance.fuzz_promises import broken_promises
from mnist_edge.camera.images import decode_image, read_image
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import ImageError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Reading

Image = NDArray[np.uint8]
OLD_OPENCV = tuple(map(int, cv2.__version__.split(".")[:2])) < (4, 11)
UNKNOWN_TO_OLD = {"animated gif", "animated webp", "RGBA AVIF"}
READER = Reader()


def broken(reading: Reading, frame: Image) -> list[str]:
    """The promises of a reading that this one breaks."""
    return broken_promises(reading, frame, READER.min_confidence)


@pytest.mark.parametrize(
    "shape", [(4, 1), (1, 4), (1, 300), (300, 1), (2, 300), (10, 300), (300, 10), (13, 3000), (27, 3200)]
)
@pytest.mark.parametrize("stroke", [1, 5, 12])
def test_ink_at_the_rim_of_odd_shapes(shape: tuple[int, int], stroke: int) -> None:
    frame = np.full((*shape, 3), 235, np.uint8)
    frame[:, shape[1] // 2 : shape[1] // 2 + stroke] = 20
    frame[-stroke:, -stroke:] = 20
    assert broken(READER.read(frame), frame) == []


@pytest.mark.parametrize("size", [(1601, 1201), (2999, 2001), (4001, 3003), (1700, 1699), (5000, 313)])
def test_boxes_stay_inside_pictures_that_are_worked_on_smaller(
    write_digit: Callable[..., Box], size: tuple[int, int]
) -> None:
    width, height = size
    frame = np.full((height, width, 3), 235, np.uint8)
    tall = min(200, height // 3)
    for x in (0, width - round(0.62 * tall)):
        for y in (0, height - tall):
            write_digit(frame, 2, x, y, tall, tall // 9)
    reading = READER.read(frame)
    assert broken(reading, frame) == []
    assert len(reading.digits) + len(reading.rejected) >= 2


def test_a_frame_need_not_be_contiguous_nor_writeable(write_digit: Callable[..., Box]) -> None:
    page = np.full((160, 160, 3), 235, np.uint8)
    write_digit(page, 7, 50, 40, 80, 8)
    views = [page, np.repeat(page, 2, axis=1)[:, ::2], np.asfortranarray(page), np.dstack([page, page])[..., :3]]
    frozen = page.copy()
    frozen.flags.writeable = False
    for view in (*views, frozen, page[..., 0]):
        before = view.copy()
        assert READER.read(view).text == ("7",)
        assert (view == before).all()


def test_a_hundred_megapixels(write_digit: Callable[..., Box]) -> None:
    frame = np.full((9_000, 12_000, 3), 255, np.uint8)
    true = write_digit(frame, 7, 5_000, 3_000, 2_000, 220)
    reading = READER.read(frame)
    assert broken(reading, frame) == []
    assert reading.text == ("7",)
    box = reading.digits[0].box
    # It is found where it has 20 pixels, and cut out where it has 35.
    assert max(abs(a - b) for a, b in zip(box, true, strict=True)) < 2_000 / 35


@pytest.fixture
def seven(write_digit: Callable[..., Box]) -> Image:
    page = np.full((160, 160, 3), 235, np.uint8)
    write_digit(page, 7, 50, 40, 80, 8)
    return page


def encoded(suffix: str, image: Image) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1])


def decode_beginnings(content: bytes, parts: int) -> None:
    """Any beginning of a file is a picture or one line that names it."""
    for length in np.linspace(1, len(content) - 1, parts).astype(int):
        try:
            decoded = decode_image(content[:length], "cut.x")
        except ImageError as error:
            assert "cut.x" in str(error) and "\n" not in str(error)
        else:
            assert broken(READER.read(decoded), decoded) == []


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff", ".pgm", ".ppm"])
def test_any_beginning_of_a_picture_is_a_picture_or_an_error(seven: Image, suffix: str) -> None:
    content = encoded(suffix, seven[..., 0] if suffix == ".pgm" else seven)
    assert READER.read(decode_image(content, "whole")).text == ("7",)
    decode_beginnings(content, 25)


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from([".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_damaged_bytes_are_a_picture_or_an_error(suffix: str, damage: list[tuple[float, int]]) -> None:
    page = np.full((40, 40, 3), 235, np.uint8)
    cv2.line(page, (20, 8), (20, 32), (20, 20, 20), 4)
    content = bytearray(encoded(suffix, page))
    for place, value in damage:
        content[int(place * (len(content) - 1))] = value
    try:
        decoded = decode_image(bytes(content), "x")
    except ImageError as error:
        assert "\n" not in str(error)
    else:
        assert decoded.ndim == 3 and decoded.shape[2] == 3 and decoded.dtype == np.uint8


def variants(page: Image) -> dict[str, bytes]:
    pil = pytest.importorskip("PIL.Image")
    picture = pil.fromarray(page[..., ::-1])
    clear = picture.convert("RGBA")
    clear.putalpha(pil.fromarray(np.where(page[..., 0] > 200, 0, 255).astype(np.uint8)))
    other = pil.new("RGB", picture.size, "white")
    saves: dict[str, tuple[Any, dict[str, Any]]] = {
        "CMYK jpeg": (picture.convert("CMYK"), {"format": "jpeg", "quality": 95}),
        "progressive jpeg": (picture, {"format": "jpeg", "progressive": True}),
        "grey jpeg": (picture.convert("L"), {"format": "jpeg"}),
        "palette png": (picture.quantize(8), {"format": "png"}),
        "palette png with a clear colour": (clear.quantize(8), {"format": "png"}),
        "1-bit png": (picture.convert("1"), {"format": "png"}),
        "grey and alpha png": (clear.convert("LA"), {"format": "png"}),
        "RGBA png": (clear, {"format": "png"}),
        "16-bit png": (pil.fromarray(page[..., 0].astype(np.uint16) * 257), {"format": "png"}),
        "TIFF of several pages": (picture, {"format": "tiff", "save_all": True, "append_images": [other]}),
        "CMYK TIFF": (picture.convert("CMYK"), {"format": "tiff"}),
        "compressed TIFF": (picture, {"format": "tiff", "compression": "tiff_lzw"}),
        "JPEG 2000": (picture, {"format": "jpeg2000"}),
        "RGBA webp": (clear, {"format": "webp", "lossless": True}),
        "animated webp": (picture, {"format": "webp", "save_all": True, "append_images": [other]}),
        "animated gif": (picture, {"format": "gif", "save_all": True, "append_images": [other]}),
    }
    if pytest.importorskip("PIL.features").check("avif"):
        saves["RGBA AVIF"] = (clear, {"format": "avif"})
    found = {}
    for name, (image, options) in saves.items():
        buffer = io.BytesIO()
        image.save(buffer, **options)
        found[name] = buffer.getvalue()
    return found


def test_every_kind_of_picture_is_read_and_may_be_cut(seven: Image) -> None:
    wrong = {}
    for name, content in variants(seven).items():
        try:
            wrong[name] = READER.read(decode_image(content, name)).text
        except ImageError as error:
            wrong[name] = ("7",) if OLD_OPENCV and name in UNKNOWN_TO_OLD else (str(error),)
        decode_beginnings(content, 7)
    assert {name: text for name, text in wrong.items() if text != ("7",)} == {}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_without_permission_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.png"
    path.touch(mode=0)
    with pytest.raises(ImageError, match="Permission denied"):
        read_image(str(path))
