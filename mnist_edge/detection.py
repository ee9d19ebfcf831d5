"""Detections: what the outputs of a finder mean, and which of them are one and the same digit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Pixels of the input between two cells. The output has an eighth of the input's rows and columns: four cells a place.
STRIDE = 4
# Of each cell: a score, ten digits, and the box: its middle, from that of the cell, and the logarithms of its sides.
CHANNELS = 15
# Pixels of a box's side whose logarithm is 0.
UNIT = 16.0
# Input sizes must be multiples of this, pixels.
MULTIPLE = 32
# Boxes with a longer side within these are found at a scale, pixels; the next scale of a pyramid is half as large, so
# that each digit is found at one of them at least.
LOWEST, HIGHEST = 10.0, 25.0
# The shorter side of a box as a share of its longer one, below which its overlap with another says little.
SLENDER = 0.4
# Two detections are one digit where they overlap by this IoU, or where so much of the smaller lies in the other.
SAME = 0.45, 0.8
# Detections that are looked at for each that is kept: a digit has about five.
CELLS = 10


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Where digits may be.

    Attributes:
        boxes: Shape (n, 4), float32: x, y, width and height in pixels.
        scores: Shape (n,), float32: how sure the finder is that a digit is there, 0 to 1.
        labels: Shape (n, 10), float32: probabilities of the ten digits.
    """

    boxes: Floats
    scores: Floats
    labels: Floats

    def __len__(self) -> int:
        """How many there are."""
        return len(self.scores)

    @property
    def middles(self) -> Floats:
        """Of the boxes, shape (n, 2): x and y."""
        return np.asarray(self.boxes[:, :2] + self.boxes[:, 2:] / 2, np.float32)

    def take(self, indices: NDArray[np.intp]) -> "Detections":
        """Those at the indices, in their order."""
        return Detections(self.boxes[indices], self.scores[indices], self.labels[indices])

    def scaled(self, across: float, down: float) -> "Detections":
        """The same in a picture that is so many times as wide and as high."""
        return Detections(self.boxes * np.array([across, down, across, down], np.float32), self.scores, self.labels)

    def moved(self, right: float, down: float) -> "Detections":
        """The same, so many pixels further right and down."""
        return Detections(self.boxes + np.array([right, down, 0, 0], np.float32), self.scores, self.labels)

    @staticmethod
    def none() -> "Detections":
        """No detections."""
        return Detections(*(np.zeros(shape, np.float32) for shape in ((0, 4), 0, (0, 10))))

    @staticmethod
    def joined(several: "list[Detections]") -> "Detections":
        """All of several as one, in their order; `several` must not be empty."""
        return Detections(*(np.concatenate([getattr(one, name) for one in several]) for name in Detections.__slots__))


def decode(output: Floats, least_score: float) -> Detections:
    """The detections of all cells that score enough; a digit has several.

    Args:
        output: The finder's, shape (height / 8, width / 8, 4 * 15): logits and boxes of four cells a place.
        least_score: 0 to 1, both excluded.

    Returns:
        Boxes are in pixels of the input.
    """
    cells = output.reshape(-1, CHANNELS)
    index = np.flatnonzero(cells[:, 0] > np.log(least_score / (1 - least_score)))
    if not len(index):
        return Detections.none()
    found, place = cells[index], index // 4
    row, column = 2 * (place // output.shape[1]) + index // 2 % 2, 2 * (place % output.shape[1]) + index % 2
    middles = np.stack([column + 0.5 + found[:, 11], row + 0.5 + found[:, 12]], axis=1)
    # A box beyond 32 times the unit is none, and its exponential would overflow.
    sides = UNIT * np.exp(np.clip(found[:, 13:], -4, 3.5))
    boxes = np.concatenate([middles * STRIDE - sides / 2, sides], axis=1).astype(np.float32)
    labels = np.exp(found[:, 1:11] - found[:, 1:11].max(axis=1, keepdims=True))
    scores = 1 / (1 + np.exp(-found[:, 0]))
    return Detections(boxes, scores.astype(np.float32), labels / labels.sum(axis=1, keepdims=True))


def score_map(output: Floats) -> Floats:
    """The scores of all cells, 0 to 1: shape (height / 4, width / 4) for an output as `decode` takes it."""
    rows, columns, _ = output.shape
    logits = output.reshape(rows, columns, 2, 2, CHANNELS)[..., 0].transpose(0, 2, 1, 3)
    return np.asarray(1 / (1 + np.exp(-logits.reshape(2 * rows, 2 * columns))), np.float32)


def iou_matrix(some: Floats, others: Floats) -> Floats:
    """IoU of each of n boxes with each of m, shape (n, m), 0 to 1; boxes as `Detections` has them."""
    shared, areas, other_areas = _overlaps(some, others)
    return np.asarray(shared / np.maximum(areas + other_areas - shared, 1e-6), np.float32)


def are_same(some: Floats, others: Floats, limits: tuple[float, float]) -> NDArray[np.bool_]:
    """Whether each of n boxes is at the place of one of m others, as `suppress` has it: shape (n,)."""
    shared, areas, other_areas = _overlaps(some, others)
    most_iou, most_inside = limits
    same = shared * (1 + most_iou) > most_iou * (areas + other_areas)
    same |= shared > most_inside * np.minimum(areas, other_areas)
    return np.asarray(np.any(same, axis=1))


def broad(boxes: Floats) -> Floats:
    """The boxes, shape (n, 4), none narrower than `SLENDER`: a pixel more is a third of the width of a stroke."""
    sides = np.maximum(boxes[:, 2:], SLENDER * boxes[:, 2:].max(axis=1, keepdims=True))
    return np.asarray(np.concatenate([boxes[:, :2] - (sides - boxes[:, 2:]) / 2, sides], axis=1), np.float32)


def _overlaps(some: Floats, others: Floats) -> tuple[Floats, Floats, Floats]:
    """The areas that boxes share, shape (n, m), and their own: shapes (n, 1) and (m,)."""
    (left, top, wide, high), (x, y, width, height) = (boxes.reshape(-1, 4).T for boxes in (some, others))
    shared = np.minimum((left + wide)[:, None], x + width) - np.maximum(left[:, None], x)
    shared = np.maximum(shared, 0)
    shared *= np.maximum(np.minimum((top + high)[:, None], y + height) - np.maximum(top[:, None], y), 0)
    return shared, (wide * high)[:, None], width * height


def suppress(detections: Detections, most: int | None = None, limits: tuple[float, float] = SAME) -> NDArray[np.intp]:
    """Non-maximum suppression: the indices of those that no better one overlaps, best first.

    Args:
        detections: Of one picture.
        limits: As `SAME`.
        most: How many are kept at most; of ten times as many, the best, it looks at none but these.
    """
    most_iou, most_inside = limits
    limit = None if most is None else CELLS * most
    order = np.argsort(-detections.scores, kind="stable")[:limit]
    # A row each, since steps along rows take a third of the time.
    left, top, width, height = detections.boxes[order].T.copy()
    right, bottom, area = left + width, top + height, width * height
    alive, best = np.ones(len(order), bool), 0
    kept: list[int] = []
    while best < len(order) and len(kept) != most:
        kept.append(best)
        others = slice(best + 1, None)
        wide = np.minimum(right[others], right[best]) - np.maximum(left[others], left[best])
        high = np.minimum(bottom[others], bottom[best]) - np.maximum(top[others], top[best])
        overlap = np.maximum(wide, 0) * np.maximum(high, 0)
        alive[others] &= overlap * (1 + most_iou) <= most_iou * (area[others] + area[best])
        alive[others] &= overlap <= most_inside * np.minimum(area[others], area[best])
        left_over = np.flatnonzero(alive[others])
        best = best + 1 + int(left_over[0]) if len(left_over) else len(order)
    return order[np.array(kept, np.intp)]
