"""Other hands in a training: Pendigits' pen paths, drawn with pens of any width, beside the data's own digits."""

import numpy as np

from mnist_edge.dataset import Split
from mnist_edge.formats.unipen import draw
from mnist_edge.pen_digits import find_pen_digits, read_pen_digits

# Of the pen, as a share of the digit's longer side, evenly by ratio; MNIST's own pens have about 0.12.
THINNEST, THICKEST = 0.05, 0.22


def pen_digits(times: int, seed: int) -> Split | None:
    """Pendigits' training part as images in MNIST's form.

    Args:
        times: How often each digit is drawn, each time with another pen.
        seed: Of the pens.

    Returns:
        Digit after digit, all of them `times` over; None where the paths are not on this machine.

    Raises:
        DataError: They are damaged.
    """
    path = find_pen_digits()
    if path is None:
        return None
    digits = read_pen_digits(path) * times
    rng = np.random.default_rng((seed, 0xED161))
    widths = np.exp(rng.uniform(np.log(THINNEST), np.log(THICKEST), len(digits)))
    images = np.stack([draw(digit, width, rng) for digit, width in zip(digits, widths.tolist(), strict=True)])
    return Split(images[..., None], np.array([digit.label for digit in digits], np.uint8))


def together(split: Split, drawn: Split) -> Split:
    """The images of both."""
    return Split(np.concatenate([split.images, drawn.images]), np.concatenate([split.labels, drawn.labels]))
