"""What is done elsewhere with a frame: the least that finding ink costs, and what webcam projects do with it."""

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier
from mnist_edge.opencv import cv2

Frame = NDArray[np.uint8]


def floor(frame: Frame) -> int:
    """Find ink in the cheapest way that stands uneven light; return the number of components, paper included."""
    grey = cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
    ink = cv2.adaptiveThreshold(grey, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY_INV, 31, 10)
    return int(cv2.connectedComponentsWithStats(ink)[0])


def webcam_loop(frame: Frame, classifier: Classifier) -> list[int]:
    """Read a frame as many a webcam project does; return a label for each contour.

    Grey, blur, one threshold for the frame (Otsu), outer contours, and for each of them its bounding box resized to
    28x28 and one invoke.
    """
    grey = cv2.GaussianBlur(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY), (5, 5), 0)
    ink = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)[1]
    labels = []
    for contour in cv2.findContours(ink, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)[-2]:
        x, y, width, height = cv2.boundingRect(contour)
        digit = cv2.resize(ink[y : y + height, x : x + width], (28, 28), interpolation=cv2.INTER_AREA)
        labels.append(int(classifier.probabilities(digit[None]).argmax()))
    return labels
