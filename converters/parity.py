"""The figures of a comparison and the judgement of them."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.converters.collapse import fault
from mnist_edge.converters.mcnemar import mcnemar_exact
from mnist_edge.errors import CheckFailed

# Tolerances are compared in images, where a float's rounding is far below one.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What still passes.

    Attributes:
        max_drop: Largest loss of accuracy, a share of 1: 0.001 is 0.10 points.
        min_agreement: Lowest share of equal top-1 digits, 0 to 1.
        max_class_drop: Largest loss of accuracy on the images of one digit, a share of 1.
        min_p: Lowest p of McNemar's test where the candidate is the worse one: below it, that is no chance. 0 lets all
            pass.
    """

    max_drop: float
    min_agreement: float
    max_class_drop: float = 1.0
    min_p: float = 0.0

    def on(self, labels: NDArray[np.uint8], always: int = 1) -> "Tolerance":
        """The tolerance on images with these labels, of which so many may always differ: n resolve no less than 1/n."""
        counts = np.bincount(labels)
        share, share_of_a_digit = always / len(labels), always / int(counts[counts > 0].min())
        return replace(
            self,
            max_drop=max(self.max_drop, share),
            min_agreement=min(self.min_agreement, 1 - share),
            max_class_drop=max(self.max_class_drop, share_of_a_digit),
        )


@dataclass(frozen=True, slots=True)
class Answers:
    """What one model said.

    Attributes:
        model: Its file or name.
        runtime: What ran it.
        probabilities: Shape (n, 10).
    """

    model: str
    runtime: str
    probabilities: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Score:
    """How one model fared.

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
        agreement: Share of images where both say the same digit.
        disagreements: Number of images where they do not.
        p_value: McNemar's exact test of equal accuracy: small where the difference is more than chance.
        max_abs_difference: Largest difference between two probabilities; None where an output is not finite.
        per_class_drop: The drop of accuracy on each digit, 0 to 9; 0 where there are no images of it.
        tolerance: What passes.
        failures: Every reason why the candidate does not.
        layers: Quantization error of each layer, rows of `layer_errors`; None where it was not asked for.
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
        """The document that `verify --json` prints; `layers` is in it where it was asked for."""
        document = asdict(self)
        if self.layers is None:
            del document["layers"]
        return document

    def raise_if_failed(self, *advice: str) -> None:
        """Raise `CheckFailed` with every reason where the candidate did not pass, and with what to do."""
        if not self.passed:
            reasons = "; ".join((*self.failures, *advice))
            raise CheckFailed(f"{self.candidate.model} does not match {self.reference.model}: {reasons}")


def compare(reference: Answers, candidate: Answers, labels: NDArray[np.uint8], tolerance: Tolerance) -> ParityReport:
    """Compare two models' answers to the same images.

    Args:
        reference: Of the model as trained.
        candidate: Of the model to deploy.
        labels: The true digits, shape (n,).
        tolerance: What passes.
    """
    both = reference, candidate
    said = [answers.probabilities.argmax(axis=1) for answers in both]
    right = [digits == labels for digits in said]
    scores = [_score(answers, hits) for answers, hits in zip(both, right, strict=True)]
    disagreements = int((said[0] != said[1]).sum())
    lost = scores[0].correct - scores[1].correct
    lost_of = np.bincount(labels, right[0], minlength=10) - np.bincount(labels, right[1], minlength=10)
    images_of = np.bincount(labels, minlength=10)
    p_value = mcnemar_exact(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum()))
    failures = (
        *_collapses(both, labels),
        *_excesses(lost, disagreements, len(labels), tolerance),
        *_lost_digits(lost_of, images_of, tolerance),
        *_no_chance(lost, p_value, tolerance),
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


def _score(answers: Answers, hits: NDArray[np.bool_]) -> Score:
    return Score(answers.model, answers.runtime, int(hits.sum()), float(hits.mean()))


def _largest_difference(both: tuple[Answers, Answers]) -> float | None:
    if not all(np.isfinite(answers.probabilities).all() for answers in both):
        return None
    return float(np.abs(both[0].probabilities - both[1].probabilities).max())


def _collapses(both: tuple[Answers, Answers], labels: NDArray[np.uint8]) -> tuple[str, ...]:
    # Images of one digit only may well get one answer.
    if len(np.unique(labels)) == 1:
        return ()
    found = ((answers.model, fault(answers.probabilities)) for answers in both)
    return tuple(f"{model} collapsed: {what}" for model, what in found if what)


def _excesses(lost: int, disagreements: int, images: int, tolerance: Tolerance) -> tuple[str, ...]:
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


def _lost_digits(lost: NDArray[Any], images: NDArray[Any], tolerance: Tolerance) -> tuple[str, ...]:
    """One reason for all digits that lost too much, shapes (10,)."""
    worse = np.flatnonzero(lost > tolerance.max_class_drop * images + _ROUNDING)
    if not len(worse):
        return ()
    each = ", ".join(f"{100 * lost[k] / images[k]:.4g} on the {k} ({lost[k]:.0f} of {images[k]})" for k in worse)
    return (f"accuracy on a single digit dropped by {each} points, more than {100 * tolerance.max_class_drop:.4g}",)


def _no_chance(lost: int, p_value: float, tolerance: Tolerance) -> tuple[str, ...]:
    if lost <= 0 or p_value >= tolerance.min_p:
        return ()
    return (f"the loss is more than chance (McNemar's p {p_value:.3g} is below {tolerance.min_p:g})",)
