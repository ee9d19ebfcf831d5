"""Augmentation for a pen and a camera: what they make of a digit.

Everything works on whole batches of shape (n, 28, 28), float32, 0 = background, 1 = full ink, and draws its random
numbers from the generator that it is given.
"""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classifier import as_input
from mnist_edge.dataset import Split
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import Recipe
from mnist_edge.training_stack import load_keras

Batch = NDArray[np.float32]
Rng = np.random.Generator
NON_DIGIT_SHARE = 0.12


def pen(images: Batch, rng: Rng) -> Batch:
    """A hand, a pen and a camera: warped, thicker or thinner, blurred, broken, paler, noisy."""
    images = warp(images, rng)
    images = _for_some(images, rng, 0.25, thicken)
    images = _for_some(images, rng, 0.25, thin)
    images = _for_some(images, rng, 0.2, lambda some: _shifted_mean(some))
    images = _for_some(images, rng, 0.1, lambda some: _break(some, rng))
    images = images * rng.uniform(0.6, 1.0, (len(images), 1, 1)).astype(np.float32)
    noise = rng.normal(0, 0.03, images.shape).astype(np.float32)
    return np.clip(_for_some(images, rng, 0.2, lambda some: some + noise[: len(some)]), 0, 1)


AUGMENTATIONS: MappingProxyType[str, Callable[[Batch, Rng], Batch]] = MappingProxyType({"pen": pen})


def warp(images: Batch, rng: Rng) -> Batch:
    """A random affine map and a smooth random displacement of each image, sampled bilinearly.

    Rotation to 14 degrees, scale 0.85 to 1.15, shear 0.25, shift 2 pixels; the displacement (after Simard et al.,
    "Best Practices for Convolutional Neural Networks", 2003) is a 5x5 grid of up to about 1.5 pixels.
    """
    n = len(images)
    angle = np.deg2rad(rng.uniform(-14, 14, n))
    shear = rng.uniform(-0.25, 0.25, n)
    scale_x, scale_y = 1 / rng.uniform(0.85, 1.15, (2, n))
    rotation = np.stack([np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)], -1).reshape(n, 2, 2)
    slant = np.stack([scale_y, np.zeros(n), shear, scale_x], -1).reshape(n, 2, 2)
    centred = np.indices((28, 28), np.float32).reshape(2, -1) - 13.5
    positions = (rotation @ slant).astype(np.float32) @ centred + 13.5
    positions += rng.uniform(-2, 2, (n, 2, 1)).astype(np.float32)
    return _sample(images, positions + _smooth_field(n, rng))


def thicken(images: Batch) -> Batch:
    """Half a pixel more ink around each stroke: grey dilation with a plus, mixed with the original."""
    return (images + _neighbourhood(images, np.maximum)) * np.float32(0.5)


def thin(images: Batch) -> Batch:
    """Half a pixel less ink around each stroke: grey erosion with a plus, mixed with the original."""
    return (images + _neighbourhood(images, np.minimum)) * np.float32(0.5)


def augmented_batches(recipe: Recipe, split: Split, seed: int) -> Any:
    """A `keras.utils.PyDataset` of augmented (images, soft labels), anew in each epoch, the same for the same seed.

    A share of each batch are non-digits, whose label is the uniform distribution: the network learns to be unsure of
    what is no digit (Hendrycks et al., "Deep Anomaly Detection with Outlier Exposure", 2019), and ten outputs stay.
    """
    keras: Any = load_keras()
    augment = AUGMENTATIONS[str(recipe.augmentation)]
    images = as_input(split.images)[..., 0]
    others = as_input(non_digits(split, seed))[..., 0]
    one_hot = np.eye(10, dtype=np.float32)

    class Batches(keras.utils.PyDataset):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.epoch = 0
            self.on_epoch_begin()

        def on_epoch_begin(self) -> None:
            self.order = np.random.default_rng((seed, self.epoch)).permutation(len(split))

        def on_epoch_end(self) -> None:
            self.epoch += 1
            self.on_epoch_begin()

        def __len__(self) -> int:
            return -(-len(split) // recipe.batch_size)

        def __getitem__(self, index: int) -> tuple[Batch, Batch]:
            rng = np.random.default_rng((seed, self.epoch, index))
            chosen = self.order[index * recipe.batch_size :][: recipe.batch_size]
            strangers = rng.integers(0, len(others), int(len(chosen) * NON_DIGIT_SHARE))
            batch = augment(np.concatenate([images[chosen], others[strangers]]), rng)
            labels = np.concatenate([one_hot[split.labels[chosen]], np.full((len(strangers), 10), 0.1, np.float32)])
            return batch[..., None], labels

    return Batches()


def _for_some(images: Batch, rng: Rng, share: float, change: Callable[[Batch], Batch]) -> Batch:
    some = rng.random(len(images)) < share
    images = images.copy()
    images[some] = change(images[some])
    return images


def _sample(images: Batch, positions: Batch) -> Batch:
    """Bilinear samples at `positions`, shape (n, 2, 784), row first; background beyond the frame."""
    n = len(images)
    padded = np.pad(images, ((0, 0), (1, 2), (1, 2))).reshape(n, -1)
    row, column = np.clip(positions + 1, 0, 28.999).transpose(1, 0, 2)
    top, left = row.astype(np.intp), column.astype(np.intp)
    down, right = row - top, column - left
    corner = top * 31 + left + np.arange(n)[:, None] * 961
    flat = padded.reshape(-1)
    upper = flat[corner] * (1 - right) + flat[corner + 1] * right
    lower = flat[corner + 31] * (1 - right) + flat[corner + 32] * right
    return np.asarray(upper * (1 - down) + lower * down, np.float32).reshape(n, 28, 28)


def _smooth_field(n: int, rng: Rng) -> Batch:
    """A displacement, shape (n, 2, 784), bilinear between the random nodes of a 5x5 grid."""
    at = np.linspace(0, 4, 28)
    weights = np.maximum(0, 1 - np.abs(at[:, None] - np.arange(5))).astype(np.float32)
    nodes = rng.normal(0, 0.7, (n, 2, 5, 5)).astype(np.float32)
    return np.asarray(weights @ nodes @ weights.T, np.float32).reshape(n, 2, 784)


def _neighbourhood(images: Batch, choose: Callable[[Batch, Batch], Batch]) -> Batch:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    upright = choose(padded[:, :-2, 1:-1], padded[:, 2:, 1:-1])
    across = choose(padded[:, 1:-1, :-2], padded[:, 1:-1, 2:])
    return choose(images, choose(upright, across))


def _shifted_mean(images: Batch) -> Batch:
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))
    rows = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return np.asarray((rows[:, :, :-2] + 2 * rows[:, :, 1:-1] + rows[:, :, 2:]) / 4, np.float32)


def _break(images: Batch, rng: Rng) -> Batch:
    """A gap of one or two pixels across the whole image, where a pen skipped or a ruled line was taken out."""
    position = rng.integers(6, 22, (len(images), 1, 1))
    thickness = rng.integers(1, 3, (len(images), 1, 1))
    rows, columns = np.indices((28, 28))
    along = np.where(rng.random((len(images), 1, 1)) < 0.5, rows, columns)
    return np.where((along >= position) & (along < position + thickness), np.float32(0), images)
