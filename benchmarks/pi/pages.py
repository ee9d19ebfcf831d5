"""Generated pages for emulated Pis: ten digits on 640x480, as pictures and as a video."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import write_image
from mnist_edge.dataset import sklearn_digits
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.opencv import cv2

WIDTH, HEIGHT = 640, 480
FRAMES, PER_SECOND = 24, 12

Frame = NDArray[np.uint8]


def draw_pages(count: int, words: int = 0) -> list[Frame]:
    """Return frames with ten digits of scikit-learn's, which any machine has, and so many lines of words."""
    split, conditions = sklearn_digits().test, Conditions(rows=2, columns=5, text=words)
    return [draw_page(split, seed, conditions, width=WIDTH, height=HEIGHT).image for seed in range(count)]


def write_pages(pages: Sequence[Frame], folder: Path, suffix: str = ".png") -> list[Path]:
    """Write each page as a picture and return the files; `.png` loses nothing."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"page-{number}{suffix}" for number in range(len(pages))]
    for page, path in zip(pages, paths, strict=True):
        write_image(path, page)
    return paths


def write_video(page: Frame, path: Path, frames: int = FRAMES) -> Path:
    """Write a video of one page that stands still and return its file."""
    video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), PER_SECOND, (WIDTH, HEIGHT))
    for _ in range(frames):
        video.write(page)
    video.release()
    return path
