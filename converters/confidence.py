"""The calibration of an exported file's confidence: its temperature and its refusal threshold."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import apply_temperature, expected_calibration_error, fit_temperature
from mnist_edge.converters.keras_source import keras_path
from mnist_edge.metadata import read_metadata, refusal_threshold_of, temperature_of
from mnist_edge.refusal import choose_threshold, digit_score, score_name
from mnist_edge.shipped_models import find_shipped, is_shipped


@dataclass(frozen=True, slots=True)
class Confidence:
    """What was chosen on the validation images, with the exported file itself.

    Attributes:
        temperature: As `mnist_edge.calibration` applies it.
        threshold: Least score of a digit (`mnist_edge.refusal`).
        refused: Share of the validation images below it, 0 to 1.
        ece: Expected calibration error on them, 0 to 1, after scaling.
        ece_before: The same without.
        images: How many there were.
        data: The data set they are of.
        file: The file that ships which they were chosen with, where that is another.
        classes: How many the network tells.
    """

    temperature: float
    threshold: float
    refused: float
    ece: float
    ece_before: float
    images: int
    data: str
    file: str | None = None
    classes: int = 10

    def to_metadata(self) -> dict[str, Any]:
        """The keys that `Classifier` reads, and where they come from."""
        chosen_on = {"images": self.images, "split": "validation", "data": self.data}
        if self.file:
            chosen_on["file"] = self.file
        # Six decimals are more than the images can tell.
        errors = {"ece": round(self.ece, 6), "ece_before": round(self.ece_before, 6)}
        return {
            "temperature": self.temperature,
            "refusal": {"score": score_name(self.classes), "threshold": self.threshold},
            "confidence": chosen_on | errors | {"refused": self.refused},
        }


def fit_confidence(plain: NDArray[np.float32], labels: NDArray[np.uint8], data: str) -> Confidence:
    """Choose temperature and threshold on validation images, which no recipe of ours trains on.

    Args:
        plain: The file's own probabilities for them, shape (n, classes).
        labels: Their classes, shape (n,).
        data: Name of the data set.
    """
    temperature = fit_temperature(plain, labels)
    scaled = apply_temperature(plain, temperature)
    scores = digit_score(scaled)
    threshold = choose_threshold(scores)
    return Confidence(
        temperature=temperature,
        threshold=threshold,
        refused=float((scores < threshold).mean()),
        ece=expected_calibration_error(scaled, labels),
        ece_before=expected_calibration_error(plain, labels),
        images=len(labels),
        data=data,
        classes=plain.shape[1],
    )


def shipped_confidence(model: Any, precision: str) -> Confidence | None:
    """What was chosen for a network that ships, for exports of it where the data that it was chosen on is missing.

    Args:
        model: As `convert` takes it.
        precision: Of the export. Its own figures ship for some; the others are within rounding of those of float32,
            or of int8.

    Returns:
        None where the model does not ship.
    """
    weights = keras_path(model) if isinstance(model, str | Path) else None
    if weights is None or not is_shipped(weights):
        return None
    shipped = find_shipped(weights.stem)
    path = next(shipped.files[name] for name in (precision, "float32", "int8") if name in shipped.files)
    metadata = read_metadata(path)
    chosen = metadata["confidence"]
    return Confidence(
        temperature=temperature_of(metadata, path.name),
        threshold=refusal_threshold_of(metadata, path.name) or 0.0,
        file=path.name,
        **{name: chosen[name] for name in ("refused", "ece", "ece_before", "images", "data")},
    )
