"""Results as a Parquet file, which is written when all is read; until then its rows are lines beside it."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from mnist_edge.atomic_files import write_atomically
from mnist_edge.camera.archive.results import LAST, Results, Sources, as_text, digest, existing, open_results
from mnist_edge.errors import OutputError
from mnist_edge.optional_packages import require

SUFFIX = ".parquet"
# Rows that are in memory at a time: some 10 MB of pages with many digits.
GROUP_ROWS = 2000


def journal_of(path: Path) -> Path:
    """Return the file of lines that gathers the rows of a Parquet file: `results.parquet.jsonl`."""
    return path.with_name(f"{path.name}.jsonl")


@contextmanager
def open_parquet(path: Path, resume: bool = False, force: bool = False) -> Iterator[Results]:
    """Gather the rows of a Parquet file while the block runs, as `open_results` does, and write it at the end.

    Raises:
        PackageMissing: pyarrow is not installed.
        OutputError: As for `open_results`; or what is there is no Parquet file of results.
        OSError: It cannot be written. The rows stay, and `resume` goes on with them.
    """
    # Not only when all is read.
    _packages()
    if os.path.lexists(path) and not resume and not force:
        raise existing(path)
    with open_results(journal_of(path), resume, force) as results:
        earlier = Sources()
        # Else a run that is broken off would go on with what it was to replace.
        results.replaces = path if force else None
        if path.exists() and not force:
            earlier, model = _load(path)
            results.done, results.model = results.done.joined(earlier), results.model or model
        yield results
        write_atomically(path, lambda temporary: _write(temporary, path if len(earlier) else None, results, earlier))
        # An empty file is taken away.
        results.clear()


def _load(path: Path) -> tuple[Sources, str | None]:
    """Read which paths a Parquet file has rows of, and the model that read them."""
    pyarrow, parquet = _packages()
    digests, model = bytearray(), None
    try:
        with parquet.ParquetFile(path) as file:
            if file.schema_arrow != _schema(pyarrow):
                raise OutputError(f"{path} has other columns than results; name another file, or replace it by --force")
            for batch in file.iter_batches(GROUP_ROWS, columns=["source", "model"]):
                for row in batch.to_pylist():
                    digests += digest(row["source"])
                    model = model or row["model"]
    except (pyarrow.ArrowException, OSError) as error:
        # Of damage there is no error of the system.
        if getattr(error, "errno", None):
            raise
        reason = str(error).partition("\n")[0]
        raise OutputError(f"{path} is no Parquet file ({reason}); name another, or replace it by --force") from None
    return Sources(bytes(digests)), model


def _write(temporary: Path, before: Path | None, results: Results, earlier: Sources) -> None:
    """Write the rows of the earlier file, if there is one, and those of the lines."""
    pyarrow, parquet = _packages()
    schema = _schema(pyarrow)
    with parquet.ParquetWriter(temporary, schema, compression="zstd") as writer:
        if before:
            with parquet.ParquetFile(before) as file:
                for batch in file.iter_batches(GROUP_ROWS):
                    writer.write_batch(batch)
        with results.path.open("rb") as lines:
            rows = (json.loads(line) for line in lines)
            # A run may have been killed when the file was written and the lines were still there.
            fresh = (_textual(row) for row in rows if row["source"] not in earlier)
            while group := list(islice(fresh, GROUP_ROWS)):
                writer.write_batch(pyarrow.RecordBatch.from_pylist(group, schema=schema))


def _packages() -> tuple[Any, Any]:
    return require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")


def _textual(row: dict[str, Any]) -> dict[str, Any]:
    r"""Write the bytes of a name that is not UTF-8, which Parquet cannot hold, as `\xe9`; `digest` does so too."""
    error = row.get("error")
    told = error and error.encode("utf-8", "backslashreplace").decode()
    return {**row, "source": as_text(row["source"]), "error": told}


def _schema(pyarrow: Any) -> Any:
    """The columns: those of the document of `Reading.to_json`, and the error of what cannot be read."""
    text, small, number, real = pyarrow.string(), pyarrow.int8(), pyarrow.int32(), pyarrow.float64()
    box = pyarrow.list_(number, 4)
    guess = pyarrow.struct({"label": small, "probability": real, "name": text})
    digit = {
        "label": small,
        "confidence": real,
        "box": box,
        "row": number,
        "runner_up": guess,
        "name": text,
        "track": number,
    }
    rejected = {"box": box, "reason": text, "label": small, "name": text} | dict.fromkeys(
        ("confidence", "score", "probability"), real
    )
    return pyarrow.schema(
        {
            "source": text,
            "error": text,
            "width": number,
            "height": number,
            "model": text,
            "runtime": text,
            "text": pyarrow.list_(text),
            "digits": pyarrow.list_(pyarrow.struct(digit)),
            "rejected": pyarrow.list_(pyarrow.struct(rejected)),
            "milliseconds": pyarrow.map_(text, real),
            "limited": pyarrow.bool_(),
            "seconds": real,
            LAST: pyarrow.bool_(),
        }
    )
