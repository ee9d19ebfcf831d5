"""Ink levels to calibrate and compare an exported finder with: what it was trained on, drawn anew."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.models.finder.negatives import HELD_OUT
from mnist_edge.models.finder.pool import TYPEFACES, draw_stored
from mnist_edge.models.finder.samples import take_sample
from mnist_edge.models.pages.typefaces import load_typefaces
from mnist_edge.progress import Progress, no_progress

# Crops of each page, at sizes of their own.
A_PAGE = 8


def sample_levels(
    split: Split,
    count: int,
    seed: int,
    *,
    validation: bool = False,
    typefaces: Path = TYPEFACES,
    progress: Progress = no_progress,
) -> NDArray[np.uint8]:
    """Draw pages, and crop ink levels from them as training does.

    Args:
        split: The digits on the pages.
        count: How many levels.
        seed: The same seed gives the same levels, where the same typefaces are.
        validation: Whether to write in the typefaces that are held out of training instead of the others.
        typefaces: A folder as `load_typefaces` takes it.
        progress: Called with the number of levels drawn.

    Returns:
        Shape (count, side, side).
    """
    faces = [
        face for index, face in enumerate(load_typefaces(typefaces)) if (index % HELD_OUT == HELD_OUT - 1) == validation
    ]
    levels: list[NDArray[np.uint8]] = []
    while len(levels) < count:
        rng = np.random.default_rng([seed, int(validation), len(levels)])
        page = draw_stored(split, faces, rng)
        levels.extend(take_sample(page, rng)[0][..., 0] for _ in range(min(A_PAGE, count - len(levels))))
        progress(len(levels), count, "drawing pages")
    return np.stack(levels)
