"""What a `.tflite` says of itself: a small zip appended to the flatbuffer.

Runtimes ignore what follows the flatbuffer; `unzip -p MODEL metadata.json` and the standard library read it.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

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
