"""Ink levels to calibrate and compare an exported finder with: what it was trained on, drawn anew."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Dataset
from mnist_edge.models.finder.negatives import HELD_OUT
from mnist_edge.models.finder.pool import draw_stored
from mnist_edge.models.finder.samples import SIDE, take_sample
from mnist_edge.models.pages.scripts import load_scripts
from mnist_edge.models.pages.typefaces import load_typefaces
from mnist_edge.progress import Progress, no_progress

# Crops of each page, at sizes of their own.
A_PAGE = 8

Levels = NDArray[np.uint8]


def sample_levels(
    data: Dataset, training: int, validation: int, seed: int, typefaces: Path, progress: Progress = no_progress
) -> tuple[Levels, Levels]:
    """Draw pages, and crop ink levels from them as training does.

    Args:
        data: The digits on the pages, of its training and of its validation split.
        training: How many levels of pages for training.
        validation: Likewise, in digits and typefaces that are held out of training.
        seed: The same seed gives the same levels, where the same typefaces are.
        typefaces: A folder as `load_typefaces` takes it.
        progress: Called with the number of levels drawn.

    Returns:
        Shapes (training, side, side) and (validation, side, side).
    """
    faces = load_typefaces(typefaces) + load_scripts(typefaces)
    drawn: tuple[list[Levels], list[Levels]] = [], []
    for held_out, (split, count) in enumerate(((data.training, training), (data.validation, validation))):
        some = [face for index, face in enumerate(faces) if (index % HELD_OUT == HELD_OUT - 1) == held_out]
        while len(drawn[held_out]) < count:
            rng = np.random.default_rng([seed, held_out, len(drawn[held_out])])
            page = draw_stored(split, some, rng)
            crops = min(A_PAGE, count - len(drawn[held_out]))
            drawn[held_out].extend(take_sample(page, rng)[0][..., 0] for _ in range(crops))
            progress(sum(map(len, drawn)), training + validation, "drawing pages")
    first, second = (np.array(levels, np.uint8).reshape(-1, SIDE, SIDE) for levels in drawn)
    return first, second
