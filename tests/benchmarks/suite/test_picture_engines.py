"""Engines that read pictures, with stand-ins for those that are not installed."""

import stat
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.suite.picture_engines import OURS, PICTURE_ENGINES, around, tesseract_words
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page

TABLE = (
    "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    "1\t1\t0\t0\t0\t0\t0\t0\t640\t480\t-1\t\n"
    "5\t1\t1\t1\t1\t1\t157\t48\t285\t71\t88.1\t27\n"
    "5\t1\t1\t1\t1\t2\t500\t48\t40\t71\t12.0\t \n"
)
PICTURE = np.full((40, 60, 3), 200, np.uint8)


def test_words_of_tesseract() -> None:
    assert tesseract_words(TABLE) == [("27", around((157, 48, 285, 71)))]


def test_tesseract_is_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = tmp_path / "tesseract"
    script.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "if sys.argv[1] == '--version':\n    print('tesseract 5.3.0')\n    raise SystemExit\n"
        "assert open(sys.argv[1], 'rb').read(2) == b'P5' and os.environ['OMP_THREAD_LIMIT'] == '1'\n"
        "assert 'tessedit_char_whitelist=0123456789' in sys.argv and sys.argv[sys.argv.index('--psm') + 1] == '11'\n"
        f"print({TABLE!r}, end='')\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    engine = PICTURE_ENGINES["tesseract, psm 11"]
    monkeypatch.setenv("PATH", str(tmp_path / "none"))
    assert engine.version() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine.version() == "5.3.0"
    assert engine.load()(PICTURE) == [("27", around((157, 48, 285, 71)))]


class StandIn:
    """RapidOCR as far as we call it: it finds two lines where it sees a margin around the picture, and else nothing."""

    def __init__(self, params: dict[str, Any]) -> None:
        assert params["EngineConfig.onnxruntime.intra_op_num_threads"] == 1

    def __call__(self, picture: NDArray[np.uint8], **asked: bool) -> SimpleNamespace:
        assert asked == {"return_word_box": True, "return_single_char_box": True}
        if picture.shape[0] == PICTURE.shape[0]:
            return SimpleNamespace(txts=None, boxes=None)
        corners = np.array([[[30, 40], [50, 40], [50, 60], [30, 60]]] * 2, np.float32)
        two, four = ([[x, 40], [end, 40], [end, 60], [x, 60]] for x, end in ((30, 36), (36, 50)))
        known = [("2", 0.9, two), ("4", 0.8, four)]
        return SimpleNamespace(txts=("17", "2 4"), boxes=corners, word_results=(((),), known))


def test_rapidocr_and_its_margin(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("rapidocr")
    package.RapidOCR = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rapidocr", package)
    assert PICTURE_ENGINES["rapidocr"].load()(PICTURE) == []
    # The margin is half of the longer side, and its place is taken back. A line whose characters are not told is whole.
    assert PICTURE_ENGINES["rapidocr, margin"].load()(PICTURE) == [
        ("17", around((0, 10, 20, 20))),
        ("2", around((0, 10, 6, 20))),
        ("4", around((6, 10, 14, 20))),
    ]


def test_the_older_rapidocr(monkeypatch: pytest.MonkeyPatch) -> None:
    package = ModuleType("rapidocr_onnxruntime")
    row = [[[1, 2], [3, 2], [3, 4], [1, 4]], "5", 0.9]
    package.RapidOCR = lambda **_: lambda picture: ([row], None)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", package)
    assert PICTURE_ENGINES["rapidocr-onnxruntime"].load()(PICTURE) == [("5", around((1, 2, 2, 2)))]


def test_ours_is_the_reader(digits: Dataset) -> None:
    page = draw_page(digits.validation, 3, Conditions(rows=2, columns=3), width=320, height=240)
    expected = Reader().read(page.image).digits
    assert expected
    assert PICTURE_ENGINES[OURS].load()(page.image) == [(str(one.label), around(one.box)) for one in expected]
