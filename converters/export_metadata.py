"""The metadata that an exported model carries."""

from typing import Any

import mnist_edge
from mnist_edge.classifier import Classifier
from mnist_edge.converters.parity import ParityReport
from mnist_edge.converters.precisions import Precision
from mnist_edge.dataset import Dataset
from mnist_edge.tflite_graph import count_macs
from mnist_edge.training_stack import load_keras, load_tensorflow


def data_metadata(data: Dataset, split: str, images: int) -> dict[str, Any]:
    """Name the images that were used, so that they can be found again."""
    return {"images": images, "split": split, "data": data.name, "sha256": data.sha256}


def parity_metadata(parity: ParityReport) -> dict[str, Any]:
    """The figures of a comparison with the source, without the verdict."""
    names = ("images", "accuracy_drop", "agreement", "disagreements", "p_value", "max_abs_difference")
    return {name: getattr(parity, name) for name in names}


def network_metadata(
    name: str, precision: Precision, io: str, classifier: Classifier, calibration: dict[str, Any] | None, softmax: str
) -> dict[str, Any]:
    """Describe a network as it is stored, apart from what is measured with it.

    Args:
        name: Of the network, which is its recipe's.
        precision: How it is stored.
        io: Type of its input and output.
        classifier: Runs the file, and knows its classes and the scaling of its input.
        calibration: Which representative images it was calibrated on, where it was.
        softmax: `appended` where the network as trained gave no probabilities, else `trained`.
    """
    scale, zero_point = classifier.input["quantization"]
    return {
        "name": name,
        "recipe": name,
        "precision": precision.name,
        "io": io,
        "labels": list(classifier.classes),
        "input": {
            "shape": [1, 28, 28, 1],
            "meaning": "0 = background, 1 = full ink: pixel / 255",
            "dtype": io,
            # real value = (stored value - zero_point) * scale; a scale of 0 means stored as it is.
            "scale": float(scale),
            "zero_point": int(zero_point),
        },
        "output": {"meaning": "probabilities", "softmax": softmax},
        "macs": count_macs(classifier.interpreter),
        "calibration": calibration,
        "versions": versions(),
    }


def versions() -> dict[str, str]:
    """Name the packages that make a file."""
    return {
        "mnist-edge": mnist_edge.__version__,
        "tensorflow": load_tensorflow().__version__,
        "keras": load_keras().__version__,
    }
