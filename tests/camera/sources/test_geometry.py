"""Turning, mirroring and cropping: against plain NumPy, and through every kind of source."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.frames import Frame
from mnist_edge.camera.loop import run
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.camera.sources.geometry import FLIPS, ROTATIONS, Geometry, parse_crop, parse_geometry, parse_size
from mnist_edge.errors import SourceError, UsageError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Reading

Image = NDArray[np.uint8]
NUMPY_FLIPS: dict[str, Callable[[Image], Image]] = {
    "none": lambda image: image,
    "horizontal": lambda image: image[:, ::-1],
    "vertical": lambda image: image[::-1],
    "both": lambda image: image[::-1, ::-1],
}


@pytest.fixture
def image() -> Image:
    return np.random.default_rng(0).integers(0, 256, (30, 40, 3), np.uint8)


def framed(image: Image) -> Frame:
    return Frame(image, 0, 0.0, "camera 0")


@pytest.mark.parametrize("crop", [None, Box(3, 5, 20, 11)])
@pytest.mark.parametrize("flip", FLIPS)
@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_frame_is_turned_then_mirrored_then_cropped(image: Image, rotate: int, flip: str, crop: Box | None) -> None:
    before = image.copy()
    made = Geometry(rotate, flip, crop).apply(framed(image)).image
    expected = NUMPY_FLIPS[flip](np.rot90(image, -rotate // 90))
    if crop:
        expected = expected[5:16, 3:23]
    assert np.array_equal(made, expected)
    assert made.flags.c_contiguous and made.dtype == np.uint8
    assert np.array_equal(image, before)


def test_a_frame_with_nothing_to_do_is_passed_on_as_it_is(image: Image) -> None:
    frame = framed(image)
    assert Geometry().apply(frame) is frame


def test_a_crop_may_reach_the_edge_and_no_farther(image: Image) -> None:
    assert Geometry(crop=Box(20, 10, 20, 20)).apply(framed(image)).image.shape == (20, 20, 3)
    for box in (Box(21, 10, 20, 20), Box(20, 11, 20, 20), Box(40, 0, 1, 1), Box(0, 0, 999_999, 1)):
        with pytest.raises(SourceError, match="outside the frames of camera 0, which are 40x30"):
            Geometry(crop=box).apply(framed(image))


def test_sizes_and_regions_as_they_are_written() -> None:
    assert parse_size("640x480") == (640, 480)
    assert parse_size(" 1280X720 ") == (1280, 720)
    assert parse_crop("10, 20,300,40") == Box(10, 20, 300, 40)


@pytest.mark.parametrize(
    "settings",
    [
        {"resolution": "640"},
        {"resolution": "0x480"},
        {"resolution": "-640x480"},
        {"resolution": "99999x99999"},
        {"resolution": "640x480x3"},
        {"crop": "1,2,3"},
        {"crop": "1,2,0,4"},
        {"crop": "a,b,c,d"},
        {"crop": "-1,0,5,5"},
        {"rotate": 45},
        {"flip": "sideways"},
    ],
)
def test_what_is_none_is_named(settings: dict[str, Any]) -> None:
    (value,) = settings.values()
    with pytest.raises(UsageError) as caught:
        read_all(Settings("fake", **settings))
    assert str(value) in str(caught.value) and "\n" not in str(caught.value)


class Shapes:
    """A reader that notes what it is given, and finds nothing."""

    min_confidence = 0.5

    def __init__(self) -> None:
        self.images: list[Image] = []

    def read(self, frame: Image, source: str) -> Reading:
        self.images.append(frame)
        return Reading(source, frame.shape[1], frame.shape[0], "none", "none", (), ())


def read_all(settings: Settings) -> list[Image]:
    reader = Shapes()
    with open_source(settings, Stop()) as source:
        run(source, reader, geometry=parse_geometry(settings), max_frames=3)
    return reader.images


@pytest.mark.parametrize("kind", ["video", "picture", "folder", "glob", "fake"])
def test_every_kind_of_source_is_turned_and_cropped(
    tmp_path: Path, write_video: Callable[[Path, list[Image]], Path], kind: str
) -> None:
    page = np.zeros((96, 128, 3), np.uint8)
    page[:48, :64] = 255
    cv2.imwrite(str(tmp_path / "page.png"), page)
    sources = {
        "video": str(write_video(tmp_path / "clip.avi", [page] * 3)),
        "picture": str(tmp_path / "page.png"),
        "folder": str(tmp_path),
        "glob": str(tmp_path / "*.png"),
        "fake": "fake",
    }
    image = read_all(Settings(sources[kind], resolution="128x96", rotate=90, crop="48,0,48,64"))[0]
    assert image.shape == (64, 48, 3)
    # Turned clockwise, the white quarter lies at the top right.
    assert kind == "fake" or image.mean() > 250


def test_a_crop_outside_a_real_video_is_one_error(
    tmp_path: Path, write_video: Callable[[Path, list[Image]], Path]
) -> None:
    path = write_video(tmp_path / "clip.avi", [np.zeros((96, 128, 3), np.uint8)] * 3)
    with pytest.raises(SourceError, match=r"--crop 100,0,100,10 reaches outside .*clip\.avi, which are 128x96"):
        read_all(Settings(str(path), crop="100,0,100,10"))


def test_a_turned_frame_keeps_its_number_and_its_time(image: Image) -> None:
    turned = Geometry(180).apply(Frame(image, 7, 1.5, "old", captured=123.0))
    assert (turned.number, turned.seconds, turned.source, turned.captured) == (7, 1.5, "old", 123.0)


@pytest.mark.parametrize("asked", ["128x96", "640x480"])
def test_a_size_that_differs_from_what_was_asked_for_is_told_once(
    tmp_path: Path, write_video: Callable[[Path, list[Image]], Path], asked: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_video(tmp_path / "clip.avi", [np.zeros((96, 128, 3), np.uint8)] * 3)
    with open_source(Settings(str(path), resolution=asked), Stop()) as source:
        list(source)
    assert caplog.messages == ([] if asked == "128x96" else [f"{path} delivers 128x96 pixels instead of 640x480"])
