"""What `mnist-edge read` prints of a reading."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from mnist_edge.cli.console import note, print_json
from mnist_edge.safe_text import printable

if TYPE_CHECKING:
    from mnist_edge.reading import Digit, Reading

# Columns of `--csv`.
COLUMNS = (
    "source", "row", "label", "confidence", "x", "y", "width", "height", "runner_up", "runner_up_probability",
)  # fmt: skip
# Of other classes than the ten digits also these, and where there are videos those.
NAME_COLUMNS = ("name", "runner_up_name")
VIDEO_COLUMNS = ("seconds", "track")

Show = Callable[["Reading", dict[str, str]], None]


def choose_printer(shown: Mapping[str, bool], named: bool, videos: bool) -> Show:
    """Choose what prints a reading and the paths of its drawings; the head of CSV is printed at once.

    Args:
        shown: Whether `--json`, `--text` and `--csv` were given.
        named: Whether the classes are others than the ten digits.
        videos: Whether there are videos among the files.
    """
    from mnist_edge.reading import LIMITED

    def print_csv(reading: Reading) -> None:
        import csv

        rows = csv.writer(sys.stdout, lineterminator="\n")
        rows.writerows(_csv_row(reading, digit, named, videos) for digit in reading.digits)

    if shown["--csv"]:
        print(",".join((*COLUMNS, *(NAME_COLUMNS if named else ()), *(VIDEO_COLUMNS if videos else ()))))
    show = _print_text if shown["--text"] else print_csv if shown["--csv"] else _print_sentence

    def print_reading(reading: Reading, drawings: dict[str, str]) -> None:
        if shown["--json"]:
            print_json(reading.to_json() | drawings)
        else:
            show(reading)
            sys.stdout.flush()
            for path in drawings.values():
                note(f"wrote {path}")
        if reading.limited:
            note(f"note: {name_of(reading)} holds {LIMITED}")

    return print_reading


def name_of(reading: Reading) -> str:
    """Return the name of what was read: of a video with the time."""
    return reading.source if reading.seconds is None else f"{reading.source} at {reading.seconds:.2f} s"


def _csv_row(reading: Reading, digit: Digit, named: bool, videos: bool) -> list[Any]:
    second = digit.runner_up
    row = [printable(reading.source), digit.row, digit.label, f"{digit.confidence:.4f}", *digit.box]
    row += [second.label, f"{second.probability:.4f}"] if second else ["", ""]
    if named:
        row += [printable(digit.name or ""), printable(second.name or "") if second else ""]
    if videos:
        row += ["" if reading.seconds is None else f"{reading.seconds:.3f}", digit.track or ""]
    return row


def _print_text(reading: Reading) -> None:
    for row in reading.text:
        print(row)


def _print_sentence(reading: Reading) -> None:
    name, count = printable(name_of(reading)), len(reading.digits)
    kind = "digit" if all(digit.name is None for digit in reading.digits) else "symbol"
    print(f"{name}: {count} {kind}{'' if count == 1 else 's'}, {reading.milliseconds['total']:.0f} ms")
    for row in reading.text:
        print(f"  {row}")
