import numpy as np

from mnist_edge.benchmarks.endurance.reading_time import scene_frames
from mnist_edge.benchmarks.harness.peers import floor, webcam_loop
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.opencv import cv2

BLANK = np.full((480, 640, 3), 210, np.uint8)


def test_the_floor_finds_the_ink(digits: Dataset) -> None:
    assert floor(BLANK) == 1
    # Ten digits, the paper, and some specks of its grain.
    for frame in scene_frames(digits.test, 3):
        assert 11 <= floor(frame) <= 40


def test_the_webcam_loop_reads_what_lies_apart() -> None:
    frame, classifier = BLANK.copy(), Classifier()
    for left in (60, 260, 460):
        cv2.ellipse(frame, (left + 60, 240), (50, 110), 0, 0, 360, (40, 40, 40), 22)
    # The hole of a zero is no digit of its own.
    assert webcam_loop(frame, classifier) == [0, 0, 0]
    # What touches is one contour.
    frame[235:245, 60:580] = 40
    assert len(webcam_loop(frame, classifier)) == 1
