"""What a `.tflite` says of itself: a small zip appended to the flatbuffer.

Runtimes ignore what follows the flatbuffer; `unzip -p MODEL metadata.json` and the standard library read it.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any, TypeGuard

from mnist_edge.calibration import HIGHEST, LOWEST
from mnist_edge.errors import ModelError
from mnist_edge.refusal import SCORE

LABELS = tuple("0123456789")
# The earliest date a zip can hold: the same model gives the same bytes on any day.
_DATE = (1980, 1, 1, 0, 0, 0)


def append_metadata(model: bytes, metadata: dict[str, Any]) -> bytes:
    """The model with `metadata.json` and `labels.txt` behind it.

    Args:
        model: A flatbuffer without metadata.
        metadata: JSON-serialisable facts: name, precision, input scaling, accuracy, calibration and so on.
    """
    buffer = io.BytesIO(model)
    buffer.seek(0, io.SEEK_END)
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, text in (
            ("metadata.json", json.dumps(metadata, sort_keys=True)),
            ("labels.txt", "\n".join(LABELS) + "\n"),
        ):
            archive.writestr(zipfile.ZipInfo(name, _DATE), text, zipfile.ZIP_DEFLATED, 9)
    return buffer.getvalue()


def read_metadata(path: Path) -> dict[str, Any]:
    """The metadata inside a `.tflite`; empty where it has none that can be read."""
    try:
        with zipfile.ZipFile(path) as archive:
            found = json.loads(archive.read("metadata.json"))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        return {}
    return found if isinstance(found, dict) else {}


def strip_metadata(model: bytes) -> bytes:
    """The flatbuffer alone, as a microcontroller's C array wants it."""
    try:
        with zipfile.ZipFile(io.BytesIO(model)) as archive:
            return model[: min(entry.header_offset for entry in archive.infolist())]
    except (ValueError, zipfile.BadZipFile):
        return model


def temperature_of(metadata: dict[str, Any], name: str) -> float:
    """The temperature in a file's metadata; 1 where there is none.

    Args:
        metadata: As `read_metadata` gives it.
        name: Of the file, for the message.

    Raises:
        ModelError: It is none that could be applied.
    """
    found = metadata.get("temperature")
    if found is None:
        return 1.0
    if not _is_number(found) or not LOWEST <= found <= HIGHEST:
        raise ModelError(
            f"{name} says its temperature is {found!r}, which is none from {LOWEST} to {HIGHEST}; "
            "export it again with: mnist-edge export"
        )
    return float(found)


def refusal_threshold_of(metadata: dict[str, Any], name: str) -> float | None:
    """The least score of a digit in a file's metadata; None where there is none.

    Args:
        metadata: As `read_metadata` gives it.
        name: Of the file, for the message.

    Raises:
        ModelError: It is of another score, or none that could be applied.
    """
    found = metadata.get("refusal")
    if found is None:
        return None
    score, threshold = (found.get("score"), found.get("threshold")) if isinstance(found, dict) else (None, found)
    if score != SCORE or not _is_number(threshold) or not 0 <= threshold <= 1:
        raise ModelError(
            f"{name} says it refuses by {score!r} below {threshold!r}, but must by {SCORE!r} below a threshold "
            "from 0 to 1; export it again with: mnist-edge export"
        )
    return float(threshold)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
