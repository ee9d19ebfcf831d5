"""How well photographs are read: digits found, labels right, rows, and digits seen where there are none.

A folder holds pictures and `labels.json` (`photo_labels`). What a person could not tell (`ambiguous`) and what is read
inside of `ignore` counts neither for nor against. A row of `reading_order_text` is read when one row of the reading
says the same, spaces aside; pictures with ambiguous digits count no rows.

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

# A reading has found a digit where their boxes share so much of what both cover together.
MIN_OVERLAP = 0.4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one digit, written or only read.

    Attributes:
        box: Where it was read, or where it is written if it was missed.
        true: Its label; None where no digit is written.
        said: The label that was read; None where it was missed.
        counts: False for what a person could not tell or sees only in part.
    """

    box: Box
    true: int | None
    said: int | None
    counts: bool = True


@dataclass(frozen=True, slots=True)
class PictureScore:
    """How one picture was read.

    Attributes:
        file: Its name in `labels.json`.
        tags: What makes it hard.
        negative: Whether no digit is written in it.
        outcomes: One for each digit that is written, and for each other that was read.
        rows: How many rows count.
        rows_right: Those that were read exactly.
        milliseconds: How long the reader took.
    """

    file: str
    tags: tuple[str, ...]
    negative: bool
    outcomes: tuple[Outcome, ...]
    rows: int
    rows_right: int
    milliseconds: float

    def counts(self) -> dict[str, int]:
        """Digits that are written, `found` by the reader, `matched` with each other and `right`; and the errors."""
        counting = [one for one in self.outcomes if one.counts]
        digits = sum(one.true is not None for one in counting)
        found = sum(one.said is not None for one in counting)
        right = sum(one.true == one.said for one in counting)
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
        """The counts and the time."""
        rows = {"rows": self.rows, "rows_right": self.rows_right}
        return {"file": self.file} | self.counts() | rows | {"milliseconds": round(self.milliseconds, 3)}


@dataclass(frozen=True, slots=True)
class PhotoScore:
    """Counts over all pictures, and what follows from them; a share of nothing is 0.

    Attributes:
        photos: Pictures with digits.
        negatives: Pictures without.
        digits: What is written in the photographs and counts.
        found: What was read there and counts.
        matched: Digits that were found.
        right: Those of them with the right label.
        false_on_negatives: Digits read where there are none.
        rows: Rows of digits in the photographs, where they are known.
        rows_right: Those that were read exactly.
        median_ms: How long half of the pictures took at most, negatives included.
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
        """The sum of pictures."""
        photos = [one for one in pictures if not one.negative]
        counts = [one.counts() for one in photos]
        return cls(
            photos=len(photos),
            negatives=len(pictures) - len(photos),
            digits=sum(one["digits"] for one in counts),
            found=sum(one["found"] for one in counts),
            matched=sum(one["matched"] for one in counts),
            right=sum(one["right"] for one in counts),
            false_on_negatives=sum(one.errors for one in pictures if one.negative),
            rows=sum(one.rows for one in photos),
            rows_right=sum(one.rows_right for one in photos),
            median_ms=round(median(one.milliseconds for one in pictures), 3) if pictures else 0.0,
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
        """Of right boxes with right labels."""
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
        """Counts and shares, the latter to four decimals."""
        shares = ("label_accuracy", "f1", "precision", "recall", "rows_exact", "false_per_negative")
        return asdict(self) | {name: round(getattr(self, name), 4) for name in shares}


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
    return PhotoScore.of(read_pictures(folder, reader, progress))


def read_pictures(folder: Path, reader: Reader, progress: Progress = no_progress) -> list[PictureScore]:
    """As `measure_photos`, picture by picture."""
    labels, scores = read_labels(folder), []
    for row in labels:
        reading = reader.read(read_image(str(folder / row["file"])), row["file"])
        scores.append(score_picture(row, reading))
        progress(len(scores), len(labels), f"{reader.model}: {row['file']}")
    return scores


def score_photos(labels: Iterable[Mapping[str, Any]], readings: Iterable[Reading]) -> PhotoScore:
    """Compare readings with labels.

    Args:
        labels: Rows of `labels.json`.
        readings: One for each of them, in the same order.
    """
    return PhotoScore.of([score_picture(*pair) for pair in zip(labels, readings, strict=True)])


def score_picture(row: Mapping[str, Any], reading: Reading) -> PictureScore:
    """Compare one reading with its row of `labels.json`."""
    rows = row.get("reading_order_text") or ()
    if not row["digits"] or any(one.get("ambiguous") for one in row["digits"]):
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
    ignored = [one for one in reading.digits if any(area.contains(*one.box.centre) for area in areas)]
    found = [one for one in reading.digits if one not in ignored]
    yield from (Outcome(one.box, None, one.label, counts=False) for one in ignored)
    # Matched before they are left out: a reading of an ambiguous digit is no false one.
    match = dict(match_boxes([Box(*one["box"]) for one in truth], [one.box for one in found]))
    for index, true in enumerate(truth):
        said = found[match[index]] if index in match else None
        box = said.box if said else Box(*(round(side) for side in true["box"]))
        yield Outcome(box, true["label"], said.label if said else None, counts=not true.get("ambiguous"))
    matched = set(match.values())
    yield from (Outcome(one.box, None, one.label) for index, one in enumerate(found) if index not in matched)


def _rows_right(rows: Iterable[str], text: Iterable[str]) -> int:
    # Each row of the reading serves once.
    true, said = (Counter(row.replace(" ", "") for row in side) for side in (rows, text))
    return (true & said).total()


def match_boxes(truth: Sequence[Box], found: Sequence[Box]) -> list[tuple[int, int]]:
    """Pairs of boxes that overlap by `MIN_OVERLAP`, best first, each box once: their indices in both lists."""
    overlaps = ((true.iou(said), i, j) for i, true in enumerate(truth) for j, said in enumerate(found))
    matched: dict[int, int] = {}
    for _, i, j in sorted((one for one in overlaps if one[0] >= MIN_OVERLAP), key=lambda one: -one[0]):
        if i not in matched and j not in matched.values():
            matched[i] = j
    return [*matched.items()]
