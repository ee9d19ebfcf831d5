"""Fit the confidence of a reader to places of pages whose truth is known."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.confidence import ADDED, Confidence, Neighbours, Places, Step, sigmoid
from mnist_edge.training_stack import load_keras

# Pull of the regression's weights to 0; a step that is too small to matter, and most steps.
RIDGE, SETTLED, ITERATIONS = 1e-1, 1e-6, 40
# Steps after the regression: with one the log loss on generated pages that it was not fitted on is 0.134 (plain ones)
# and 0.207 (crowded), with two 0.129 and 0.203, with three 0.129 and 0.205.
STEPS = 2
# Standard deviation of an input below which it tells nothing.
LEAST_SPREAD = 1e-6
# Hidden units of a step: with 24 the log loss on generated pages that it was not fitted on is 0.104 (plain ones) and
# 0.181 (crowded), with 32 it is 0.103 and 0.182, and the file has a kilobyte more.
HIDDEN = 24
# Places count for less where a page has many: as their number to the power of minus this. Otherwise a page with 50 is
# as much as 50 with a digit alone, and of images of the data set 90 % are read, not 95 %.
SHARED = 0.65
EPOCHS, BATCH, LEARNING_RATE = 40, 256, 3e-3
# Pull of the hidden units' weights to 0. With half of it, in one fit, two small digits of which both networks say
# nearly the same had 0.30 and 0.87; with five times as much F1 on generated pages is lower by 0.004.
DECAY = 2e-4
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
    features = np.concatenate([page.features for page in pages])
    first = Confidence(_rounded(_regress(features, truth, importance)))
    logits, neighbours = features @ np.array(first.weights), [Neighbours(page) for page in pages]
    steps: list[Step] = []
    for _ in range(STEPS):
        parts = np.split(logits, np.cumsum(counts)[:-1])
        inputs = np.concatenate([page.inputs_after(part) for page, part in zip(neighbours, parts, strict=True)])
        steps.append(_grow(inputs, truth, importance))
        logits = steps[-1].logits(inputs)
    return Confidence(first.weights, tuple(steps))


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


def _grow(inputs: Floats, right: NDArray[np.bool_], importance: Floats) -> Step:
    """Train on from the logit of the step before, with hidden units beside the sum."""
    keras = load_keras()
    keras.utils.set_random_seed(0)
    layers, count = keras.layers, inputs.shape[1]
    middle, spread = inputs.mean(axis=0), inputs.std(axis=0)
    # A column that is the same everywhere, but for rounding, stays as it is, such as each sum's constant, the first.
    same = spread < LEAST_SPREAD
    middle[same], spread[same] = 0, 1

    seen = layers.Input((count,))
    decay = keras.regularizers.L2(DECAY)
    units = layers.Dense(HIDDEN, "relu", use_bias=False, kernel_regularizer=decay)
    added = layers.Dense(1, use_bias=False, kernel_initializer="zeros", kernel_regularizer=decay)
    straight = layers.Dense(1, use_bias=False)
    model = keras.Model(seen, layers.Add()([straight(seen), added(units(seen))]))
    # The first of what the step before has added is its logit.
    start, logit = np.zeros((count, 1), np.float32), count - ADDED
    start[logit], start[0] = spread[logit], middle[logit]
    straight.set_weights([start])
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
        weights[:, 0] -= weights @ middle
        return np.asarray(weights)

    hidden = np.concatenate([unscaled(units), added.get_weights()[0]], axis=1)
    return Step(_rounded(unscaled(straight)[0]), tuple(map(_rounded, hidden)))


def _rounded(weights: Floats) -> tuple[float, ...]:
    return tuple(round(float(weight), 4) for weight in weights)
