"""How well filled forms are read: generated sheets of six kinds, photographed badly, with the truth known.

Run as `make forms`. They are written with the test split's digits and with seeds that nothing was chosen on.
"""

import time
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mnist_edge.benchmarks.harness.tool import Result, run_measurement, tool_parser
from mnist_edge.benchmarks.release.sheets import KINDS, fill, photograph
from mnist_edge.camera.forms import FormReader, load_form
from mnist_edge.camera.forms.values import EMPTY
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Split, load
from mnist_edge.progress import Progress

COUNT, SEED = 200, 1801
# Of the values that nobody looks at, the share that must be right.
PRECISION = 0.995
# What is to be reached: fields that are right without review at that precision, and fields that are right in all.
LEAST_SETTLED, LEAST_RIGHT = 0.90, 0.97
# What reading a page of a form may cost beside reading the same photograph without one; and the pages of each form on
# which that is measured, in turns.
MOST_COST, TIMED = 1.5, 20


@dataclass(slots=True)
class Score:
    """What became of the fields of some pages.

    Attributes:
        pages: How many were photographed.
        refused: How many of them were said not to fit; all their fields count as left to a person.
        fields: How many were written.
        read: For each field of the others its trust, whether its value is right, and whether it needed nobody.
        costs: For some pages, how much longer they take than the same photograph without a form, as a ratio.
    """

    pages: int = 0
    refused: int = 0
    fields: int = 0
    read: list[tuple[float, bool, bool]] = field(default_factory=list)
    costs: list[float] = field(default_factory=list)

    def joined(self, other: "Score") -> "Score":
        """Return the score of the pages of both."""
        counts = self.pages + other.pages, self.refused + other.refused, self.fields + other.fields
        return Score(*counts, self.read + other.read, self.costs + other.costs)

    def to_json(self) -> dict[str, Any]:
        """Return the figures: counts, and shares of all fields."""
        settled = [right for _, right, needs_nobody in self.read if needs_nobody]
        count = max(self.fields, 1)
        return {
            "pages": self.pages,
            "refused": self.refused,
            "fields": self.fields,
            "right": sum(right for _, right, _ in self.read) / count,
            "settled": len(settled) / count,
            "settled_wrong": settled.count(False),
            "right_at_precision": right_at_precision(self.read) / count,
            "cost": round(median(self.costs or [0.0]), 3),
        }


def right_at_precision(read: Sequence[tuple[float, bool, bool]]) -> int:
    """Return how many fields are right above the least trust above which `PRECISION` of them are.

    Values of the same trust are above it together.
    """
    best = right = 0
    ranked = sorted(read, key=lambda one: -one[0])
    for number, (trust, is_right, _) in enumerate(ranked, 1):
        right += is_right
        last_of_trust = number == len(ranked) or ranked[number][0] < trust
        if last_of_trust and right >= PRECISION * number:
            best = right
    return best


def read_kind(kind: str, reader: Reader, digits: Split, count: int, progress: Progress) -> Score:
    """Write, photograph and read so many pages of one kind."""
    draw, truth_of = KINDS[kind]
    sheet, score = draw(), Score()
    with TemporaryDirectory() as folder:
        form = load_form(sheet.save(Path(folder)))
    forms = FormReader(form, reader)
    for number in range(count):
        rng = np.random.default_rng([SEED, sorted(KINDS).index(kind), number])
        truth = truth_of(rng)
        photo = photograph(fill(sheet, truth, digits, rng), rng, turn=90 * (number % 4))
        began = time.perf_counter()
        page = forms.read(photo, f"{kind} {number}")
        if number < TIMED:
            with_form, began = time.perf_counter() - began, time.perf_counter()
            reader.read(photo, "the same")
            score.costs.append(with_form / (time.perf_counter() - began))
        score.pages, score.fields = score.pages + 1, score.fields + len(form.fields)
        score.refused += not page.fits
        for one, written in zip(page.fields, form.fields, strict=False):
            right = one.value == (truth[one.name] or written.empty or "")
            # How sure it is that nothing stands there is no trust where the form does not say what that means.
            trust = one.trust if one.value or one.outcome == EMPTY else 0.0
            score.read.append((trust, right, one.settled))
        progress(number + 1, count, kind)
    return score


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure; see `run_measurement`."""
    parser = tool_parser(__name__, __doc__)
    parser.add_argument("count", nargs="?", type=int, default=COUNT, help=f"pages of each form ({COUNT})")
    return run_measurement(parser, _measure, arguments)


def _measure(options: Namespace, progress: Progress) -> Result:
    reader, data, whole = Reader(), load(), Score()
    kinds = []
    for kind in KINDS:
        score = read_kind(kind, reader, data.test, options.count, progress)
        kinds.append({"form": kind, **score.to_json()})
        whole = whole.joined(score)
    total = whole.to_json()
    broken = []
    if total["right"] < LEAST_RIGHT:
        broken.append(f"{total['right']:.1%} of the fields are right, and {LEAST_RIGHT:.0%} should be")
    if total["right_at_precision"] < LEAST_SETTLED:
        broken.append(
            f"{total['right_at_precision']:.1%} of the fields are right without review at a precision of "
            f"{PRECISION:.1%}, and {LEAST_SETTLED:.0%} should be"
        )
    if total["cost"] > MOST_COST:
        broken.append(f"a page takes {total['cost']:.2f} times as long as without a form, more than {MOST_COST:g}")
    document = {"data": data.name, "model": reader.model, "precision": PRECISION, "kinds": kinds, "total": total}
    return Result(document, broken)
