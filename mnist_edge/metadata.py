"""Read and write the metadata of a `.tflite`: a small zip appended to the flatbuffer.

Runtimes ignore what follows the flatbuffer; `unzip -p MODEL metadata.json` and the standard library read it. The zip's
comment, at the very end of the file, is the SHA-256 of all bytes before it, so that damage anywhere is noticed.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any, TypeGuard

from mnist_edge.calibration import HIGHEST, LOWEST
from mnist_edge.classes import DIGITS, classes_of
from mnist_edge.errors import ModelError
from mnist_edge.refusal import score_name
from mnist_edge.safe_text import quoted
from mnist_edge.sha256 import sha256
from mnist_edge.untrusted import errors_as, read_member

DOCUMENT = "metadata.json"
# Ours has up to 10,000 bytes, most of them golden vectors.
MAX_DOCUMENT_BYTES = 1 << 20
# The earliest date a zip can hold: the same model gives the same bytes on any day.
_DATE = (1980, 1, 1, 0, 0, 0)
CHECKSUM_BYTES = len("sha256:") + 64


def append_metadata(model: bytes, metadata: dict[str, Any]) -> bytes:
    """Append `metadata.json`, `labels.txt` and a checksum to a model, a flatbuffer without metadata.

    `metadata` holds JSON-serialisable facts: name, precision, labels, input scaling, accuracy, calibration and so on.
    """
    labels = "\n".join(metadata.get("labels", DIGITS)) + "\n"
    buffer = io.BytesIO(model)
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in ((DOCUMENT, json.dumps(metadata, sort_keys=True)), ("labels.txt", labels)):
            archive.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED, 9)
        archive.comment = bytes(CHECKSUM_BYTES)
    return with_checksum(buffer.getvalue())


def with_checksum(model: bytes) -> bytes:
    """Write the checksum of all before it into the file's last `CHECKSUM_BYTES`, the comment of its zip."""
    return model[:-CHECKSUM_BYTES] + _checksum(model[:-CHECKSUM_BYTES])


def carries_checksum(model: bytes) -> bool:
    """Return whether a file ends with a checksum, which `metadata_of` verifies."""
    return DOCUMENT.encode() in model and model[-CHECKSUM_BYTES:].startswith(b"sha256:")


def _checksum(content: bytes) -> bytes:
    return b"sha256:" + sha256(content).encode()


def read_metadata(path: Path) -> dict[str, Any]:
    """Read the metadata of a `.tflite` file; empty where it has none, as a folder. Raises as `metadata_of`."""
    return {} if path.is_dir() else metadata_of(path.read_bytes(), path.name)


def metadata_of(model: bytes, name: str) -> dict[str, Any]:
    """Read the metadata at the end of a `.tflite`; empty where it has none.

    Args:
        model: Content of the whole file.
        name: Of the file, for the message.

    Raises:
        ModelError: The checksum does not match, or the metadata cannot be read.
    """
    # A truncated or damaged zip may not be recognised as one, but still holds the name.
    if DOCUMENT.encode() not in model:
        return {}
    with errors_as(ModelError, name, "copy or export it again"), zipfile.ZipFile(io.BytesIO(model)) as archive:
        # Early exports of mnist-edge have no checksum.
        if archive.comment and archive.comment != _checksum(model[:-CHECKSUM_BYTES]):
            raise ValueError("its checksum does not match")
        found = json.loads(read_member(archive, DOCUMENT, MAX_DOCUMENT_BYTES))
        if not isinstance(found, dict):
            raise ValueError(f"{DOCUMENT} holds no object")
        return found


def strip_metadata(model: bytes) -> bytes:
    """Cut the metadata off, as a microcontroller's C array wants it; a file without metadata stays as it is."""
    if not zipfile.is_zipfile(io.BytesIO(model)):
        return model
    with errors_as(ModelError, "the model", "export it again"), zipfile.ZipFile(io.BytesIO(model)) as archive:
        return model[: min((entry.header_offset for entry in archive.infolist()), default=len(model))]


def temperature_of(metadata: dict[str, Any], name: str) -> float:
    """Get the temperature from a file's metadata; 1 where there is none. `name` is the file's, for the message.

    Raises:
        ModelError: It is out of range, or no number.
    """
    found = metadata.get("temperature")
    if found is None:
        return 1.0
    if not _is_number(found) or not LOWEST <= found <= HIGHEST:
        raise ModelError(
            f"{name} says its temperature is {quoted(found)}, which is none from {LOWEST} to {HIGHEST}; "
            "export it again with: mnist-edge export"
        )
    return float(found)


def refusal_threshold_of(metadata: dict[str, Any], name: str) -> float | None:
    """Get the lowest score of a digit from a file's metadata; None where there is none. `name` is for the message.

    Raises:
        ModelError: It belongs to another score, is out of range, or no number.
    """
    found = metadata.get("refusal")
    if found is None:
        return None
    wanted = score_name(len(classes_of(metadata, name) or DIGITS))
    score, threshold = (found.get("score"), found.get("threshold")) if isinstance(found, dict) else (None, found)
    if score != wanted or not _is_number(threshold) or not 0 <= threshold <= 1:
        raise ModelError(
            f"{name} says it refuses by {quoted(score)} below {quoted(threshold)}, but must by {wanted!r} below a "
            "threshold from 0 to 1; export it again with: mnist-edge export"
        )
    return float(threshold)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
