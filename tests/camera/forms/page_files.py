"""Files of pages as a reading leaves them, without the time that a reading takes."""

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.camera.forms.form import Field, Form
from mnist_edge.camera.forms.page_file import PageFile, create_pages
from mnist_edge.camera.forms.pattern import parse_pattern
from mnist_edge.opencv import cv2

CORNERS = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))
FORM = Form(
    "marks",
    None,
    (100.0, 100.0),
    (Field("mark", CORNERS, parse_pattern("##?"), most=20.0), Field("time", CORNERS, parse_pattern("##:##"))),
)


def reading(value: str, trust: float = 0.5, settled: bool = False) -> dict[str, Any]:
    """What was read in a field, in the form of `page_document`."""
    picture = np.full((40, 90, 3), 255, np.uint8)
    cv2.putText(picture, value, (8, 30), cv2.FONT_HERSHEY_SIMPLEX, 0.9, (90, 40, 30), 2)
    crop = base64.b64encode(cv2.imencode(".jpg", picture)[1].tobytes()).decode()
    digits = [
        {"label": int(one), "confidence": 0.6, "box": [8 + 20 * place, 8, 16, 24], "seen": _seen(int(one))}
        for place, one in enumerate(filter(str.isdecimal, value))
    ]
    return {
        "value": value, "trust": trust, "outcome": "read" if settled else "review", "settled": settled,
        "reason": "" if settled else "not sure enough", "alternatives": [[value[::-1], 0.2]], "crop": crop,
        "digits": digits, "own": [value, trust, "read", "", [[value[::-1], 0.2]]],
    }  # fmt: skip


def _seen(label: int) -> str:
    return base64.b64encode(bytes([label]) * 784).decode()


def picture(source: str, mark: dict[str, Any], time: dict[str, Any]) -> dict[str, Any]:
    """All that was read in one picture."""
    page = {
        "source": source,
        "fits": True,
        "reason": "",
        "fit": 0.97,
        "fingerprint": "",
        "fields": {"mark": mark, "time": time},
    }
    return {"source": source, "pages": [page]}


@contextmanager
def doubtful_pages(path: Path, count: int, doubtful: int = 10**6) -> Iterator[PageFile]:
    """A file of so many pages, of whose marks so many are doubtful, the last most."""
    with create_pages(path, FORM, "small") as pages:
        for number in range(count):
            mark = reading(str(number % 21), 0.9 - number / 1000, settled=number >= doubtful)
            pages.add(picture(f"{number:03}.jpg", mark, reading("12:30", 0.99, settled=True)))
        yield pages
