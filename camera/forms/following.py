"""Follow a page from the frame in which it was read to later ones, so that its fields stay on it while it moves."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.opencv import cv2

# Frames are compared at this width, pixels; corners that are followed, the side of what is compared around each, and
# how often the picture is halved for that: they are found up to a sixth of the width away.
WIDTH, CORNERS, WINDOW, LEVELS = 320, 150, 21, 3
# Corners that must agree on one view, also as a share of all, and pixels that one may be off.
LEAST, LEAST_SHARE, TOLERANCE = 12, 0.5, 2.0


class Following:
    """A page in one frame, whose place in later frames is asked for in turn; one thread at a time may use it."""

    def __init__(self, image: NDArray[np.uint8], outlines: NDArray[np.float32]) -> None:
        """Find corners on the page.

        Args:
            image: The frame, shape (height, width, 3), BGR.
            outlines: Corners of the page's fields in it, shape (fields, 4, 2), pixels.
        """
        self.outlines = outlines
        self._scale = WIDTH / image.shape[1]
        self._grey = self._small(image)
        page = np.zeros_like(self._grey)
        hull = cv2.convexHull(outlines.reshape(-1, 2)) * self._scale
        cv2.fillConvexPoly(page, np.rint(hull).astype(np.int32), 255)
        self._corners = cv2.goodFeaturesToTrack(self._grey, CORNERS, 0.01, 5, mask=page)
        self._there = self._corners

    def outlines_in(self, image: NDArray[np.uint8]) -> NDArray[np.float32] | None:
        """Return where the outlines are in a later frame of the same size; None where the page is lost."""
        if self._corners is None or len(self._corners) < LEAST:
            return None
        # From where they were seen last, but always compared with the first frame, so that no error adds up.
        self._there, found, _ = cv2.calcOpticalFlowPyrLK(
            self._grey, self._small(image), self._corners, self._there.copy(), winSize=(WINDOW, WINDOW),
            maxLevel=LEVELS, flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
        )  # fmt: skip
        kept = found[:, 0] > 0
        if kept.sum() < LEAST:
            return None
        view, agreeing = cv2.findHomography(self._corners[kept], self._there[kept], cv2.RANSAC, TOLERANCE)
        if view is None or agreeing.sum() < max(LEAST, LEAST_SHARE * len(self._corners)):
            return None
        moved = cv2.perspectiveTransform(self.outlines.reshape(1, -1, 2) * self._scale, view) / self._scale
        return np.asarray(moved.reshape(-1, 4, 2), np.float32)

    def _small(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        height = max(1, round(WIDTH * image.shape[0] / image.shape[1]))
        small = cv2.resize(image, (WIDTH, height), interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), np.uint8)
