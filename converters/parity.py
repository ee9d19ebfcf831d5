"""The figures of a comparison and the judgement of them."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.converters.mcnemar import mcnemar_exact
from mnist_edge.converters.outputs import fault
from mnist_edge.errors import CheckFailed

# Tolerances are compared in images, where a float's rounding is far below one.
_ROUNDING = 1e-6


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What still passes.

    Attributes:
        max_drop: Largest loss of accuracy, a share of 1: 0.001 is 0.10 points.
        min_agreement: Lowest share of equal top-1 digits, 0 to 1.
    """

    max_drop: float
    min_agreement: float


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

    def raise_if_failed(self) -> None:
        """Raise `CheckFailed` with every reason where the candidate did not pass."""
        if not self.passed:
            reasons = "; ".join(self.failures)
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
    failures = (*_collapses(both, labels), *_excesses(lost, disagreements, len(labels), tolerance))
    return ParityReport(
        passed=not failures,
        images=len(labels),
        reference=scores[0],
        candidate=scores[1],
        accuracy_drop=lost / len(labels),
        agreement=1 - disagreements / len(labels),
        disagreements=disagreements,
        p_value=mcnemar_exact(int((right[0] & ~right[1]).sum()), int((right[1] & ~right[0]).sum())),
        max_abs_difference=_largest_difference(both),
        per_class_drop=tuple(_share(right[0], labels == k) - _share(right[1], labels == k) for k in range(10)),
        tolerance=tolerance,
        failures=failures,
    )


def _score(answers: Answers, hits: NDArray[np.bool_]) -> Score:
    return Score(answers.model, answers.runtime, int(hits.sum()), float(hits.mean()))


def _share(hits: NDArray[np.bool_], among: NDArray[np.bool_]) -> float:
    return float(hits[among].mean()) if among.any() else 0.0


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
