"""What reading promises for any frame and any file, checked on one case."""

import json
import re
import tempfile
import traceback
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from time import perf_counter

import numpy as np

from mnist_edge.benchmarks.endurance.fuzz_cases import Case, Image
from mnist_edge.benchmarks.endurance.fuzz_readers import READERS
from mnist_edge.camera.images import decode_image
from mnist_edge.camera.reader import Reader
from mnist_edge.errors import ImageError, MnistEdgeError
from mnist_edge.reading import Digit, Reading, Rejected

# Characters of an error: some quote a value, or a name, of the file.
MAX_MESSAGE = 2000
# Characters of a reason that are kept, and frames that are read twice: values of a picture of 300x330 pixels.
MAX_REASON, MAX_TWICE = 80, 300_000
NAME = "the file"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a case.

    Attributes:
        kind: Kind of the case.
        refusal: Why the file was refused, without its numbers; None where it was read.
        milliseconds: Time for decoding and reading.
        growth_mb: Most memory that the process had beyond what it had before the case, units of 10^6 bytes.
        broken: The promises that did not hold.
    """

    kind: str
    refusal: str | None = None
    milliseconds: float = 0.0
    growth_mb: float = 0.0
    broken: tuple[str, ...] = ()


def examine(case: Case, reader: Reader) -> Outcome:
    """Read a case, and return which promises are broken."""
    if not case.reader:
        return _examine_frame(case, reader)
    file = READERS[case.reader]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / file.name
        path.write_bytes(bytes(case.content))
        refusal, broken, began = None, [], perf_counter()
        try:
            file.read(path)
        except MnistEdgeError as error:
            refusal = f"{case.reader}: {_without_details(str(error).replace(folder, ''))}"
            if len(str(error)) > MAX_MESSAGE:
                broken = [f"a message of {len(str(error))} characters: {str(error)[:MAX_MESSAGE]}"]
        except Exception:
            broken = [traceback.format_exc()]
        return Outcome(case.kind, refusal, (perf_counter() - began) * 1000, broken=tuple(broken))


def _examine_frame(case: Case, reader: Reader) -> Outcome:
    refusal, broken, began, milliseconds = None, [], perf_counter(), None
    try:
        frame = decode_image(case.content, NAME) if isinstance(case.content, bytes) else case.content
        # To write to it is an error.
        frame.flags.writeable = False
        reading = reader.read(frame)
        milliseconds = (perf_counter() - began) * 1000
        broken = broken_promises(reading, frame, reader.min_confidence)
        if frame.size < MAX_TWICE and _timeless(reader.read(frame)) != _timeless(reading):
            broken.append("the same frame was read in two ways")
    except ImageError as error:
        refusal = _without_details(str(error))
        if "\n" in str(error) or NAME not in str(error):
            broken = [f"not one line with the file's name: {error}"]
    except Exception:
        broken = [traceback.format_exc()]
    return Outcome(case.kind, refusal, milliseconds or (perf_counter() - began) * 1000, broken=tuple(broken))


def _without_details(message: str) -> str:
    """A message without its numbers, values and reasons, so that alike messages can be counted."""
    short = re.sub(r"\(.*\)|'.*'|\".*\"", "(...)", re.sub(r"\d[\d,.]*", "N", message))
    return " ".join(short.split())[:MAX_REASON]


def broken_promises(reading: Reading, frame: Image, min_confidence: float) -> list[str]:
    """Return one line for each promise that a reading does not keep.

    Args:
        reading: The reading of the frame.
        frame: Shape (height, width) or (height, width, 3).
        min_confidence: The reader's.
    """
    height, width = frame.shape[:2]
    everything: tuple[Digit | Rejected, ...] = (*reading.digits, *reading.rejected)
    rows = [[digit.label for digit in reading.digits if digit.row == row] for row in range(len(reading.text))]
    document = json.loads(json.dumps(reading.to_json(), allow_nan=False))
    promises = {
        "pixels": frame.dtype == np.uint8 and frame.ndim in (2, 3) and frame.shape[2:] in ((), (3,)),
        "size": (reading.width, reading.height) == (width, height),
        "boxes": all(
            box.width > 0 < box.height and 0 <= box.x <= width - box.width and 0 <= box.y <= height - box.height
            for box in (one.box for one in everything)
        ),
        "labels": all(one.label in range(10) for one in everything),
        "confidence": all(min_confidence <= digit.confidence <= 1 for digit in reading.digits)
        and all(0 <= refused.confidence < min_confidence for refused in reading.rejected),
        "rows": [digit.row for digit in reading.digits] == [row for row, labels in enumerate(rows) for _ in labels],
        "text": [text.replace(" ", "") for text in reading.text] == ["".join(map(str, labels)) for labels in rows],
        # Nor is a row empty.
        "spaces": all(text.split(" ") == text.split() for text in reading.text),
        "reasons": all(refused.reason and refused.reason.isprintable() for refused in reading.rejected),
        "milliseconds": all(isfinite(taken) and taken >= 0 for taken in reading.milliseconds.values()),
        "document": len(document["digits"]) == len(reading.digits) and document["text"] == list(reading.text),
    }
    return [f"{name} of {_timeless(reading)}" for name, held in promises.items() if not held]


def _timeless(reading: Reading) -> Reading:
    return replace(reading, milliseconds={})
