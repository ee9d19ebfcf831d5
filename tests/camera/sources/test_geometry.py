"""Turning, mirroring and cropping: against plain NumPy, and through every kind of source."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.camera.sources.geometry import FLIPS, ROTATIONS, Geometry, parse_crop, parse_size
from mnist_edge.camera.sources.prepared import PreparedSource
from mnist_edge.errors import SourceError, UsageError
from mnist_edge.reading import Box

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


@pytest.mark.parametrize("crop", [None, Box(3, 5, 20, 11)])
@pytest.mark.parametrize("flip", FLIPS)
@pytest.mark.parametrize("rotate", ROTATIONS)
def test_a_frame_is_turned_then_mirrored_then_cropped(image: Image, rotate: int, flip: str, crop: Box | None) -> None:
    before = image.copy()
    made = Geometry(rotate, flip, crop).apply(image, "camera 0")
    expected = NUMPY_FLIPS[flip](np.rot90(image, -rotate // 90))
    if crop:
        expected = expected[5:16, 3:23]
    assert np.array_equal(made, expected)
    assert made.flags.c_contiguous and made.dtype == np.uint8
    assert np.array_equal(image, before)


def test_a_frame_with_nothing_to_do_is_passed_on_as_it_is(image: Image) -> None:
    assert Geometry().apply(image, "camera 0") is image


def test_a_crop_may_reach_the_edge_and_no_farther(image: Image) -> None:
    assert Geometry(crop=Box(20, 10, 20, 20)).apply(image, "x").shape == (20, 20, 3)
    for box in (Box(21, 10, 20, 20), Box(20, 11, 20, 20), Box(40, 0, 1, 1), Box(0, 0, 999_999, 1)):
        with pytest.raises(SourceError, match="outside the frames of camera 0, which are 40x30"):
            Geometry(crop=box).apply(image, "camera 0")


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
        open_source(Settings("0", **settings), Stop())
    assert str(value) in str(caught.value) and "\n" not in str(caught.value)


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
    stop = Stop()
    size = "128x96"
    with open_source(Settings(sources[kind], resolution=size, rotate=90, crop="48,0,48,64"), stop) as source:
        frame = next(frame for frame in source if frame is not None)
        stop.requested = True
    assert frame.image.shape == (64, 48, 3)
    # Turned clockwise, the white quarter lies at the top right.
    assert kind == "fake" or frame.image.mean() > 250


def test_a_crop_outside_a_real_video_is_one_error(
    tmp_path: Path, write_video: Callable[[Path, list[Image]], Path]
) -> None:
    path = write_video(tmp_path / "clip.avi", [np.zeros((96, 128, 3), np.uint8)] * 3)
    with (
        pytest.raises(SourceError, match=r"--crop 100,0,100,10 reaches outside .*clip\.avi, which are 128x96"),
        open_source(Settings(str(path), crop="100,0,100,10"), Stop()) as source,
    ):
        list(source)


def test_what_differs_from_what_was_asked_for_is_told_once(image: Image) -> None:
    notes: list[str] = []
    given = ArraySource([image] * 5, name="camera 0", rate=30.0)
    with PreparedSource(given, Geometry(90), note=notes.append, size=(640, 480), rate=60) as source:
        frames = list(source)
    assert len(frames) == 5
    assert notes == ["note: camera 0 delivers 40x30 pixels instead of 640x480 and 30 frames a second instead of 60"]


def test_nothing_is_told_of_what_is_as_it_was_asked_for(image: Image) -> None:
    notes: list[str] = []
    given = ArraySource([image] * 2, rate=29.97)
    with PreparedSource(given, Geometry(), note=notes.append, size=(40, 30), rate=30) as source:
        list(source)
    assert notes == []


def test_a_prepared_frame_keeps_its_number_and_its_time(image: Image) -> None:
    (before,) = ArraySource([image])
    (after,) = (f for f in PreparedSource(ArraySource([image]), Geometry(180), note=print) if f)
    assert (after.number, after.seconds, after.source) == (before.number, before.seconds, before.source)

    class Old(ArraySource):
        def __iter__(self) -> Any:
            yield None
            yield Frame(image, 7, 1.5, "old", captured=123.0)

    nothing, frame = PreparedSource(Old([]), Geometry(180), note=print)
    assert nothing is None
    assert frame is not None and (frame.number, frame.seconds, frame.captured) == (7, 1.5, 123.0)
