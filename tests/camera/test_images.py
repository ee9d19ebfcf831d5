import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.memory import peak_rss_mb
from mnist_edge.camera.images import decode_image, read_image, write_image
from mnist_edge.errors import ImageError, OutputError
from mnist_edge.opencv import cv2


def encoded(suffix: str, image: Any) -> bytes:
    return bytes(cv2.imencode(suffix, image)[1])


def test_grey_colour_and_sixteen_bit_become_bgr_uint8() -> None:
    grey = np.full((4, 6), 100, np.uint8)
    for image in (
        grey,
        np.dstack([grey] * 3),
        grey.astype(np.uint16) * 257,
        np.dstack([grey] * 3).astype(np.uint16) * 257,
    ):
        decoded = decode_image(encoded(".png", image), "x")
        assert decoded.shape == (4, 6, 3)
        assert decoded.dtype == np.uint8
        assert (decoded == 100).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_transparent_parts_become_white_paper(dtype: type) -> None:
    image: NDArray[Any] = np.zeros((4, 4, 4), dtype)
    image[:2, :, 3] = np.iinfo(dtype).max
    decoded = decode_image(encoded(".png", image), "x")
    assert (decoded[:2] == 0).all()
    assert (decoded[2:] == 255).all()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("mode", "options"),
    [
        ("RGB", {"format": "jpeg", "quality": 95, "subsampling": 0}),
        ("RGB", {"format": "png"}),
        ("RGBA", {"format": "png"}),
        ("RGBA", {"format": "webp", "lossless": True}),
        ("RGB", {"format": "webp", "lossless": True}),
        ("RGB", {"format": "tiff"}),
        ("RGBA", {"format": "tiff"}),
    ],
    ids=lambda value: value if isinstance(value, str) else value["format"],
)
def test_pictures_are_turned_as_exif_says(orientation: int, mode: str, options: dict[str, Any]) -> None:
    pil, operations = pytest.importorskip("PIL.Image"), pytest.importorskip("PIL.ImageOps")
    pixels = np.full((24, 40, 3), 255, np.uint8)
    pixels[:8, :32] = pixels[:, :8] = (0, 0, 160)
    image = pil.fromarray(pixels)
    if mode == "RGBA":
        # What cannot be seen is black, as drawing programs leave it.
        ink = pixels[..., 1:2] == 0
        image = pil.fromarray(np.dstack([np.where(ink, pixels, 0), np.where(ink, 255, 0)]).astype(np.uint8))
    tags = pil.Exif()
    tags[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, exif=tags, **options)
    tagged = pil.fromarray(pixels)
    tagged.getexif()[0x0112] = orientation
    turned = np.asarray(operations.exif_transpose(tagged))[..., ::-1]
    decoded = decode_image(buffer.getvalue(), "x")
    assert decoded.shape == turned.shape
    assert np.abs(decoded.astype(int) - turned).max() <= 8


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width: int, height: int, *others: bytes) -> bytes:
    """A white PNG of one bit a pixel, or the beginning of one that says it were large."""
    rows = zlib.compress((b"\0" + b"\xff" * ((width + 7) // 8)) * height) if width * height < 2e8 else b""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0))
    return b"".join([b"\x89PNG\r\n\x1a\n", header, *others, chunk(b"IDAT", rows), chunk(b"IEND", b"")])


@pytest.mark.parametrize(
    "tags",
    [
        b"II*\0",
        b"MM\0*\xff\xff\xff\xff",
        b"II*\0\x08\0\0\0\xff\xff",
        b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x09\0\0\0",
        b"II*\0\x08\0\0\0\0\0",
    ],
    ids=["cut", "pointing nowhere", "too many", "of no meaning", "none"],
)
def test_damaged_exif_turns_nothing(tags: bytes) -> None:
    assert decode_image(png(20, 10, chunk(b"eXIf", tags)), "x").shape == (10, 20, 3)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".bmp", ".tiff", ".ppm", ".pfm"])
@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1)])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_smallest_pictures(suffix: str, shape: tuple[int, int], channels: int) -> None:
    if suffix == ".ppm" and channels == 1:
        suffix = ".pgm"
    image = np.full((*shape, channels), 200, np.float32 if suffix == ".pfm" else np.uint8)
    decoded = decode_image(encoded(suffix, image), "x")
    assert decoded.shape == (*shape, 3)
    assert decoded.dtype == np.uint8
    assert np.abs(decoded.astype(int) - 200).max() <= 2


def test_the_largest_picture() -> None:
    decoded = decode_image(png(12_000, 9_000), "x")
    assert decoded.shape == (9_000, 12_000, 3)
    assert decoded[0, 0].tolist() == decoded[-1, -1].tolist() == [255, 255, 255]


def test_the_suffix_may_be_wrong(tmp_path: Path) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(encoded(".jpg", np.full((8, 8), 128, np.uint8)))
    assert read_image(str(path)).shape == (8, 8, 3)


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"no picture", b"\xff\xd8\xff\xe0 broken"])
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"page\.png"):
        read_image(str(path))


def test_a_picture_with_too_many_pixels_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = encoded(".png", np.zeros((10, 10), np.uint8))
    monkeypatch.setattr(cv2, "imdecode", None)
    with pytest.raises(ImageError, match="10x10 pixels, more than 99;"):
        decode_image(content, "x", max_pixels=99)


@pytest.mark.parametrize(
    "bomb",
    [png(60_000, 60_000), b"P5\n30000 20000\n255\n" + b"\xff" * 1000, b"P6\n1000000 900\n255\n"],
    ids=["png", "pgm", "ppm"],
)
def test_a_bomb_is_refused_by_its_header(bomb: bytes) -> None:
    before = peak_rss_mb() or 0.0
    with pytest.raises(ImageError, match="200,000,000"):
        decode_image(bomb, "bomb")
    assert (peak_rss_mb() or 0.0) - before < 50


@pytest.mark.parametrize("kind", [b"IDAT", b"tEXt", b"eXIf"])
def test_a_chunk_longer_than_its_file_takes_no_memory(kind: bytes) -> None:
    before = peak_rss_mb() or 0.0
    with pytest.raises(ImageError, match=r"^cut is damaged"):
        decode_image(png(40, 40)[:33] + struct.pack(">I", 1_500_000_000) + kind + bytes(100), "cut")
    assert (peak_rss_mb() or 0.0) - before < 50


def test_what_follows_a_png_does_not_matter() -> None:
    assert decode_image(png(40, 30) + b"\xff" * 100, "x").shape == (30, 40, 3)


class Endless(io.RawIOBase):
    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        buffer[:] = bytes(len(buffer))
        return len(buffer)


def test_input_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mnist_edge.camera.images.MAX_BYTES", 5_000_000)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    with pytest.raises(ImageError, match=r"^standard input has more than 0\.005 GB"):
        read_image("-")
    path = tmp_path / "disk.img"
    with path.open("wb") as file:
        file.truncate(5_000_001)
    with pytest.raises(ImageError, match=r"disk\.img has more"):
        read_image(str(path))


def test_a_picture_larger_than_memory_is_one_line(tmp_path: Path) -> None:
    pytest.importorskip("resource")
    path = tmp_path / "large.png"
    path.write_bytes(png(12_000, 9_000))
    # The memory of a small Pi; what OpenCV has mapped of its libraries counts too.
    script = """
import resource, sys
from mnist_edge.camera.images import read_image
from mnist_edge.errors import ImageError
mapped = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (mapped + 200_000_000,) * 2)
try:
    read_image(sys.argv[1])
except ImageError as error:
    print(error)
"""
    if not Path("/proc/self/statm").exists():
        pytest.skip("nothing here says how much memory is mapped")
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=60)
    assert done.stdout == f"{path} does not fit into memory; make it smaller\n", done.stderr


def test_writing_needs_a_suffix_that_means_something(tmp_path: Path) -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    write_image(tmp_path / "out" / "a.png", image)
    assert read_image(str(tmp_path / "out" / "a.png")).shape == (4, 4, 3)
    with pytest.raises(OutputError, match="suffix"):
        write_image(tmp_path / "a.txt", image)


@pytest.mark.parametrize("name", ["zero\0byte.png", "half \ud800.png", "x" * 5000 + ".png"])
def test_a_name_that_no_file_has_is_one_error(name: str) -> None:
    with pytest.raises(ImageError, match="cannot be read"):
        read_image(name)
