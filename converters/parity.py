"""Comparing the outputs of two models: the figures, and whether they pass."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.classes import DIGITS, noun
from mnist_edge.errors import CheckFailed
from mnist_edge.mcnemar import mcnemar_exact

# Tolerances are compared in images, where a float's rounding is far below one.
_ROUNDING = 1e-6
# Probabilities that are the same but for float32's rounding, which differs with an image's place in a batch.
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The limits within which a candidate passes.

    Attributes:
        max_drop: Largest loss of accuracy, a share of 1: 0.001 is 0.10 points.
        min_agreement: Lowest share of equal top-1 digits, 0 to 1.
        max_class_drop: Largest loss of accuracy on the images of one digit, a share of 1.
        min_p: Lowest p of McNemar's test that passes where the candidate is worse: below it, the loss is no chance. 0
            passes every loss.
    """

    max_drop: float
    min_agreement: float
    max_class_drop: float = 1.0
    min_p: float = 0.0

    def on(self, labels: NDArray[np.uint8], always: int = 1) -> "Tolerance":
        """Loosen the limits so that `always` images may differ: of n images nothing resolves less than 1/n."""
        counts = np.bincount(labels)
        share, share_of_a_digit = always / len(labels), always / int(counts[counts > 0].min())
        return replace(
            self,
            max_drop=max(self.max_drop, share),
            min_agreement=min(self.min_agreement, 1 - share),
            max_class_drop=max(self.max_class_drop, share_of_a_digit),
        )


@dataclass(frozen=True, slots=True)
class ModelOutputs:
    """The outputs of one model on some images.

    Attributes:
        model: Its file or name.
        runtime: What ran it.
        probabilities: Shape (n, classes).
    """

    model: str
    runtime: str
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Score:
    """The accuracy of one model.

    Attributes:
        model: Its file or name.
        runtime: What ran it.
        correct: Images that got their label as top-1.
        accuracy: A share of the images, 0 to 1.
    """

    model: str
    runtime: str
    correct: int
    accuracy: float


@dataclass(frozen=True, slots=True)
class ParityReport:
    """How a candidate compares with its reference on the same images. All shares are 0 to 1.

    Attributes:
        passed: Whether there are no `failures`.
        images: How many both were shown.
        reference: The model as trained.
        candidate: The model to deploy.
        accuracy_drop: Reference's accuracy less candidate's; negative where the candidate is better.
        agreement: Share of images where both give the same digit.
        disagreements: Number of images where they do not.
        p_value: McNemar's exact test of equal accuracy: small where the difference is more than chance.
        max_abs_difference: Largest difference between two probabilities; None where an output is not finite.
        per_class_drop: The drop of accuracy on each class, in their order; 0 where there are no images of it.
        tolerance: What passes.
        failures: Every reason why the candidate does not.
        layers: Quantization error of each layer, rows of `layer_errors`; None without `--layers`.
    """

    passed: bool
    images: int
    reference: Score
    candidate: Score
    accuracy_drop: float
    agreement: float
    disagreements: int
    p_value: float
    max_abs_difference: float | None
    per_class_drop: tuple[float, ...]
    tolerance: Tolerance
    failures: tuple[str, ...]
    layers: tuple[dict[str, Any], ...] | None = None

    def to_json(self) -> dict[str, Any]:
        """The document that `verify --json` prints; with `layers` where there are any."""
        document = asdict(self)
        if self.layers is None:
            del document["layers"]
        return document

    def raise_if_failed(self, *advice: str) -> None:
        """Raise `CheckFailed` with every reason where the candidate did not pass, and with what to do."""
        if not self.passed:
            reasons = "; ".join((*self.failures, *advice))
            raise CheckFailed(f"{self.candidate.model} does not match {self.reference.model}: {reasons}")


def compare(
    reference: ModelOutputs,
    candidate: ModelOutputs,
    labels: NDArray[np.uint8],
    tolerance: Tolerance,
    classes: Sequence[str] = DIGITS,
) -> ParityReport:
    """Compare the outputs of two models on the same images.

    Args:
        reference: Of the model as trained.
        candidate: Of the model to deploy.
        labels: The true classes, shape (n,).
        tolerance: What passes.
        classes: Their names.
    """
    both = reference, candidate
    predicted = [outputs.probabilities.argmax(axis=1) for outputs in both]
    right = [digits == labels for digits in predicted]
    scores = [_score(outputs, hits) for outputs, hits in zip(both, right, strict=True)]
    disagreements = int((predicted[0] != predicted[1]).sum())
    lost = scores[0].correct - scores[1].correct
    count = len(classes)
    lost_of = np.bincount(labels, right[0], minlength=count) - np.bincount(labels, right[1], minlength=count)
    images_of = np.bincount(labels, minlength=count)
    p_value = mcnemar_exact(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))
    failures = (
        *_collapsed(both, labels, classes),
        *_overall_drops(lost, disagreements, len(labels), tolerance),
        *_class_drops(lost_of, images_of, tolerance, classes),
        *_significant_loss(lost, p_value, tolerance),
    )
    return ParityReport(
        passed=not failures,
        images=len(labels),
        reference=scores[0],
        candidate=scores[1],
        accuracy_drop=lost / len(labels),
        agreement=1 - disagreements / len(labels),
        disagreements=disagreements,
        p_value=p_value,
        max_abs_difference=_largest_difference(both),
        per_class_drop=tuple(float(share) for share in lost_of / np.maximum(images_of, 1)),
        tolerance=tolerance,
        failures=failures,
    )


def _score(outputs: ModelOutputs, hits: NDArray[np.bool_]) -> Score:
    return Score(outputs.model, outputs.runtime, int(hits.sum()), float(hits.mean()))


def _largest_difference(both: tuple[ModelOutputs, ModelOutputs]) -> float | None:
    if not all(np.isfinite(outputs.probabilities).all() for outputs in both):
        return None
    return float(np.abs(both[0].probabilities - both[1].probabilities).max())


def _collapsed(
    both: tuple[ModelOutputs, ModelOutputs], labels: NDArray[np.uint8], classes: Sequence[str]
) -> tuple[str, ...]:
    # Images of one digit only may well get one answer.
    if len(np.unique(labels)) == 1:
        return ()
    found = ((outputs.model, _collapse(outputs.probabilities, classes)) for outputs in both)
    return tuple(f"{model} collapsed: {what}" for model, what in found if what)


def _collapse(probabilities: NDArray[np.float32], classes: Sequence[str]) -> str | None:
    """What shows that a model's outputs no longer depend on the image, the commonest silent fault; None: nothing."""
    broken = int((~np.isfinite(probabilities)).any(axis=1).sum())
    if broken:
        return f"its outputs hold NaN or infinity for {broken} of {len(probabilities)} images"
    if len(probabilities) > 1 and np.ptp(probabilities, axis=0).max() <= _SAME:
        return f"its outputs are the same for all {len(probabilities)} images"
    digits = np.unique(probabilities.argmax(axis=1))
    if len(probabilities) > 1 and len(digits) == 1:
        return f"it says {classes[digits[0]]} for all {len(probabilities)} images"
    return None


def _overall_drops(lost: int, disagreements: int, images: int, tolerance: Tolerance) -> tuple[str, ...]:
    failures = []
    if lost > tolerance.max_drop * images + _ROUNDING:
        failures.append(
            f"accuracy dropped by {100 * lost / images:.4g} points ({lost} of {images} images), "
            f"more than {100 * tolerance.max_drop:.4g}"
        )
    if disagreements > (1 - tolerance.min_agreement) * images + _ROUNDING:
        failures.append(
            f"they agree on {100 - 100 * disagreements / images:.6g} % of the images ({disagreements} differ), "
            f"less than {100 * tolerance.min_agreement:.6g} %"
        )
    return tuple(failures)


def _class_drops(
    lost: NDArray[Any], images: NDArray[Any], tolerance: Tolerance, classes: Sequence[str]
) -> tuple[str, ...]:
    """One reason for all classes that lost too much, shapes (classes,)."""
    worse = np.flatnonzero(lost > tolerance.max_class_drop * images + _ROUNDING)
    if not len(worse):
        return ()
    each = ", ".join(
        f"{100 * lost[k] / images[k]:.4g} on the {classes[k]} ({lost[k]:.0f} of {images[k]})" for k in worse.tolist()
    )
    most = f"{100 * tolerance.max_class_drop:.4g}"
    return (f"accuracy on a single {noun(classes)} dropped by {each} points, more than {most}",)


def _significant_loss(lost: int, p_value: float, tolerance: Tolerance) -> tuple[str, ...]:
    if lost <= 0 or p_value >= tolerance.min_p:
        return ()
    return (f"the loss is more than chance (McNemar's p {p_value:.3g} is below {tolerance.min_p:g})",)
