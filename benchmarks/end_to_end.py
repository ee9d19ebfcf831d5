"""What a model's time consists of: the bare network, one prepared image, one digit's ink."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.timing import Action
from mnist_edge.classifier import Classifier
from mnist_edge.normalisation import normalise


class Stages(NamedTuple):
    """One model's actions to time, each a part of the next.

    Attributes:
        invoke: The runtime's own `invoke()` and nothing else.
        classify: A prepared 28x28 uint8 image to a digit: quantise, invoke, dequantise, decide.
        end_to_end: A digit's ink, 60x45 uint8, to a digit: normalise, then as `classify`.
    """

    invoke: Action
    classify: Action
    end_to_end: Action


def stages(classifier: Classifier) -> Stages:
    """Return the actions to time of a model."""
    ink = sample_ink()
    image = normalise(ink)[None]

    def classify() -> int:
        return int(classifier.probabilities(image).argmax())

    def end_to_end() -> int:
        return int(classifier.probabilities(normalise(ink)[None]).argmax())

    classify()  # Leaves a real image in the input, for `invoke` to work on.
    return Stages(classifier.interpreter.invoke, classify, end_to_end)


def sample_ink(height: int = 60, width: int = 45, pen: float = 8.0) -> NDArray[np.uint8]:
    """Return a zero as a camera might see it: a ring, `pen` pixels wide, with soft edges.

    Returns:
        Shape (height, width), 0 = paper, 255 = full ink.
    """
    y, x = np.mgrid[0.5:height, 0.5:width]
    across, down = (width - pen) / 2 - 1, (height - pen) / 2 - 1
    radius = np.hypot((x - width / 2) / across, (y - height / 2) / down)
    distance = np.abs(radius - 1) * (across + down) / 2
    ink: NDArray[np.uint8] = np.rint(255 * np.clip((pen / 2 - distance) + 0.5, 0, 1)).astype(np.uint8)
    return ink
