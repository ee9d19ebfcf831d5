"""What is measured with a file that was just converted: its parity with its source, its accuracy, its confidence."""

from dataclasses import dataclass
from typing import Any

from mnist_edge.classifier import Classifier
from mnist_edge.converters.confidence import Confidence, fit_confidence
from mnist_edge.converters.export_metadata import data_metadata, parity_metadata
from mnist_edge.converters.parity import ModelOutputs, ParityReport, compare
from mnist_edge.converters.precisions import Precision
from mnist_edge.dataset import VALIDATION_IMAGES, Dataset
from mnist_edge.evaluate import KerasClassifier, predict, score
from mnist_edge.progress import Progress

# Validation images that may always get another digit: of the few in a small data set, three prove nothing.
MAY_DIFFER = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured with a file; None without data.

    Attributes:
        parity: How it compares with its source on the validation images.
        compared: The same as its metadata has it.
        accuracy: On the test images: `images`, `correct`, `accuracy`, `runtime`, `split`, `data`, `sha256`.
        confidence: Its temperature and refusal threshold.
    """

    parity: ParityReport | None = None
    compared: dict[str, Any] | None = None
    accuracy: dict[str, Any] | None = None
    confidence: Confidence | None = None

    def to_metadata(self) -> dict[str, Any]:
        """The part of a file's metadata that was measured."""
        confidence = self.confidence.to_metadata() if self.confidence else {}
        return {"parity": self.compared, "accuracy": self.accuracy} | confidence


def measure(network: Any, classifier: Classifier, data: Dataset, precision: Precision, progress: Progress) -> Measured:
    """Compare a file with its source, measure its accuracy and fit its confidence.

    Args:
        network: The source, a Keras model that gives probabilities.
        classifier: Runs the file.
        data: Its validation split compares and fits, its test split gives the accuracy.
        precision: Of the file; its `sanity` is what the parity must pass.
        progress: Told the number of images done.
    """
    split = data.with_validation(VALIDATION_IMAGES).validation
    source, file = (
        ModelOutputs(name, one.runtime, predict(one, split, progress))
        for name, one in (("its source", KerasClassifier(network, classes=None)), (classifier.path.name, classifier))
    )
    parity = compare(source, file, split.labels, precision.sanity.on(split.labels, MAY_DIFFER), data.classes)
    test = score(predict(classifier, data.test, progress), data.test.labels, classifier.name, classifier.runtime)
    correct = {"correct": test.correct, "accuracy": test.accuracy, "runtime": test.runtime}
    return Measured(
        parity=parity,
        compared=data_metadata(data, "validation", parity.images) | parity_metadata(parity),
        accuracy=data_metadata(data, "test", test.images) | correct,
        confidence=fit_confidence(file.probabilities, split.labels, data.name),
    )
