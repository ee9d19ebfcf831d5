"""A sheet explains the very reading that comes with it."""

from collections.abc import Callable

import numpy as np

from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.explain import explain
from mnist_edge.reading import Box


def test_the_reading_of_a_sheet_is_that_of_the_reader(write_digit: Callable[..., Box]) -> None:
    reader, frame = Reader(), np.full((160, 300, 3), 235, np.uint8)
    for column, label in enumerate((1, 2, 7)):
        write_digit(frame, label, 40 + 80 * column, 45, 70, 8)
    reading, sheet = explain(reader, frame, "folder/page.png")
    assert (reading.source, reading.text) == ("folder/page.png", ("127",))
    assert reading.digits == reader.read(frame).digits
    assert sheet.shape[1:] == (1680, 3) and sheet.dtype == np.uint8
