"""How engines read the same pictures: how much was right, how long it took beside ours, and whether we are ahead."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from statistics import median
from typing import Any

import numpy as np

from mnist_edge.benchmarks.photos import PhotoScore, score_picture
from mnist_edge.benchmarks.suite.picture_engines import OURS, PICTURE_ENGINES, RAPID
from mnist_edge.benchmarks.suite.ratios import Ratio, ratio
from mnist_edge.benchmarks.suite.text_boxes import as_reading
from mnist_edge.reading import Box, Digit, Reading

# What reading a picture is to reach: so many times as fast as RapidOCR, at a higher F1 and a lower digit error rate.
TIMES_FASTER = 10


@dataclass(frozen=True, slots=True)
class PictureRow:
    """One engine's figures on one set of pictures.

    Attributes:
        kind: The set.
        engine: Its name.
        version: Its version.
        score: What was right, as `make pages` and `make photos` count it.
        digit_error_rate: Digits to insert, delete or replace so that what was read, row after row, is what is written,
            as a share of what is written; pictures with a digit that a person does not recognise left out.
        cpu_ms: Time of the processor for a picture, median, those of its child processes included.
        ms: Time until the digits are there, median.
        to_ours: `cpu_ms` of a picture beside that of `mnist-edge`; None of that.
        failures: Pictures that it failed on, which count as read with no digit.
    """

    kind: str
    engine: str
    version: str
    score: PhotoScore
    digit_error_rate: float
    cpu_ms: float
    ms: float
    to_ours: Ratio | None
    failures: int

    def to_json(self) -> dict[str, Any]:
        """Convert to plain JSON types."""
        times = self.to_ours.to_json() if self.to_ours else None
        return asdict(self) | {"score": self.score.to_json(), "to_ours": times}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "PictureRow":
        """Convert back."""
        counts = {one.name: document["score"][one.name] for one in fields(PhotoScore)}
        times = document["to_ours"]
        return cls(**{**document, "score": PhotoScore(**counts), "to_ours": Ratio(**times) if times else None})


@dataclass(frozen=True, slots=True)
class PictureResults:
    """How engines read pictures.

    Attributes:
        rows: One an engine and set.
        absent: Why others have none: what, and the reason.
        data: Name of the data set whose digits are on the generated pages.
        environment: Machine, versions and settings.
    """

    rows: tuple[PictureRow, ...]
    absent: tuple[tuple[str, str], ...]
    data: str
    environment: dict[str, Any]

    @property
    def kinds(self) -> tuple[str, ...]:
        """The sets of pictures."""
        return tuple(dict.fromkeys(row.kind for row in self.rows))

    def of(self, kind: str) -> list[PictureRow]:
        """Return the rows of a set, highest F1 first."""
        return sorted((row for row in self.rows if row.kind == kind), key=lambda row: -row.score.f1)

    def to_json(self) -> dict[str, Any]:
        """Convert to plain JSON types."""
        return {
            "environment": self.environment,
            "data": self.data,
            "rows": [row.to_json() for row in self.rows],
            "absent": [{"what": what, "why": why} for what, why in self.absent],
            "bounds": self.bounds(),
        }

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> "PictureResults":
        """Convert back."""
        return cls(
            rows=tuple(map(PictureRow.from_json, document["rows"])),
            absent=tuple((row["what"], row["why"]) for row in document["absent"]),
            data=document["data"],
            environment=document["environment"],
        )

    def bounds(self) -> list[str]:
        """Return a sentence for each set and each way of RapidOCR: whether what is to be reached is."""
        said = []
        for kind in self.kinds:
            rows = {row.engine: row for row in self.of(kind)}
            ours = rows.get(OURS)
            said += [_bound(ours, row) for name, row in rows.items() if ours and name.startswith(RAPID)]
        return said


def _bound(ours: PictureRow, other: PictureRow) -> str:
    times = other.to_ours
    assert times, "only ours has none"
    holds = (
        times.low >= TIMES_FASTER and ours.score.f1 > other.score.f1 and ours.digit_error_rate < other.digit_error_rate
    )
    return (
        f"{other.kind}, beside {other.engine} {other.version}: {'holds' if holds else 'does not hold'} "
        f"({times} times as fast, F1 {ours.score.f1:.3f} to {other.score.f1:.3f}, digit error rate "
        f"{ours.digit_error_rate:.3f} to {other.digit_error_rate:.3f})"
    )


def summarise_pictures(
    read: Sequence[Mapping[str, Any]], versions: Mapping[str, str | None], data: str, environment: dict[str, Any]
) -> PictureResults:
    """Score what was read.

    Args:
        read: The rows of a journal.
        versions: Of each engine; None of one that is absent.
        data: Name of the data set.
        environment: Machine, versions and settings.
    """
    kinds = dict.fromkeys(row["kind"] for row in read)
    rows = [
        _row(kind, engine, version, [one for one in read if one["kind"] == kind])
        for kind in kinds
        for engine, version in versions.items()
        if version and any("error" not in one["answers"][engine] for one in read if one["kind"] == kind)
    ]
    absent = {name: _why(name, read) for name in versions if all(row.engine != name for row in rows)}
    return PictureResults(tuple(rows), tuple(absent.items()), data, environment)


def _why(name: str, read: Sequence[Mapping[str, Any]]) -> str:
    errors = [one["answers"][name]["error"] for one in read if "error" in one["answers"].get(name, {})]
    return errors[0] if errors else f"not installed; {PICTURE_ENGINES[name].source}"


def _row(kind: str, engine: str, version: str, read: Sequence[Mapping[str, Any]]) -> PictureRow:
    answers = [one["answers"][engine] for one in read]
    done = [place for place, answer in enumerate(answers) if "error" not in answer]
    readings = [_reading(one, answer) for one, answer in zip(read, answers, strict=True)]
    ours = [one["answers"].get(OURS, {"error": ""}) for one in read]
    both = [place for place in done if engine != OURS and "error" not in ours[place]]
    times, our_times = ([of[place]["cpu_ms"] for place in both] for of in (answers, ours))
    return PictureRow(
        kind=kind,
        engine=engine,
        version=version,
        score=PhotoScore.of([score_picture(one["truth"], got) for one, got in zip(read, readings, strict=True)]),
        digit_error_rate=digit_error_rate([one["truth"] for one in read], readings),
        cpu_ms=round(median(answers[place]["cpu_ms"] for place in done), 2),
        ms=round(median(answers[place]["ms"] for place in done), 2),
        to_ours=ratio(times, our_times) if both else None,
        failures=len(answers) - len(done),
    )


def _reading(one: Mapping[str, Any], answer: Mapping[str, Any]) -> Reading:
    digits = [Digit(label, 1.0, Box(*box), 0) for label, *box in answer.get("digits", ())]
    return as_reading(digits, one["width"], one["height"], one["name"], answer.get("ms", 0.0))


def digit_error_rate(truths: Sequence[Mapping[str, Any]], readings: Sequence[Reading]) -> float:
    """Return the edits from what was read to what is written, to the digits that are written; see `PictureRow`."""
    edits = digits = 0
    for truth, reading in zip(truths, readings, strict=True):
        rows = truth.get("reading_order_text") or ()
        written, read = ("".join(part).replace(" ", "") for part in (rows, reading.text))
        if written and not any(digit.get("ambiguous") for digit in truth["digits"]):
            digits += len(written)
            edits += edit_distance(read, written)
    return round(edits / max(digits, 1), 4)


def edit_distance(one: str, other: str) -> int:
    """Return the fewest insertions, deletions and replacements of a character between two texts (Levenshtein)."""
    places = np.arange(len(other) + 1)
    symbols = np.array(list(other))
    costs = places.copy()
    for removed, symbol in enumerate(one, start=1):
        replaced = costs[:-1] + (symbols != symbol)
        best = np.concatenate([[removed], np.minimum(costs[1:] + 1, replaced)])
        # An insertion follows any place before it, at a cost of one each.
        costs = np.minimum.accumulate(best - places) + places
    return int(costs[-1])
