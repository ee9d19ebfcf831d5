"""What fine-tuning sees: collected digits, and enough of what the network knows that it does not forget it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.models.augment import AUGMENTATIONS, Batch
from mnist_edge.models.extra import Extra
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import Recipe
from mnist_edge.tensors import as_input

# Of each batch; the rest are digits of the data set.
EXTRA_SHARE = 0.15
NON_DIGIT_SHARE = 0.1
NON_DIGITS = 2_000
STRENGTH = 0.5

# From the number of a step to its images and soft labels, shapes (n, 28, 28, 1) and (n, 10), 0 to 1.
Draw = Callable[[int], tuple[Batch, Batch]]


def rehearsal(
    recipe: Recipe, split: Split, taught: Extra, seed: int, before: Callable[[Batch], NDArray[np.float32]]
) -> Draw:
    """Batches that mix what is new with what is known, all gently augmented; the same for the same seed.

    New are the collected digits, with their true labels, uniform for what is no digit. Known are digits of the data set
    and drawn non-digits, with what the network said to them before as their labels (after Li and Hoiem, "Learning
    without Forgetting", 2016).

    Args:
        recipe: Its augmentation and batch size.
        split: The training images of the data set.
        taught: The collected digits.
        seed: Of order, augmentation and non-digits.
        before: What the network said, shape (n, 10), to images as the batches hold them.
    """
    augment = AUGMENTATIONS[str(recipe.augmentation)]
    new, strange = (max(1, round(recipe.batch_size * share)) for share in (EXTRA_SHARE, NON_DIGIT_SHARE))
    known = max(1, recipe.batch_size - new - strange)
    digits, others = as_input(split.images)[..., 0], as_input(non_digits(split, seed, NON_DIGITS))[..., 0]
    collected = as_input(taught.images)[..., 0]
    # -1 takes the last row.
    truth = np.concatenate([np.eye(10), np.full((1, 10), 0.1)]).astype(np.float32)

    def draw(step: int) -> tuple[Batch, Batch]:
        rng = np.random.default_rng((seed, step))
        from_split, from_extra = rng.integers(0, len(split), known), rng.integers(0, len(taught), new)
        strangers = rng.integers(0, len(others), strange)
        images = np.concatenate([digits[from_split], others[strangers], collected[from_extra]])
        images = augment(images, rng, STRENGTH)[..., None]
        said = before(images[: known + strange])
        return images, np.concatenate([said, truth[taught.labels[from_extra]]])

    return draw
