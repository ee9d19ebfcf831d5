"""Comparing two finders: whether they find the same digits on the same ink levels."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.detection import Detections, Floats, decode, iou_matrix, suppress
from mnist_edge.errors import CheckFailed

# What counts as a detection here, and how much two of them must overlap to be the same one (IoU).
LEAST_SCORE, LEAST_IOU = 0.3, 0.5


@dataclass(frozen=True, slots=True)
class FinderTolerance:
    """The limits within which a copy passes.

    Attributes:
        min_agreement: As in `FinderParity`.
        min_iou: Likewise.
    """

    min_agreement: float
    min_iou: float


@dataclass(frozen=True, slots=True)
class FinderParity:
    """How a copy of a finder compares with its source on the same ink levels. All shares are 0 to 1.

    Attributes:
        levels: How many both were shown.
        detections: Digits that the source finds, with a score of `LEAST_SCORE` or more.
        agreement: Dice coefficient of the two sets of detections: twice those that both find, a share of all that
            either finds. 1 where neither finds any.
        iou: Mean overlap of those that both find; 1 where there are none.
        same_digit: Share of them with the same digit; 1 where there are none.
        failures: Every reason why the copy does not pass.
    """

    levels: int
    detections: int
    agreement: float
    iou: float
    same_digit: float
    failures: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """All figures."""
        return asdict(self)

    def raise_if_failed(self, advice: str = "") -> None:
        """Raise `CheckFailed` with all reasons and the advice, if there are any."""
        if self.failures:
            raise CheckFailed("; ".join((*self.failures, *filter(None, [advice]))))


def compare_finders(source: Iterable[Floats], copy: Iterable[Floats], tolerance: FinderTolerance) -> FinderParity:
    """Compare outputs, shapes (rows, columns, 60), of a finder and its copy for the same ink levels, in their order."""
    levels, sources, copies, same = 0, 0, 0, 0
    overlaps: list[float] = []
    for both in zip(source, copy, strict=True):
        first, second = map(_found, both)
        pairs, ious = matched(first, second)
        levels, sources, copies = levels + 1, sources + len(first), copies + len(second)
        overlaps.extend(ious)
        labels = first.labels[pairs[:, 0]].argmax(axis=1), second.labels[pairs[:, 1]].argmax(axis=1)
        same += int((labels[0] == labels[1]).sum())
    agreement = 2 * len(overlaps) / (sources + copies) if sources + copies else 1.0
    iou, same_digit = (float(np.mean(overlaps)), same / len(overlaps)) if overlaps else (1.0, 1.0)
    limits = (
        (agreement, tolerance.min_agreement, "of the digits that either finds both find {:.2%}, less than {:.2%}"),
        (iou, tolerance.min_iou, "their boxes overlap by {:.3f}, less than {:.3f}"),
    )
    failures = tuple(text.format(found, least) for found, least, text in limits if found < least)
    return FinderParity(levels, sources, agreement, iou, same_digit, failures)


def _found(output: Floats) -> Detections:
    detections = decode(output, LEAST_SCORE)
    return detections.take(suppress(detections))


def matched(first: Detections, second: Detections) -> tuple[NDArray[np.intp], list[float]]:
    """Pair detections that overlap enough, those that overlap most first, each in one pair at most.

    Returns:
        Indices into both, shape (n, 2), and the overlap (IoU) of each pair.
    """
    iou = iou_matrix(first.boxes, second.boxes)
    candidates = np.argwhere(iou >= LEAST_IOU)
    candidates = candidates[np.argsort(-iou[candidates[:, 0], candidates[:, 1]], kind="stable")]
    free = np.ones(len(first), np.bool_), np.ones(len(second), np.bool_)
    pairs, ious = [], []
    for row, column in candidates.tolist():
        if free[0][row] and free[1][column]:
            free[0][row] = free[1][column] = False
            pairs.append((row, column))
            ious.append(float(iou[row, column]))
    return np.array(pairs, np.intp).reshape(-1, 2), ious
