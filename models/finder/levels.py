"""Pages and ink levels to calibrate and measure an exported finder with: drawn as for training, but others."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Dataset
from mnist_edge.models.finder.negatives import HELD_OUT, negative_pages
from mnist_edge.models.finder.plain import (
    conditions_alone,
    conditions_few,
    conditions_framed,
    conditions_superscripts,
    conditions_uneven,
    cut_close,
    draw_conditions,
    draw_image,
    draw_shade,
)
from mnist_edge.models.finder.pool import draw_stored
from mnist_edge.models.finder.samples import SIDE, StoredPage, take_sample
from mnist_edge.models.pages.random_conditions import random_conditions
from mnist_edge.models.pages.scripts import load_scripts
from mnist_edge.models.pages.typefaces import Typeface, load_typefaces
from mnist_edge.progress import Progress, no_progress

# Crops of each page, at sizes of their own.
A_PAGE = 8

Levels = NDArray[np.uint8]


# One in so many pages is cut from a picture without digits, where there are any.
NEGATIVE = 7
# Keeps the seeds of whole pages, and of plain ones, apart from those of levels.
WHOLE, PLAIN = 2, 3
# One in so many crowded pages, where it has digits, is cut close round one row of them.
CUT_CLOSE = 6
# One in so many plain pages has nothing written on it, one has superscripts, and two have uneven heights.
RARE = 20


def validation_pages(
    data: Dataset, count: int, seed: int, typefaces: Path, pictures: Path, progress: Progress = no_progress
) -> list[StoredPage]:
    """Draw pages in the typefaces that are held out of training, and cut some from the pictures that are.

    Of some that are drawn one row of digits is kept alone, in a small picture that is cut close round it.

    Args:
        data: The digits on the pages, of its validation split.
        count: How many pages.
        seed: The same seed gives the same pages, where the same typefaces and pictures are.
        typefaces: A folder as `load_typefaces` takes it.
        pictures: A folder as `negative_pages` takes it.
        progress: Called with the number of pages drawn.
    """
    held_out = faces(typefaces, held_out=True)
    empty = negative_pages(pictures, count // NEGATIVE, seed, validation=True)
    pages: list[StoredPage] = []
    for page in range(count):
        is_drawn = page % NEGATIVE or not empty
        rng = np.random.default_rng([seed, WHOLE, page])
        drawn = draw_stored(data.validation, held_out, rng) if is_drawn else empty.pop()
        pages.append(cut_close(drawn, rng) if page % CUT_CLOSE == 2 and len(drawn.boxes) else drawn)
        progress(page + 1, count, "drawing pages")
    return pages


def plain_pages(data: Dataset, count: int, seed: int, progress: Progress = no_progress) -> list[StoredPage]:
    """Draw pages with hardly anything but digits on them, as most that people have.

    Half have several digits: an eighth of all one to three and nothing else, a tenth numbers in frames, and the rest
    are drawn by the conditions of `make pages`. A quarter has a single digit, but for a twentieth with superscripts, a
    tenth with heights on a line that differ by up to three times, and a twentieth without digits, every other one
    nothing but shade. A quarter are images of the data set, cut close or not, enlarged, in either polarity.

    Args:
        data: The digits on the pages, of its validation split.
        count: How many pages.
        seed: The same seed gives the same pages.
        progress: Called with the number of pages drawn.
    """
    pages = []
    for page in range(count):
        rng = np.random.default_rng([seed, PLAIN, page])
        if page % 4 == 3:
            pages.append(draw_image(data.validation, rng))
        elif page % (2 * RARE) == 1:
            pages.append(draw_shade(rng))
        else:
            if page % RARE == 9:
                conditions = conditions_superscripts(rng)
            elif page % RARE in (13, 17):
                conditions = conditions_uneven(rng)
            elif page % 4 == 1:
                conditions = conditions_alone(rng, rows=int(page % RARE != 1))
            elif page % 8 == 2:
                conditions = conditions_few(rng)
            elif page % RARE in (4, 16):
                conditions = conditions_framed(rng)
            else:
                conditions = random_conditions(rng)
            pages.append(draw_conditions(data.validation, conditions, rng))
        progress(page + 1, count, "drawing pages")
    return pages


def faces(typefaces: Path, *, held_out: bool) -> list[Typeface]:
    """The typefaces of a folder that are for training, or those that are held out of it."""
    every = enumerate(load_typefaces(typefaces) + load_scripts(typefaces))
    return [face for index, face in every if (index % HELD_OUT == HELD_OUT - 1) == held_out]


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
    drawn: tuple[list[Levels], list[Levels]] = [], []
    for held_out, (split, count) in enumerate(((data.training, training), (data.validation, validation))):
        some = faces(typefaces, held_out=bool(held_out))
        while len(drawn[held_out]) < count:
            rng = np.random.default_rng([seed, held_out, len(drawn[held_out])])
            page = draw_stored(split, some, rng)
            crops = min(A_PAGE, count - len(drawn[held_out]))
            drawn[held_out].extend(take_sample(page, rng)[0][..., 0] for _ in range(crops))
            progress(sum(map(len, drawn)), training + validation, "drawing pages")
    first, second = (np.array(levels, np.uint8).reshape(-1, SIDE, SIDE) for levels in drawn)
    return first, second
