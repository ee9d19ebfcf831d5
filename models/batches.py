"""The batches of an augmented training and of fine-tuning: digits and drawn non-digits, with soft labels."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classes import DIGITS
from mnist_edge.dataset import Split
from mnist_edge.models.augment import AUGMENTATIONS, Batch, warp
from mnist_edge.models.collected import CollectedDigits
from mnist_edge.models.found_crops import FoundCrops
from mnist_edge.models.non_digits import NO_LETTERS, ROUND, non_digits
from mnist_edge.models.recipes import Recipe
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras

# In training, for each ten digits a non-digit; in fine-tuning, of each batch.
NON_DIGIT_SHARE = 0.1
# Of what a reader cut out of pages, digits and other things, beside each digit of a batch.
FOUND_SHARE = 0.35
# The teacher labels so many epochs of augmented images; then these come again, in another order.
TEACHER_EPOCHS = 20
TEACHER_SHARE = 0.7
GENTLE_STRENGTH = 0.5
# Batches that wait for the training.
AHEAD = 4
# Of a batch in fine-tuning, and how many non-digits are drawn for it.
COLLECTED_SHARE = 0.15
FINE_TUNING_NON_DIGITS = 2_000
# Of a label of the data set, beside what the network said before. After 48 collected digits 99.51 % of MNIST's test
# images are read rightly so, or with labels alone; with what the network said alone 99.40 %, as before.
LABEL_SHARE = 0.75

# Probabilities, shape (n, classes), of images as the batches hold them.
Teacher = Callable[[NDArray[np.float32]], NDArray[np.float32]]
# From the number of a step to its images and soft labels, shapes (n, 28, 28, 1) and (n, classes), 0 to 1.
Draw = Callable[[int], tuple[Batch, Batch]]


def soft_labels(classes: int) -> Batch:
    """Labels by class; -1, the label of a non-digit, takes the last row, the uniform distribution."""
    return np.concatenate([np.eye(classes), np.full((1, classes), 1 / classes)]).astype(np.float32)


def strange_to(classes: tuple[str, ...]) -> tuple[str, ...]:
    """The kinds of non-digits for a network of these classes: letters are no strangers to one that tells letters."""
    return ROUND if classes == DIGITS else NO_LETTERS


class AugmentedBatches:
    """What `augmented_batches` gives to Keras; index k is the k-th batch of the current epoch.

    A thread draws the next batches while the network learns from this one. What a batch is depends on its seed, epoch
    and index alone.

    Attributes:
        order: Indices into the split, shape (n,): batch `batch_order[k]` is a slice of it.
        batch_order: Which batch comes when.
    """

    def __init__(
        self,
        recipe: Recipe,
        split: Split,
        seed: int,
        teacher: Teacher | None,
        first_epoch: int,
        classes: tuple[str, ...],
        crops: FoundCrops | None = None,
    ) -> None:
        """Draw the non-digits, and begin with an epoch; arguments as for `augmented_batches`."""
        super().__init__()
        self._recipe, self._split, self._seed, self._teacher = recipe, split, seed, teacher
        self._augment = AUGMENTATIONS[str(recipe.augmentation)]
        self._digits = as_input(split.images)[..., 0]
        self._targets = soft_labels(len(classes))
        self._non_digits = as_input(non_digits(split, seed, kinds=strange_to(classes)))[..., 0]
        self._found = None if crops is None else (as_input(crops.images)[..., 0], crops.labels)
        self._gentle_from = round(recipe.epochs * (1 - recipe.gentle_share))
        self._opinions: dict[tuple[int, int], NDArray[np.float16]] = {}
        self._epoch = first_epoch
        self._drawing = ThreadPoolExecutor(1)
        self._waiting: dict[int, Future[tuple[Batch, Batch]]] = {}
        self._shuffle()

    def _shuffle(self) -> None:
        gentle = self._epoch >= self._gentle_from
        self._strength = GENTLE_STRENGTH if gentle else 1.0
        # Which augmentation of the images; no gentle one is a strong one.
        first = self._gentle_from if gentle else 0
        self._version = first + (self._epoch - first) % TEACHER_EPOCHS if self._teacher else self._epoch
        self.order = np.random.default_rng((self._seed, self._version)).permutation(len(self._split))
        # The last batch is smaller and stays last.
        self.batch_order = np.arange(len(self))
        np.random.default_rng((self._seed, self._epoch, len(self))).shuffle(self.batch_order[:-1])

    def on_epoch_end(self) -> None:
        """Go on to the next epoch."""
        # Where the epoch was not drawn to its end, none of it may be drawn after `_shuffle`.
        wait([one for one in self._waiting.values() if not one.cancel()])
        self._waiting.clear()
        self._epoch += 1
        self._shuffle()

    def __len__(self) -> int:
        return -(-len(self._split) // self._recipe.batch_size)

    def __getitem__(self, index: int) -> tuple[Batch, Batch]:
        for ahead in range(index, min(index + 1 + AHEAD, len(self))):
            if ahead not in self._waiting:
                self._waiting[ahead] = self._drawing.submit(self._draw, ahead)
        return self._waiting.pop(index).result()

    def _draw(self, index: int) -> tuple[Batch, Batch]:
        index = int(self.batch_order[index])
        rng = np.random.default_rng((self._seed, self._version, index))
        chosen = self.order[index * self._recipe.batch_size :][: self._recipe.batch_size]
        others = rng.integers(0, len(self._non_digits), int(len(chosen) * NON_DIGIT_SHARE))
        images = np.concatenate([self._digits[chosen], self._non_digits[others]])
        images = self._augment(images, rng, self._strength)[..., None]
        labels = self._targets[self._split.labels[chosen]]
        if self._teacher:
            opinion = self._opinion(self._teacher, index, images[: len(chosen)])
            labels = (1 - TEACHER_SHARE) * labels + TEACHER_SHARE * opinion
        labels = np.concatenate([labels, self._targets[[-1] * len(others)]])
        if self._found:
            crops, held = self._found
            some = rng.integers(0, len(crops), round(len(chosen) * FOUND_SHARE))
            # A pen, a camera and a finder have been at them already.
            images = np.concatenate([images, warp(crops[some], rng, self._strength)[..., None]])
            labels = np.concatenate([labels, self._targets[held[some]]])
        return images, labels.astype(np.float32)

    def _opinion(self, teacher: Teacher, index: int, digits: Batch) -> NDArray[np.float16]:
        key = self._version, index
        if key not in self._opinions:
            self._opinions[key] = teacher(digits).astype(np.float16)
        return self._opinions[key]


def augmented_batches(
    recipe: Recipe,
    split: Split,
    seed: int,
    teacher: Teacher | None = None,
    first_epoch: int = 0,
    classes: tuple[str, ...] = DIGITS,
    crops: FoundCrops | None = None,
) -> Any:
    """A `keras.utils.PyDataset` of (images, soft labels), shapes (n, 28, 28, 1) and (n, classes), 0 to 1.

    Each epoch is augmented anew, the same for the same seed. A share are non-digits, whose label is the uniform
    distribution: the network learns to be unsure of what is no digit (Hendrycks et al., "Deep Anomaly Detection with
    Outlier Exposure", 2019), and no output is added. With a teacher, a digit's label is mixed with the teacher's
    probabilities (Hinton et al., "Distilling the Knowledge in a Neural Network", 2015). The recipe's last epochs are
    gentle: augmented at half the strength.

    Args:
        recipe: Its augmentation, batch size and number of epochs.
        split: The training images.
        seed: Of order, augmentation and non-digits.
        teacher: Labels the images beside their own labels.
        first_epoch: Where an interrupted training is resumed.
        classes: What the labels mean.
        crops: What a reader cut out of pages, some of which is warped and shown beside the images.
    """
    batches = type("Batches", (AugmentedBatches, load_keras().utils.PyDataset), {})
    return batches(recipe, split, seed, teacher, first_epoch, classes, crops)


def fine_tuning_batches(recipe: Recipe, split: Split, collected: CollectedDigits, seed: int, before: Teacher) -> Draw:
    """Batches that mix what is new with what the network knows, all gently augmented; the same for the same seed.

    New are the collected digits, or other classes, with their true labels, uniform for what is none. Known are images
    of the data set and drawn non-digits, labelled with the network's outputs before fine-tuning (after Li and Hoiem,
    "Learning without Forgetting", 2016). Those of the data set are mixed with its labels, since it may be another than
    the network's, of which it is unsure (after Buzzega et al., "Dark Experience for General Continual Learning", 2020).

    Args:
        recipe: Its augmentation and batch size.
        split: The training images of the data set.
        collected: The collected digits.
        seed: Of order, augmentation and non-digits.
        before: The network before fine-tuning.
    """
    augment = AUGMENTATIONS[str(recipe.augmentation)]
    new, strange = (max(1, round(recipe.batch_size * share)) for share in (COLLECTED_SHARE, NON_DIGIT_SHARE))
    known = max(1, recipe.batch_size - new - strange)
    strangers = non_digits(split, seed, FINE_TUNING_NON_DIGITS, kinds=strange_to(collected.classes))
    digits, others = as_input(split.images)[..., 0], as_input(strangers)[..., 0]
    taught, targets = as_input(collected.images)[..., 0], soft_labels(len(collected.classes))

    def draw(step: int) -> tuple[Batch, Batch]:
        rng = np.random.default_rng((seed, step))
        from_split, from_collected = rng.integers(0, len(split), known), rng.integers(0, len(collected), new)
        from_others = rng.integers(0, len(others), strange)
        images = np.concatenate([digits[from_split], others[from_others], taught[from_collected]])
        images = augment(images, rng, GENTLE_STRENGTH)[..., None]
        labels = before(images[: known + strange])
        labels[:known] += LABEL_SHARE * (targets[split.labels[from_split]] - labels[:known])
        return images, np.concatenate([labels, targets[collected.labels[from_collected]]])

    return draw
