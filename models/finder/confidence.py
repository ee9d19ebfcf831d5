"""Fit the confidence of a reader to places of pages whose truth is known."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.confidence import FEATURES, Confidence, Places, sigmoid, with_context
from mnist_edge.training_stack import load_keras

# Pull of the regressions' weights to 0; a step that is too small to matter, and most steps.
RIDGE, SETTLED, ITERATIONS = 1e-1, 1e-6, 40
# Hidden units of the second step: with 32 the log loss on generated pages that it was not fitted on is 0.103 (plain
# ones) and 0.191 (crowded); with 16 it is 0.105 and 0.195.
HIDDEN = 32
# Places count for less where a page has many: as their number to the power of minus this. Otherwise a page with 50 is
# as much as 50 with a digit alone, and of images of the data set 90 % are read, not 95 %.
SHARED = 0.65
EPOCHS, BATCH, LEARNING_RATE, DECAY = 40, 256, 3e-3, 2e-5
Floats = NDArray[np.float64]


def fit(pages: Sequence[Places], right: Sequence[NDArray[np.bool_]]) -> Confidence:
    """Fit to places of pages whose truth is known; the same pages give the same confidence on the same machine.

    Args:
        pages: The places of each page.
        right: Of each page, shape (n,): whether the digit is there and is this one.
    """
    truth = np.concatenate(right)
    counts = np.array([len(page.boxes) for page in pages])
    importance = np.repeat(np.maximum(counts, 1.0) ** -SHARED, counts)
    importance /= importance.mean()
    weights = _rounded(_regress(np.concatenate([page.features for page in pages]), truth, importance))
    inputs = np.concatenate([with_context(page, weights) for page in pages])
    context, hidden = _grow(inputs, truth, importance, _regress(inputs, truth, importance))
    return Confidence(weights, _rounded(context), tuple(map(_rounded, hidden)))


def _regress(features: Floats, right: NDArray[np.bool_], importance: Floats) -> Floats:
    """Weights of a logistic regression of places that count as much as their importance, by Newton's method."""
    weights = np.zeros(features.shape[1])
    for _ in range(ITERATIONS):
        expected = sigmoid(features @ weights)
        slope = features.T @ (importance * (right - expected)) - RIDGE * weights
        spread = importance * expected * (1 - expected)
        curve = (features * spread[:, None]).T @ features + RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curve, slope)
        weights += step
        if np.abs(step).max() < SETTLED:
            break
    return weights


def _grow(inputs: Floats, right: NDArray[np.bool_], importance: Floats, linear: Floats) -> tuple[Floats, Floats]:
    """Train on from a regression, with hidden units beside it; both, as `Confidence` has them."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    layers, count = keras.layers, inputs.shape[1]
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0)
    # A column that is the same everywhere stays as it is, such as the first feature, which is each sum's constant.
    middle[spread == 0], spread[spread == 0] = 0, 1
    constant = count - FEATURES

    seen = layers.Input((count,))
    decay = keras.regularizers.L2(DECAY)
    units = layers.Dense(HIDDEN, "relu", use_bias=False, kernel_regularizer=decay)
    added = layers.Dense(1, use_bias=False, kernel_initializer="zeros", kernel_regularizer=decay)
    straight = layers.Dense(1, use_bias=False)
    model = keras.Model(seen, layers.Add()([straight(seen), added(units(seen))]))
    scaled = linear * spread
    scaled[constant] += middle @ linear
    straight.set_weights([scaled[:, None].astype(np.float32)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    # To 0, so that what comes of it does not depend on the last pages seen.
    rate = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, EPOCHS * -(-len(inputs) // BATCH))
    model.compile(keras.optimizers.Adam(rate), loss)
    standard = ((inputs - middle) / spread).astype(np.float32)
    truth = right.astype(np.float32)
    model.fit(standard, truth, sample_weight=importance, batch_size=BATCH, epochs=EPOCHS, verbose=0)

    def unscaled(layer: Any) -> Floats:
        """Of each unit, the weights of what is not scaled."""
        weights = layer.get_weights()[0].T.astype(np.float64) / spread
        weights[:, constant] -= weights @ middle
        return np.asarray(weights)

    return unscaled(straight)[0], np.concatenate([unscaled(units), added.get_weights()[0]], axis=1)


def _rounded(weights: Floats) -> tuple[float, ...]:
    return tuple(round(float(weight), 4) for weight in weights)
