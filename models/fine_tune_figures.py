"""What a network that is fine-tuned knows still, and what it has learned."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import Dataset
from mnist_edge.evaluate import CHUNK, SMALLEST_PROBABILITY, Evaluation, KerasClassifier, score
from mnist_edge.models.batches import strange_to
from mnist_edge.models.collected import NO_DIGIT, CollectedDigits
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.run import Measured
from mnist_edge.refusal import choose_threshold, digit_score
from mnist_edge.tensors import as_input

# To see whether non-digits are still refused.
PROBES = 500

Row = dict[str, float]


def figures_of(model: Any, data: Dataset, held_out: CollectedDigits) -> Row:
    """Return the figures on the validation images, `val_`, and on the held-out digits, `extra_`.

    They are `val_accuracy`, `val_loss`, the refusal `threshold` that they give, `extra_accuracy`, `extra_loss`, and
    `extra_loss_error`, the standard error of `extra_loss` as a mean over the held-out digits. A non-digit counts as
    right where it would be refused, by a threshold chosen as `export` chooses it.
    """
    outputs = outputs_of(model, data.validation.images)
    known = score(outputs, data.validation.labels, "validation", "keras")
    threshold = choose_threshold(digit_score(outputs))
    new, strange = outputs_of(model, held_out.images), held_out.labels == NO_DIGIT
    right = np.where(strange, digit_score(new) < threshold, new.argmax(axis=1) == held_out.labels)
    logs = -np.log(np.maximum(new, SMALLEST_PROBABILITY))
    losses = np.where(strange, logs.mean(axis=1), logs[np.arange(len(new)), held_out.labels])
    return {
        "val_accuracy": known.accuracy,
        "val_loss": known.loss,
        "threshold": threshold,
        "extra_accuracy": float(right.mean()),
        "extra_loss": float(losses.mean()),
        "extra_loss_error": float(losses.std() / np.sqrt(len(losses))),
    }


def measure(model: Any, name: str, data: Dataset, held_out: CollectedDigits, seed: int) -> tuple[Evaluation, Measured]:
    """Return the figures on the test images, and these beside those on held-out digits and on drawn non-digits."""
    runtime = KerasClassifier(model, classes=len(held_out.classes)).runtime
    outputs = outputs_of(model, data.test.images)
    test = score(outputs, data.test.labels, name, runtime, classes=held_out.classes)
    row = figures_of(model, data, held_out)
    strangers = non_digits(data.validation, seed, PROBES, kinds=strange_to(held_out.classes))
    probes = outputs_of(model, strangers)
    refused = float((digit_score(probes) < row["threshold"]).mean())
    return test, Measured(test.accuracy, row["extra_accuracy"], refused)


def outputs_of(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return probabilities, shape (n, classes)."""
    # Keras' `predict` would build a pipeline each time, which takes longer.
    chunks = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
    return np.concatenate([model.predict_on_batch(as_input(chunk)) for chunk in chunks])
