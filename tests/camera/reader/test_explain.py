"""A sheet explains the very reading that comes with it."""

from collections.abc import Callable

import numpy as np

from mnist_edge.camera.reader import Reader
from mnist_edge.camera.reader.explain import HOT, LETTER, WIDTH, explain
from mnist_edge.reading import Box


def test_the_reading_of_a_sheet_is_that_of_the_reader(write_digit: Callable[..., Box]) -> None:
    reader, frame = Reader(), np.full((160, 300, 3), 235, np.uint8)
    for column, label in enumerate((1, 2, 7)):
        write_digit(frame, label, 40 + 80 * column, 45, 70, 8)
    reading, sheet = explain(reader, frame, "folder/page.png")
    assert (reading.source, reading.text) == ("folder/page.png", ("127",))
    assert reading.digits == reader.read(frame).digits
    assert sheet.shape[1:] == (1680, 3) and sheet.dtype == np.uint8


def test_the_heat_map_is_red_where_a_digit_is_and_nowhere_else(write_digit: Callable[..., Box]) -> None:
    empty, frame = np.full((160, 300, 3), 235, np.uint8), np.full((160, 300, 3), 235, np.uint8)
    write_digit(frame, 7, 120, 45, 70, 8)
    blank, drawn = (explain(Reader(), picture, "page.png")[1].astype(int) for picture in (empty, frame))
    # The first pair of pictures, under two lines; the heat map is the right one.
    pair = np.s_[6 * LETTER : 6 * LETTER + round(160 * WIDTH / 300)]
    hot = [np.abs(sheet[pair] - HOT).max(axis=2) < 90 for sheet in (blank, drawn)]
    assert not hot[0].any()
    assert hot[1][:, 840:].sum() > 100 and not hot[1][:, :840].any()
