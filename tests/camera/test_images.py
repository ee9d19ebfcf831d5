import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.images import decode_image, find_images, read_image, write_image
from mnist_edge.camera.opencv import cv2
from mnist_edge.errors import ImageError, OutputError


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


def test_exif_orientation_is_applied() -> None:
    pil = pytest.importorskip("PIL.Image")
    image = pil.new("RGB", (40, 20), "white")
    image.paste((0, 0, 0), (0, 0, 40, 5))
    exif = pil.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    image.save(buffer, "jpeg", exif=exif)
    decoded = decode_image(buffer.getvalue(), "x")
    assert decoded.shape == (40, 20, 3)
    assert decoded[:, -4:].mean() < 20 < 200 < decoded[:, :10].mean()


@pytest.mark.parametrize("content", [b"", b"\x89PNG\r\n\x1a\n", b"no picture", b"\xff\xd8\xff\xe0 broken"])
def test_what_is_no_picture_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "page.png"
    path.write_bytes(content)
    with pytest.raises(ImageError, match=r"page\.png"):
        read_image(str(path))


def test_a_decoder_bomb_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_edge.camera.images.MAX_PIXELS", 99)
    with pytest.raises(ImageError, match="10x10 pixels"):
        decode_image(encoded(".png", np.zeros((10, 10), np.uint8)), "x")


def test_files_folders_and_globs_in_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    both = [str(tmp_path / "a.JPG"), str(tmp_path / "b.png")]
    assert list(find_images([str(tmp_path)])) == both
    assert list(find_images([str(tmp_path / "*.png"), "-"])) == [both[1], "-"]
    # A file named outright is tried whatever its suffix.
    assert list(find_images([str(tmp_path / "notes.txt")])) == [str(tmp_path / "notes.txt")]


def test_nothing_found_is_an_error(tmp_path: Path) -> None:
    for argument, reason in (
        (tmp_path / "x.png", "no such file"),
        (tmp_path / "*.png", "no such"),
        (tmp_path, "no picture"),
    ):
        with pytest.raises(ImageError, match=reason):
            list(find_images([str(argument)]))


def test_writing_needs_a_suffix_that_means_something(tmp_path: Path) -> None:
    image = np.zeros((4, 4, 3), np.uint8)
    write_image(tmp_path / "out" / "a.png", image)
    assert read_image(str(tmp_path / "out" / "a.png")).shape == (4, 4, 3)
    with pytest.raises(OutputError, match="suffix"):
        write_image(tmp_path / "a.txt", image)
