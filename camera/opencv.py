"""OpenCV, imported in one place: a missing package is one clear line."""

from typing import Any

from mnist_edge.optional import require

cv2: Any = require("cv2", extra="camera")
