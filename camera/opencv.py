"""OpenCV, imported in one place: a missing package is one clear line, and its log stays off the terminal."""

import os
from typing import Any

from mnist_edge import quiet
from mnist_edge.optional import require

# 12,000 x 9,000 pixels and some room. OpenCV refuses more by a picture's header, before it takes memory.
MAX_PIXELS = 200_000_000

os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", str(MAX_PIXELS))
# Read when OpenCV is imported, and the same in every version, which its functions for this are not.
if not quiet.verbose:
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")

cv2: Any = require("cv2", extra="camera")
