"""How well photographs are read: digits found, labels right, rows, and digits seen where there are none.

A folder holds pictures and `labels.json` (`photo_labels`). A digit that a person does not recognise (`ambiguous`) and
what is read inside of `ignore` count neither for nor against. A row of `reading_order_text` is right when one row of
the reading has the same digits, spaces aside; pictures with ambiguous digits count no rows.

`mnist-edge benchmark --photos DIR` shows it (`photo_report`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from mnist_edge.benchmarks.photo_labels import read_labels
from mnist_edge.camera.images import read_image
from mnist_edge.camera.reader import Reader
from mnist_edge.progress import Progress, no_progress
from mnist_edge.reading import Box, Reading

# A digit counts as found where the IoU with a box of the reading reaches this: boxes drawn by hand are never exact.
MIN_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one digit, written or only read.

    Attributes:
        box: Where it was read, or where it is written if it was missed.
        true: Its label; None where no digit is written.
        predicted: The label that was read; None where it was missed.
        counts: False for a digit that a person does not recognise or sees only in part.
    """

    box: Box
    true: int | None
    predicted: int | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class PictureScore:
    """How one picture was read.

    Attributes:
        file: Its name in `labels.json`.
        tags: What makes it hard.
        negative: Whether no digit is written in it.
        outcomes: One for each digit that is written, and for each other that was read.
        rows: Number of rows that count.
        rows_right: Number of rows that were read exactly.
        milliseconds: Time of the reader.
    """

    file: str
    tags: tuple[str, ...]
    negative: bool
    outcomes: tuple[Outcome, ...]
    rows: int
    rows_right: int
    milliseconds: float

    def counts(self) -> dict[str, int]:
        """Return the digits that are written, `found` by the reader, `matched` and `right`; and the errors."""
        counting = [outcome for outcome in self.outcomes if outcome.counts]
        digits = sum(outcome.true is not None for outcome in counting)
        found = sum(outcome.predicted is not None for outcome in counting)
        right = sum(outcome.true == outcome.predicted for outcome in counting)
        return {
            "errors": digits + found - 2 * right,
            "digits": digits,
            "found": found,
            "matched": digits + found - len(counting),
            "right": right,
        }

    @property
    def errors(self) -> int:
        """Digits missed and digits that are none; a wrong label is both."""
        return self.counts()["errors"]

    def to_json(self) -> dict[str, Any]:
        """Return the counts and the time."""
        rows = {"rows": self.rows, "rows_right": self.rows_right}
        return {"file": self.file} | self.counts() | rows | {"milliseconds": round(self.milliseconds, 3)}


@dataclass(frozen=True, slots=True)
class PhotoScore:
    """Counts over all pictures, and what follows from them; a share of nothing is 0.

    Attributes:
        photos: Pictures with digits.
        negatives: Pictures without digits.
        digits: Digits that are written in the photographs and count.
        found: Digits that were read there and count.
        matched: Written digits that were found.
        right: Written digits that were found with the right label.
        false_on_negatives: Digits that were read in the negatives.
        rows: Rows of digits in the photographs, where they are known.
        rows_right: Rows that were read exactly.
        median_ms: Median time of a picture, negatives included.
    """

    photos: int
    negatives: int
    digits: int
    found: int
    matched: int
    right: int
    false_on_negatives: int
    rows: int = 0
    rows_right: int = 0
    median_ms: float = 0.0

    @classmethod
    def of(cls, pictures: Sequence[PictureScore]) -> "PhotoScore":
        """Return the sum over pictures."""
        photos = [picture for picture in pictures if not picture.negative]
        total = sum((Counter(picture.counts()) for picture in photos), Counter())
        return cls(
            photos=len(photos),
            negatives=len(pictures) - len(photos),
            digits=total["digits"],
            found=total["found"],
            matched=total["matched"],
            right=total["right"],
            false_on_negatives=sum(picture.errors for picture in pictures if picture.negative),
            rows=sum(picture.rows for picture in photos),
            rows_right=sum(picture.rows_right for picture in photos),
            median_ms=round(median(picture.milliseconds for picture in pictures), 3) if pictures else 0.0,
        )

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
        """F1 score of boxes that are right and have the right label, 0 to 1."""
        return 2 * self.right / max(self.digits + self.found, 1)

    @property
    def rows_exact(self) -> float:
        """Share of the rows that were read exactly."""
        return self.rows_right / max(self.rows, 1)

    @property
    def false_per_negative(self) -> float:
        """Digits read in a picture without any, on average."""
        return self.false_on_negatives / max(self.negatives, 1)

    def to_json(self) -> dict[str, Any]:
        """Return counts and shares, the latter to four decimals."""
        shares = ("label_accuracy", "f1", "precision", "recall", "rows_exact", "false_per_negative")
        return asdict(self) | {name: round(getattr(self, name), 4) for name in shares}


def measure_photos(folder: Path, reader: Reader, progress: Progress = no_progress) -> PhotoScore:
    """Read the pictures of a folder and compare with its `labels.json`.

    Args:
        folder: Holds both.
        reader: The reader to measure.
        progress: Receives the number of pictures read.

    Raises:
        DataError: There are no labels.
        ImageError: A picture is missing or damaged.
    """
    return PhotoScore.of(read_pictures(folder, reader, progress))


def read_pictures(folder: Path, reader: Reader, progress: Progress = no_progress) -> list[PictureScore]:
    """Return the score of each picture; see `measure_photos`."""
    labels, scores = read_labels(folder), []
    for row in labels:
        reading = reader.read(read_image(str(folder / row["file"])), row["file"])
        scores.append(score_picture(row, reading))
        progress(len(scores), len(labels), f"{reader.model}: {row['file']}")
    return scores


def score_picture(row: Mapping[str, Any], reading: Reading) -> PictureScore:
    """Compare one reading with its row of `labels.json`."""
    rows = row.get("reading_order_text") or ()
    if not row["digits"] or any(digit.get("ambiguous") for digit in row["digits"]):
        rows = ()
    return PictureScore(
        file=row["file"],
        tags=tuple(row.get("tags") or ()),
        negative=not row["digits"],
        outcomes=tuple(_outcomes(row, reading)),
        rows=len(rows),
        rows_right=_rows_right(rows, reading.text),
        milliseconds=reading.milliseconds.get("total", 0.0),
    )


def _outcomes(row: Mapping[str, Any], reading: Reading) -> Iterable[Outcome]:
    truth, areas = row["digits"], [Box(*area) for area in row.get("ignore") or ()] if row["digits"] else ()
    ignored = [digit for digit in reading.digits if any(area.contains(*digit.box.centre) for area in areas)]
    found = [digit for digit in reading.digits if digit not in ignored]
    yield from (Outcome(digit.box, None, digit.label, counts=False) for digit in ignored)
    # Matched before they are left out: a reading of an ambiguous digit is no false positive.
    match = dict(match_boxes([Box(*digit["box"]) for digit in truth], [digit.box for digit in found]))
    for index, true in enumerate(truth):
        read = found[match[index]] if index in match else None
        box = read.box if read else Box(*(round(side) for side in true["box"]))
        yield Outcome(box, true["label"], read.label if read else None, counts=not true.get("ambiguous"))
    matched = set(match.values())
    yield from (Outcome(digit.box, None, digit.label) for index, digit in enumerate(found) if index not in matched)


def _rows_right(rows: Iterable[str], text: Iterable[str]) -> int:
    # Each row of the reading counts once.
    true, read = (Counter(row.replace(" ", "") for row in side) for side in (rows, text))
    return (true & read).total()


def match_boxes(truth: Sequence[Box], found: Sequence[Box]) -> list[tuple[int, int]]:
    """Return the indices of pairs with an IoU of `MIN_OVERLAP`, the highest first; each box is in one pair."""
    overlaps = ((true.iou(box), i, j) for i, true in enumerate(truth) for j, box in enumerate(found))
    matched: dict[int, int] = {}
    for _, i, j in sorted((pair for pair in overlaps if pair[0] >= MIN_OVERLAP), key=lambda pair: -pair[0]):
        if i not in matched and j not in matched.values():
            matched[i] = j
    return [*matched.items()]
