"""Parsing of sizes and regions, and turning, mirroring and cropping of frames."""

import re
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.frames import Frame
from mnist_edge.camera.images import MAX_PIXELS
from mnist_edge.camera.settings import Settings
from mnist_edge.errors import SourceError, UsageError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

ROTATIONS = {0: None, 90: cv2.ROTATE_90_CLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_COUNTERCLOCKWISE}
# The codes of `cv2.flip`.
FLIPS = {"none": None, "horizontal": 1, "vertical": 0, "both": -1}


def parse_size(text: str) -> tuple[int, int]:
    """Parse `640x480` to width and height in pixels.

    Raises:
        UsageError: It is written otherwise, or is an image of no pixel or of more than 200 million.
    """
    match = re.fullmatch(r"(\d{1,6})x(\d{1,6})", text.strip().lower())
    width, height = (int(match[1]), int(match[2])) if match else (0, 0)
    if not 0 < width * height <= MAX_PIXELS:
        raise UsageError(f"{text!r} is no resolution; give width x height in pixels, such as --resolution 640x480")
    return width, height


def parse_crop(text: str) -> Box:
    """Parse `X,Y,WIDTH,HEIGHT` in pixels to a part of the frame.

    Raises:
        UsageError: It is written otherwise, or holds no pixel.
    """
    match = re.fullmatch(r"(\d{1,6}),(\d{1,6}),(\d{1,6}),(\d{1,6})", text.replace(" ", ""))
    box = Box(*map(int, match.groups())) if match else Box(0, 0, 0, 0)
    if box.width * box.height == 0:
        raise UsageError(f"{text!r} is no part of a frame; give X,Y,WIDTH,HEIGHT in pixels, such as --crop 0,0,320,240")
    return box


@dataclass(frozen=True, slots=True)
class Geometry:
    """How a frame is turned, then mirrored, then cropped before it is read.

    Attributes:
        rotate: A key of `ROTATIONS`, clockwise in degrees.
        flip: A key of `FLIPS`.
        crop: In pixels of the frame as turned and mirrored; None for all of it.
    """

    rotate: int = 0
    flip: str = "none"
    crop: Box | None = None

    def apply(self, frame: Frame) -> Frame:
        """Return the frame as it is read, its image contiguous; the given frame is not changed.

        Raises:
            SourceError: The region lies outside the frame.
        """
        image = frame.image
        if (rotation := ROTATIONS[self.rotate]) is not None:
            image = cv2.rotate(image, rotation)
        if (axis := FLIPS[self.flip]) is not None:
            image = cv2.flip(image, axis)
        if self.crop:
            image = np.ascontiguousarray(_cropped(image, self.crop, frame.source))
        return frame if image is frame.image else replace(frame, image=image)


def parse_geometry(settings: Settings) -> Geometry:
    """Return the geometry that the settings ask for.

    Raises:
        UsageError: The crop is not a region.
    """
    return Geometry(settings.rotate, settings.flip, parse_crop(settings.crop) if settings.crop else None)


def _cropped(image: NDArray[np.uint8], crop: Box, name: str) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    if crop.right > width or crop.bottom > height:
        raise SourceError(
            f"--crop {','.join(map(str, crop))} reaches outside the frames of {name}, which are {width}x{height}; "
            "make it smaller"
        )
    return image[crop.slices]
