"""What an augmented training sees: digits as a pen and a camera make them, non-digits, and a teacher's opinion."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Split
from mnist_edge.models.augment import AUGMENTATIONS, Batch
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import Recipe
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras

# For each ten digits a non-digit.
NON_DIGIT_SHARE = 0.1
# A teacher is asked once about so many epochs of augmented images; then these come again, in another order.
TEACHER_EPOCHS = 20
TEACHER_SHARE = 0.7
GENTLE_STRENGTH = 0.5

Teacher = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def augmented_batches(
    recipe: Recipe, split: Split, seed: int, teacher: Teacher | None = None, first_epoch: int = 0
) -> Any:
    """A `keras.utils.PyDataset` of (images, soft labels), shapes (n, 28, 28, 1) and (n, 10), 0 to 1.

    Each epoch is augmented anew, the same for the same seed. A share are non-digits, whose label is the uniform
    distribution: the network learns to be unsure of what is no digit (Hendrycks et al., "Deep Anomaly Detection with
    Outlier Exposure", 2019), and ten outputs stay. With a teacher, a digit's label is mixed with the teacher's
    probabilities (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015). The recipe's last epochs are
    gentle: augmented at half the strength.

    Args:
        recipe: Its augmentation, batch size and number of epochs.
        split: The training images.
        seed: Of order, augmentation and non-digits.
        teacher: Probabilities, shape (n, 10), of images as the batches hold them.
        first_epoch: Where a training that was broken off goes on.
    """
    keras: Any = load_keras()
    augment = AUGMENTATIONS[str(recipe.augmentation)]
    images = as_input(split.images)[..., 0]
    others = as_input(non_digits(split, seed))[..., 0]
    one_hot = np.eye(10, dtype=np.float32)
    length = -(-len(split) // recipe.batch_size)
    gentle_from = round(recipe.epochs * (1 - recipe.gentle_share))
    opinions: dict[tuple[int, int], NDArray[np.float16]] = {}

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.epoch = first_epoch
            self._shuffle()

        def _shuffle(self) -> None:
            self.gentle = self.epoch >= gentle_from
            # Which images these are; no gentle version is a strong one.
            first = gentle_from if self.gentle else 0
            self.version = first + (self.epoch - first) % TEACHER_EPOCHS if teacher else self.epoch
            self.images = np.random.default_rng((seed, self.version)).permutation(len(split))
            # The last batch is smaller and stays last.
            self.batches = np.arange(length)
            np.random.default_rng((seed, self.epoch, length)).shuffle(self.batches[:-1])

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self._shuffle()

        def __len__(self) -> int:
            return length

        def __getitem__(self, index: int) -> tuple[Batch, Batch]:
            index = int(self.batches[index])
            rng = np.random.default_rng((seed, self.version, index))
            chosen = self.images[index * recipe.batch_size :][: recipe.batch_size]
            strangers = rng.integers(0, len(others), int(len(chosen) * NON_DIGIT_SHARE))
            strength = GENTLE_STRENGTH if self.gentle else 1.0
            batch = augment(np.concatenate([images[chosen], others[strangers]]), rng, strength)[..., None]
            labels = one_hot[split.labels[chosen]]
            if teacher:
                labels = (1 - TEACHER_SHARE) * labels + TEACHER_SHARE * self._opinion(index, batch[: len(chosen)])
            unsure = np.full((len(strangers), 10), 0.1, np.float32)
            return batch, np.concatenate([labels, unsure]).astype(np.float32)

        def _opinion(self, index: int, digits: Batch) -> NDArray[np.float16]:
            key = self.version, index
            if teacher and key not in opinions:
                opinions[key] = teacher(digits).astype(np.float16)
            return opinions[key]

    return Batches()
