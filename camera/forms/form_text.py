"""Write the file of a form, as a person would."""

import os
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_text
from mnist_edge.camera.forms.form import Form, parse_form
from mnist_edge.safe_text import to_json

# Of a field, in the order in which they are written.
KEYS = ("name", "box", "corners", "digits", "pattern", "min", "max", "check", "empty")


def write_form(file: Path, blank: Path, fields: list[dict[str, Any]], sums: list[dict[str, Any]]) -> Form:
    """Check a form as `load_form` does, and write its file.

    Args:
        file: The file; replaced where it is there.
        blank: The picture of the empty sheet.
        fields: The keys and values of each `[[field]]`.
        sums: The same of each `[[sum]]`.

    Raises:
        UsageError: Something in it is wrong; says where and what, and nothing is written.
        ImageError: The picture cannot be read.
        OSError: The file cannot be written.
    """
    # Both may be moved to another place together.
    picture = Path(os.path.relpath(blank.absolute(), file.absolute().parent)).as_posix()
    document: dict[str, Any] = {"form": 1, "blank": picture, "field": fields, "sum": sums}
    form = parse_form(document, file)
    lines = ["form = 1", f"blank = {_value(picture)}"]
    for kind in ("field", "sum"):
        for table in document[kind]:
            keys = sorted(table, key=lambda key: KEYS.index(key) if key in KEYS else len(KEYS))
            lines += ["", f"[[{kind}]]", *(f"{key} = {_value(table[key])}" for key in keys)]
    write_text(file, "\n".join(lines) + "\n")
    return form


def _value(value: Any) -> str:
    """Return a text, a number or a list of them as TOML, which has JSON's letters for them."""
    return to_json(value)
