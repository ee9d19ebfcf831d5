"""Runs in the second environment: the raw outputs of models on images, one invoke an image.

Usage: run_images.py IMAGES.npy OUTPUTS.npz NAME=MODEL...
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classifier import Classifier


def raw_outputs(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[Any]:
    """The output tensor of each image as the runtime left it, shape (n, 10), in the model's own dtype."""
    rows = []
    for image in images:
        classifier.probabilities(image[None])
        rows.append(classifier.interpreter.get_tensor(classifier.output["index"])[0])
    return np.stack(rows)


def main(images: Path, outputs: Path, models: list[str]) -> None:
    shown = np.load(images)
    found: dict[str, Any] = {}
    for name, _, path in (model.partition("=") for model in models):
        classifier = Classifier(path, calibrated=False, runtime="tflite-runtime")
        found[name] = raw_outputs(classifier, shown)
        print(name, classifier.runtime, "numpy", np.__version__)
    np.savez(outputs, **found)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
