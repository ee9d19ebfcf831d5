"""Make a table of a file of pages: one row a page, one column a field, with what people said in its place."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import refuse_overwrite, write_atomically, write_text
from mnist_edge.camera.forms.page_file import PageFile
from mnist_edge.errors import UsageError
from mnist_edge.optional_packages import require
from mnist_edge.safe_text import printable, to_json

SUFFIXES = (".csv", ".jsonl", ".parquet")
DOES_NOT_FIT = "does not fit"


def write_table(pages: PageFile, path: Path, force: bool = False) -> int:
    """Write the table as CSV, JSON Lines or Parquet, by the suffix; returns how many rows it has.

    Raises:
        UsageError: The suffix is another.
        OutputError: The file exists already.
        PackageMissing: pyarrow is not installed.
        OSError: It cannot be written.
    """
    if path.suffix not in SUFFIXES:
        raise UsageError(f"tables are CSV, JSON Lines or Parquet; let {path} end in {', '.join(SUFFIXES)}")
    refuse_overwrite(path, force)
    rows = list(table_rows(pages))
    if path.suffix == ".parquet":
        pyarrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
        schema = pyarrow.schema({name: pyarrow.string() for name in columns(pages)})
        table = pyarrow.Table.from_pylist(rows, schema=schema)
        write_atomically(path, lambda temporary: parquet.write_table(table, temporary, compression="zstd"))
    elif path.suffix == ".jsonl":
        write_text(path, "".join(to_json(row) + "\n" for row in rows))
    else:
        write_text(path, as_csv(pages))
    return len(rows)


def columns(pages: PageFile) -> list[str]:
    """Return the names of the columns."""
    return ["source", "outcome", "review", *(field.name for field in pages.fields)]


def table_rows(pages: PageFile) -> Iterator[dict[str, Any]]:
    """Yield the rows in the order in which pages were read; a value that a person must still look at is None."""
    names = [field.name for field in pages.fields]
    values: dict[int, dict[str, str | None]] = {}
    for page, name, value in pages.database.execute("SELECT page, field, value FROM answers"):
        values.setdefault(page, {})[name] = value
    for page, source, fits, picture_error in pages.database.execute(
        "SELECT pages.number, source, fits, NULL FROM pages WHERE better IS NULL UNION ALL "
        "SELECT NULL, source, 0, error FROM pictures WHERE error IS NOT NULL"
    ):
        found = values.get(page, {})
        left = "; ".join(name for name in names if name in found and found[name] is None)
        outcome = "cannot be read" if picture_error else "read" if fits else DOES_NOT_FIT
        yield {"source": source, "outcome": outcome, "review": left, **{name: found.get(name) for name in names}}


def as_csv(pages: PageFile) -> str:
    """Return the table as CSV."""
    text = io.StringIO()
    # Rows of free digits keep their lines; a cell of CSV may have some.
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(map(printable, columns(pages)))
    for row in table_rows(pages):
        rows.writerow("\n".join(map(printable, (cell or "").split("\n"))) for cell in row.values())
    return text.getvalue()
