"""How well photographs are read: found digits, right labels, and digits seen where there are none.

Run as `python -m mnist_edge.benchmarks.photos DIR [MODEL...]`: prints one JSON list, one object a model (`small`).
DIR holds pictures and `labels.json`, a list with one object a picture:

    {"file": "images/one.jpg", "digits": [{"label": 7, "box": [x, y, width, height], "ambiguous": false}, ...],
     "ignore": [[x, y, width, height], ...]}

A picture whose `digits` are empty is a negative. What a person could not tell (`ambiguous`) and what is read inside of
`ignore` counts neither for nor against.
"""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.camera.images import read_image
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import DataError, MnistEdgeError, UsageError
from mnist_edge.progress import Progress, no_progress
from mnist_edge.reading import Digit, Reading
from mnist_edge.shipped import DEFAULT

# A reading has found a digit where their boxes share so much of what both cover together.
MIN_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class PhotoScore:
    """Counts over all pictures, and what follows from them.

    Attributes:
        photos: Pictures with digits.
        negatives: Pictures without.
        digits: What is written in the photographs and counts.
        found: What was read there and counts.
        matched: Digits that were found.
        right: Those of them with the right label.
        false_on_negatives: Digits read where there are none.
    """

    photos: int
    negatives: int
    digits: int
    found: int
    matched: int
    right: int
    false_on_negatives: int

    @property
    def label_accuracy(self) -> float:
        """Share of right labels among the digits that were found, 0 to 1."""
        return self.right / max(self.matched, 1)

    @property
    def precision(self) -> float:
        """Share of what was read that is a digit, whatever its label."""
        return self.matched / max(self.found, 1)

    @property
    def recall(self) -> float:
        """Share of the digits that were found, whatever their label."""
        return self.matched / max(self.digits, 1)

    @property
    def f1(self) -> float:
        """Of right boxes with right labels."""
        return 2 * self.right / max(self.digits + self.found, 1)

    @property
    def false_per_negative(self) -> float:
        """Digits read in a picture without any, on average."""
        return self.false_on_negatives / max(self.negatives, 1)

    def to_json(self) -> dict[str, Any]:
        """Counts and shares, the latter to four decimals."""
        shares = ("label_accuracy", "f1", "precision", "recall", "false_per_negative")
        return asdict(self) | {name: round(getattr(self, name), 4) for name in shares}


def score_photos(labels: Iterable[Mapping[str, Any]], readings: Iterable[Reading]) -> PhotoScore:
    """Compare readings with labels.

    Args:
        labels: Rows of `labels.json`.
        readings: Joined to them by the last part of their source; where there is none, nothing was read.
    """
    by_name = {PurePath(reading.source).name: reading.digits for reading in readings}
    count = dict.fromkeys(PhotoScore.__slots__, 0)
    for row in labels:
        found = by_name.get(PurePath(row["file"]).name, ())
        if not row["digits"]:
            count["negatives"] += 1
            count["false_on_negatives"] += len(found)
            continue
        for name, number in _score_photo(row, found).items():
            count[name] += number
    return PhotoScore(**count)


def _score_photo(row: Mapping[str, Any], found: Sequence[Digit]) -> dict[str, int]:
    found = [one for one in found if not any(_centre_in(one.box, area) for area in row.get("ignore") or ())]
    truth = row["digits"]
    # Matched before they are left out: a reading of an ambiguous digit is no false one.
    pairs = match_boxes([one["box"] for one in truth], [one.box for one in found])
    counting = [(true, said) for true, said in pairs if not truth[true].get("ambiguous")]
    return {
        "photos": 1,
        "digits": sum(not one.get("ambiguous") for one in truth),
        "found": len(found) - (len(pairs) - len(counting)),
        "matched": len(counting),
        "right": sum(truth[true]["label"] == found[said].label for true, said in counting),
    }


def match_boxes(truth: Sequence[Sequence[float]], found: Sequence[Sequence[float]]) -> list[tuple[int, int]]:
    """Pairs of boxes that overlap by `MIN_OVERLAP`, best first, each box once.

    Args:
        truth: Boxes as x, y, width, height.
        found: Likewise.

    Returns:
        Indices into both.
    """
    overlap = overlaps(truth, found)
    pairs = []
    while overlap.size and overlap.max() >= MIN_OVERLAP:
        true, said = np.unravel_index(overlap.argmax(), overlap.shape)
        pairs.append((int(true), int(said)))
        overlap[true, :] = overlap[:, said] = 0
    return pairs


def overlaps(first: Sequence[Sequence[float]], second: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Intersection over union of each box of one list with each of another, shape (n, m), 0 to 1."""
    a, b = (np.asarray(boxes, np.float64).reshape(-1, 4) for boxes in (first, second))
    ends = np.minimum(*np.broadcast_arrays((a[:, :2] + a[:, 2:])[:, None], (b[:, :2] + b[:, 2:])[None]))
    starts = np.maximum(*np.broadcast_arrays(a[:, None, :2], b[None, :, :2]))
    shared = np.prod(np.maximum(ends - starts, 0), axis=2)
    areas = a[:, 2:].prod(axis=1)[:, None] + b[:, 2:].prod(axis=1)[None]
    return np.asarray(shared / np.maximum(areas - shared, np.finfo(np.float64).tiny))


def _centre_in(box: Sequence[float], area: Sequence[float]) -> bool:
    x, y = box[0] + box[2] / 2, box[1] + box[3] / 2
    return area[0] <= x <= area[0] + area[2] and area[1] <= y <= area[1] + area[3]


def read_labels(folder: Path) -> list[dict[str, Any]]:
    """The rows of a folder's `labels.json`.

    Raises:
        DataError: It is missing, or not what it should be.
    """
    path = folder / "labels.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        if all(isinstance(row["file"], str) and isinstance(row["digits"], list) for row in rows):
            return list(rows)
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); name a folder with pictures and labels.json"
        ) from None
    except (ValueError, KeyError, TypeError):
        pass
    raise DataError(f"{path} is no list of pictures, each with a file and its digits")


def measure_photos(folder: Path, reader: Reader, progress: Progress = no_progress) -> PhotoScore:
    """Read the pictures of a folder and compare with its `labels.json`.

    Args:
        folder: Holds both.
        reader: With the model and the least confidence to measure.
        progress: Told the number of pictures read.

    Raises:
        DataError: There are no labels.
        ImageError: A picture is missing or damaged.
    """
    labels, readings = read_labels(folder), []
    for row in labels:
        readings.append(reader.read(read_image(str(folder / row["file"])), row["file"]))
        progress(len(readings), len(labels), f"{reader.model}: {row['file']}")
    return score_photos(labels, readings)


def main(folder: str = "", *models: str) -> int:
    """Print the scores of each model; 0 if all could be measured."""
    from mnist_edge.cli.console import progress

    try:
        if not folder:
            raise UsageError("name a folder with pictures and labels.json")
        with progress("photographs") as report:
            scores = {name: measure_photos(Path(folder), Reader(name), report) for name in models or (DEFAULT,)}
    except MnistEdgeError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    print(json.dumps([{"model": name} | score.to_json() for name, score in scores.items()], indent=2))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
