"""What makes an exported file's confidence mean what it says: its temperature and its refusal threshold."""

from dataclasses import dataclass
from typing import Any

from mnist_edge.calibration import apply_temperature, expected_calibration_error, fit_temperature
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.evaluate import predict
from mnist_edge.progress import Progress, no_progress
from mnist_edge.refusal import SCORE, choose_threshold, digit_score


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
    """

    temperature: float
    threshold: float
    refused: float
    ece: float
    ece_before: float
    images: int
    data: str

    def to_metadata(self) -> dict[str, Any]:
        """The keys that `Classifier` reads, and where they come from."""
        chosen_on = {"images": self.images, "split": "validation", "data": self.data}
        return {
            "temperature": self.temperature,
            "refusal": {"score": SCORE, "threshold": self.threshold},
            "confidence": chosen_on | {"ece": self.ece, "ece_before": self.ece_before, "refused": self.refused},
        }


def fit_confidence(classifier: Classifier, data: Dataset, progress: Progress = no_progress) -> Confidence:
    """Choose temperature and threshold on validation images, which no recipe of ours trains on.

    Args:
        classifier: Runs the file; its probabilities must be the network's own.
        data: Of which the validation split is used.
        progress: Told the number of images done.
    """
    split = data.with_validation(VALIDATION_IMAGES).validation
    plain = predict(classifier, split, progress)
    temperature = fit_temperature(plain, split.labels)
    scaled = apply_temperature(plain, temperature)
    scores = digit_score(scaled)
    threshold = choose_threshold(scores)
    return Confidence(
        temperature=temperature,
        threshold=threshold,
        refused=float((scores < threshold).mean()),
        ece=expected_calibration_error(scaled, split.labels),
        ece_before=expected_calibration_error(plain, split.labels),
        images=len(split),
        data=data.name,
    )
