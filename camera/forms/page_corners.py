"""Find a page by its corners alone."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.forms.printed import Image
from mnist_edge.opencv import cv2

# Longer side of the picture on which the page is looked for, pixels; least share of the photograph that is page.
PAGE_SIDE, LEAST_PAGE = 640, 0.15


def find_page(photo: Image) -> NDArray[np.float32] | None:
    """Find the corners of a light page on a darker ground.

    Returns:
        Shape (4, 2), x and y, clockwise from the one nearest the top left of the photograph; None where none is seen.
    """
    factor = min(1.0, PAGE_SIDE / max(photo.shape[:2]))
    grey = cv2.cvtColor(cv2.resize(photo, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA), cv2.COLOR_BGR2GRAY)
    light = cv2.threshold(cv2.GaussianBlur(grey, (0, 0), 2), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[1]
    light = cv2.morphologyEx(light, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8))
    outlines = cv2.findContours(light, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[0]
    if not outlines:
        return None
    hull = cv2.convexHull(max(outlines, key=cv2.contourArea))
    corners = cv2.approxPolyDP(hull, 0.04 * cv2.arcLength(hull, True), True)[:, 0].astype(np.float32)
    if len(corners) != 4 or cv2.contourArea(corners) < LEAST_PAGE * grey.size:
        return None
    if cv2.contourArea(corners, oriented=True) < 0:
        corners = corners[::-1]
    return np.asarray(np.roll(corners, -int(corners.sum(axis=1).argmin()), axis=0) / factor, np.float32)
