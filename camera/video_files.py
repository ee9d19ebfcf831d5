"""Which video files are read, and how often."""

import os

from mnist_edge.camera.image_files import has_picture_name

SUFFIXES = {
    ".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm", ".mpg", ".mpeg", ".ts", ".mts", ".m2ts", ".wmv", ".flv", ".3gp",
    ".ogv", ".mjpg", ".mjpeg",
}  # fmt: skip
# Of a video, from one reading to the next, where nobody says.
EVERY_SECONDS = 1.0


def has_video_name(name: str) -> bool:
    """Whether a file of this name counts as a video."""
    name = os.path.basename(name)
    return not name.startswith(".") and os.path.splitext(name)[1].lower() in SUFFIXES


def has_readable_name(name: str) -> bool:
    """Whether a file of this name counts as a picture or a video of its folder."""
    return has_picture_name(name) or has_video_name(name)
