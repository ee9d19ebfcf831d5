"""The labels of pictures: `labels.json`, which `benchmark --photos DIR` compares with what is read.

A list with one object a picture:

    {"file": "images/one.jpg", "digits": [{"label": 7, "box": [x, y, width, height], "ambiguous": false}, ...],
     "ignore": [[x, y, width, height], ...], "reading_order_text": ["7 42", ...], "tags": ["shadow", ...]}

`file`, from the folder of `labels.json`, and `digits` must be there; boxes are in pixels, tight around the ink. A
picture whose `digits` are empty is one without any. `docs/reading.md` describes the rest.
"""

import json
import os
from collections.abc import Iterable
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_edge.atomic_files import write_text
from mnist_edge.errors import DataError
from mnist_edge.reading import Reading

if TYPE_CHECKING:
    from mnist_edge.models.pages.pages import Page


def write_labels(path: Path, readings: Iterable[tuple[str, Reading]]) -> None:
    """Write what was read as labels, for a person to correct: a digit a line.

    Args:
        path: Such as `photos/labels.json`; written whole.
        readings: Readings, each with the path of its picture.
    """
    folder = os.path.realpath(path.parent)
    pictures = [_picture(os.path.relpath(os.path.realpath(file), folder), reading) for file, reading in readings]
    write_text(path, "[\n" + ",\n".join(pictures) + "\n]\n")


def _picture(file: str, reading: Reading) -> str:
    row = {"file": Path(file).as_posix(), "tags": [], "ignore": [], "reading_order_text": reading.text}
    digits = (json.dumps({"label": digit.label, "box": digit.box}) for digit in reading.digits)
    # Like `json.dumps(row)`, with the digits on lines of their own.
    return json.dumps(row)[:-1] + ', "digits": [' + ",".join(f"\n  {digit}" for digit in digits) + "]}"


def page_truth(page: "Page", name: str) -> dict[str, Any]:
    """Return what is written on a page as a row of `labels.json`."""
    return {
        "file": name,
        "digits": [{"label": digit.label, "box": list(digit.box)} for digit in page.digits],
        "reading_order_text": list(page.text),
        "tags": list(page.tags),
    }


def read_labels(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a folder's `labels.json`.

    Raises:
        DataError: It is missing, or not what it should be.
    """
    path = folder / "labels.json"
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path} cannot be read ({error.strerror}); name a folder with pictures and labels.json"
        ) from None
    # Beside ValueError, a thousand brackets end in RecursionError.
    except Exception:
        rows = None
    if not isinstance(rows, list) or not rows:
        raise DataError(f"{path} is no list of pictures, each with a file and its digits")
    for number, row in enumerate(rows, start=1):
        if not _is_row(row):
            raise DataError(
                f"{path}: picture {number} is not what it should be; it needs a file and digits, each with a label "
                "0 to 9 and a box [x, y, width, height]"
            )
    return rows


def _is_row(row: Any) -> bool:
    try:
        digits, areas, rows, tags = (row.get(k) or [] for k in ("digits", "ignore", "reading_order_text", "tags"))
        return (
            isinstance(row["file"], str)
            and isinstance(row["digits"], list)
            and all(isinstance(field, list) for field in (areas, rows, tags))
            and all(digit["label"] in range(10) and _is_box(digit["box"]) for digit in digits)
            and all(_is_box(area) for area in areas)
            and all(isinstance(text, str) for text in rows + tags)
        )
    except (KeyError, TypeError, AttributeError, OverflowError):
        return False


def _is_box(box: Any) -> bool:
    return len(box) == 4 and all(isinstance(side, int | float) and isfinite(side) for side in box) and min(box[2:]) > 0
