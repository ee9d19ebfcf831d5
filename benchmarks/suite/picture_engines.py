"""What reads a picture end to end: each engine a row, set up as its documents advise for sparse digits, on one thread.

All take the same pixels and give texts with their corners: ours and the webcam loops a text a digit, OCR engines what
they take for a word or a line (`text_boxes` makes digits of it).
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.suite.webcam_loops import LOOPS, Loop
from mnist_edge.optional_packages import installed_version, require

# The corners of a text, clockwise from where its writing begins, x and y.
Corners = tuple[tuple[float, float], ...]
Text = tuple[str, Corners]
Read = Callable[[NDArray[np.uint8]], list[Text]]
# Around a picture in which nothing was found, as a share of its longer side: RapidOCR misses what fills the picture.
MARGIN = 0.5
TESSERACT_TIMEOUT_S = 60.0


@dataclass(frozen=True, slots=True)
class PictureEngine:
    """One way to read a picture.

    Attributes:
        name: In tables and results.
        version: Tells which is installed; None where it is not.
        load: Makes it ready; what it returns reads pictures, shape (height, width, 3), BGR.
        setting: How it is set up, for people.
        source: How to get it.
        tight: Whether its boxes are those of single digits, tight around the ink.
    """

    name: str
    version: Callable[[], str | None]
    load: Callable[[], Read]
    setting: str
    source: str
    tight: bool = False


def around(box: Sequence[float]) -> Corners:
    """Return the corners of an upright box: x, y, width and height."""
    x, y, width, height = map(float, box)
    return (x, y), (x + width, y), (x + width, y + height), (x, y + height)


def _ours() -> Read:
    from mnist_edge.camera.reader import Reader
    from mnist_edge.opencv import cv2

    cv2.setNumThreads(1)
    reader = Reader()
    return lambda picture: [(str(digit.label), around(digit.box)) for digit in reader.read(picture).digits]


def _webcam(loop: Loop) -> Callable[[], Read]:
    def load() -> Read:
        from mnist_edge.classifier import Classifier
        from mnist_edge.opencv import cv2
        from mnist_edge.shipped_models import DEFAULT

        cv2.setNumThreads(1)
        classifier = Classifier(DEFAULT, digits_only=False)

        def read(picture: NDArray[np.uint8]) -> list[Text]:
            boxes, crops = loop(picture)
            if not boxes:
                return []
            labels = classifier.probabilities(crops).argmax(axis=1)
            return [(str(label), around(box)) for label, box in zip(labels, boxes, strict=True)]

        return read

    return load


def _rapid(retry: bool) -> Callable[[], Read]:
    def load() -> Read:
        from mnist_edge.opencv import cv2

        cv2.setNumThreads(1)
        threads = {f"EngineConfig.onnxruntime.{kind}_op_num_threads": 1 for kind in ("intra", "inter")}
        engine = require("rapidocr", "rapidocr").RapidOCR(params={**threads, "Global.log_level": "error"})

        def once(picture: NDArray[np.uint8]) -> list[Text]:
            found = engine(picture, return_word_box=True, return_single_char_box=True)
            return [] if found.boxes is None else _characters(found)

        return _with_margin(once) if retry else once

    return load


def _rapid_onnxruntime() -> Read:
    from mnist_edge.opencv import cv2

    cv2.setNumThreads(1)
    package = require("rapidocr_onnxruntime", "rapidocr-onnxruntime")
    engine = package.RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(picture: NDArray[np.uint8]) -> list[Text]:
        found, _ = engine(picture)
        return _texts([row[1] for row in found or ()], [row[0] for row in found or ()])

    return read


def _texts(texts: Any, corners: Any) -> list[Text]:
    return [
        (str(text), tuple((float(x), float(y)) for x, y in four)) for text, four in zip(texts, corners, strict=True)
    ]


def _characters(found: Any) -> list[Text]:
    """Return the characters of RapidOCR with their boxes, and a line whole where it does not tell them."""
    lines = _texts(found.txts, found.boxes)
    characters = [[one for one in line if len(one) == 3] for line in found.word_results or [()] * len(lines)]
    texts: list[Text] = []
    for line, known in zip(lines, characters, strict=True):
        whole = "".join(line[0].split()) == "".join(one[0] for one in known)
        texts += _texts([one[0] for one in known], [one[2] for one in known]) if whole else [line]
    return texts


def _with_margin(once: Read) -> Read:
    """Read a picture again with a margin of its border's colour where nothing is found in it."""

    def read(picture: NDArray[np.uint8]) -> list[Text]:
        if found := once(picture):
            return found
        side = round(MARGIN * max(picture.shape[:2]))
        rim = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        wide = np.empty((picture.shape[0] + 2 * side, picture.shape[1] + 2 * side, 3), np.uint8)
        wide[:] = np.median(rim, axis=0)
        wide[side:-side, side:-side] = picture
        return [(text, tuple((x - side, y - side) for x, y in corners)) for text, corners in once(wide)]

    return read


def _tesseract(mode: int) -> Callable[[], Read]:
    def load() -> Read:
        from mnist_edge.opencv import cv2

        def read(picture: NDArray[np.uint8]) -> list[Text]:
            with tempfile.TemporaryDirectory() as place:
                # As plain as files are: it takes nothing else.
                path = Path(place, "picture.pgm")
                cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY))
                return tesseract_words(_run_tesseract(path, mode))

        return read

    return load


def _run_tesseract(path: Path, mode: int) -> str:
    command = [
        "tesseract", str(path), "stdout", "--oem", "1", "--psm", str(mode),
        "-c", "tessedit_char_whitelist=0123456789", "tsv",
    ]  # fmt: skip
    done = subprocess.run(
        command, env=os.environ | {"OMP_THREAD_LIMIT": "1"}, capture_output=True, text=True, check=True,
        timeout=TESSERACT_TIMEOUT_S,
    )  # fmt: skip
    return done.stdout


def tesseract_words(table: str) -> list[Text]:
    """Return the words of Tesseract's table: a line a word, with left, top, width, height and the text behind them."""
    rows = [line.split("\t") for line in table.splitlines()[1:]]
    words = [row for row in rows if len(row) == 12 and row[11].strip()]
    return [(row[11], around(tuple(map(int, row[6:10])))) for row in words]


def _tesseract_version() -> str | None:
    if not shutil.which("tesseract"):
        return None
    done = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, timeout=TESSERACT_TIMEOUT_S)
    found = re.search(r"tesseract\D*([\d.]+)", done.stdout + done.stderr)
    return found[1] if found else None


def _package(name: str) -> Callable[[], str | None]:
    return lambda: installed_version(name)


OURS = "mnist-edge"
RAPID = "rapidocr"
_WEBCAM = "with our `small` in place of its own network"
_ROWS = (
    PictureEngine(OURS, _package("mnist-edge"), _ours, "`Reader()` as it comes", "", tight=True),
    PictureEngine(
        RAPID, _package("rapidocr"), _rapid(retry=False), "its small models, with the boxes of characters", "pip"
    ),
    PictureEngine(
        f"{RAPID}, margin", _package("rapidocr"), _rapid(retry=True),
        f"the same, read again with a margin of {MARGIN:.0%} where it finds nothing", "pip",
    ),
    PictureEngine(
        "rapidocr-onnxruntime", _package("rapidocr-onnxruntime"), _rapid_onnxruntime, "as it comes", "pip"
    ),
    *(
        PictureEngine(
            f"tesseract, psm {mode}", _tesseract_version, _tesseract(mode),
            f"LSTM, `eng`, digits alone, --psm {mode} ({what}), a process for each picture, as wrappers start it",
            "apt",
        )
        for mode, what in ((11, "sparse text"), (6, "one block"))
    ),
    *(
        PictureEngine(name, _package("mnist-edge"), _webcam(loop), f"{what}; {_WEBCAM}", "", tight=True)
        for name, (loop, what) in LOOPS.items()
    ),
)  # fmt: skip
PICTURE_ENGINES = MappingProxyType({engine.name: engine for engine in _ROWS})
