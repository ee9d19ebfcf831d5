"""Pen paths in UNIPEN's text become digits in MNIST's form."""

import numpy as np
import pytest

from mnist_edge.errors import DataError
from mnist_edge.formats.unipen import draw, read_unipen

# A one of a single stroke that begins above, and a four of two strokes with a touch between them.
TEXT = b""".INCLUDE dene.doc
.LEXICON "0" "1"
.SEGMENT DIGIT    0 ? "1"
.COMMENT 1  6  138
.PEN_DOWN
 100  300
 100  100
.PEN_UP
.DT 100

.SEGMENT DIGIT    1 ? "4"
.PEN_DOWN
 100  300
 60  180
 180  180
.PEN_UP
.DT 100
.PEN_DOWN
 150  260
 150  80
.PEN_UP
.PEN_DOWN
 20  20
.PEN_UP
"""


def test_labels_and_strokes_are_read_with_y_down() -> None:
    one, four = read_unipen(TEXT, "pen.tra")
    assert (one.label, four.label) == (1, 4)
    assert [len(stroke) for stroke in one.strokes] == [2] and [len(stroke) for stroke in four.strokes] == [3, 2, 1]
    (path,) = one.strokes
    assert path[1, 1] - path[0, 1] == 200 and path[0, 0] == path[1, 0]


@pytest.mark.parametrize("width", [0.12, 0.25])
def test_a_digit_is_drawn_in_the_form_of_mnist_as_thick_as_the_pen(width: float) -> None:
    image = draw(read_unipen(TEXT, "pen.tra")[0], width)
    assert image.shape == (28, 28) and image.dtype == np.uint8 and image.max() == 255
    rows = np.flatnonzero(image.max(axis=1) > 127)
    assert rows[-1] - rows[0] + 1 in (19, 20, 21)
    # An upright bar: its ink in a row in the middle is its width in pixels, of 20 for the height, both with the pen's.
    across = image[14].sum() / 255
    assert across == pytest.approx(20 * width / (1 + width), rel=0.2)
    hairline = draw(read_unipen(TEXT, "pen.tra")[0], 0.03)
    assert hairline[14].sum() < 0.7 * image[14].sum()


def test_pressure_changes_the_picture_and_the_same_generator_gives_the_same() -> None:
    _, four = read_unipen(TEXT, "pen.tra")
    plain, pressed, again = draw(four, 0.12), *(draw(four, 0.12, np.random.default_rng(1)) for _ in range(2))
    assert np.array_equal(pressed, again) and not np.array_equal(plain, pressed)


@pytest.mark.parametrize("content", [b"", b"no digits", b'.SEGMENT DIGIT 0 ? "1"\n.PEN_DOWN\n.PEN_UP\n'])
def test_a_file_without_digits_is_refused(content: bytes) -> None:
    with pytest.raises(DataError, match=r"pen\.tra holds no digits"):
        read_unipen(content, "pen.tra")


def test_a_broken_path_is_refused() -> None:
    with pytest.raises(DataError, match=r"pen\.tra is damaged"):
        read_unipen(TEXT.replace(b"100  300", b"100"), "pen.tra")
