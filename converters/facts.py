"""What an exported model says of itself."""

from typing import Any

import mnist_edge
from mnist_edge.classifier import Classifier
from mnist_edge.converters.confidence import Confidence
from mnist_edge.converters.precisions import Precision
from mnist_edge.dataset import Dataset
from mnist_edge.graph import count_macs
from mnist_edge.metadata import LABELS
from mnist_edge.training_stack import load_keras, load_tensorflow


def data_facts(data: Dataset, split: str, images: int) -> dict[str, Any]:
    """Which images were used, so that they can be found again."""
    return {"images": images, "split": split, "data": data.name, "sha256": data.sha256}


def describe(
    name: str,
    precision: Precision,
    io: str,
    classifier: Classifier,
    accuracy: dict[str, Any] | None,
    calibration: dict[str, Any] | None,
    confidence: Confidence | None = None,
) -> dict[str, Any]:
    """The metadata that goes into a `.tflite`.

    Args:
        name: Of the network, which is its recipe's.
        precision: How it is stored.
        io: Type of its input and output.
        classifier: Runs it; knows the scaling of the input.
        accuracy: Its figures on test images, where they were measured.
        calibration: Its representative images, where it had any.
        confidence: Its temperature and refusal threshold, where there was data to choose them on.
    """
    scale, zero_point = classifier.input["quantization"]
    return {
        "name": name,
        "recipe": name,
        "precision": precision.name,
        "io": io,
        "labels": list(LABELS),
        "input": {
            "shape": [1, 28, 28, 1],
            "meaning": "0 = background, 1 = full ink: pixel / 255",
            "dtype": io,
            # real value = (stored value - zero_point) * scale; a scale of 0 means stored as it is.
            "scale": float(scale),
            "zero_point": int(zero_point),
        },
        "macs": count_macs(classifier.interpreter),
        "accuracy": accuracy,
        "calibration": calibration,
        **(confidence.to_metadata() if confidence else {}),
        "versions": {
            "mnist-edge": mnist_edge.__version__,
            "tensorflow": load_tensorflow().__version__,
            "keras": load_keras().__version__,
        },
    }
