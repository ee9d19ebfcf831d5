import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.errors import ModelError, RuntimeMissing
from mnist_edge.runtime import RUNTIMES, build_interpreter

FLATBUFFER = b"\0\0\0\0TFL3" + bytes(100)
WORKS = """
class Interpreter:
    def __init__(self, model_content, num_threads):
        self.threads = num_threads
    def allocate_tensors(self): pass
"""
RAISES = """
class Interpreter:
    def __init__(self, **_):
        raise SystemError("_ARRAY_API not found")
"""
LACKS_A_PART = "import a_part_that_nobody_has\n"


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Hide every real runtime; the function that it gives puts a stand-in there."""
    for module in ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime", "tensorflow"):
        monkeypatch.setitem(sys.modules, module, None)

    def install(package: str, code: str) -> None:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / "interpreter.py").write_text(code)
        for module in (package, f"{package}.interpreter"):
            monkeypatch.delitem(sys.modules, module, raising=False)
        monkeypatch.syspath_prepend(tmp_path)

    yield install
    # The stand-ins must not outlive the test; monkeypatch then puts back what was there before.
    for module in ("ai_edge_litert", "ai_edge_litert.interpreter", "tflite_runtime", "tflite_runtime.interpreter"):
        sys.modules.pop(module, None)


def test_the_maintained_runtime_comes_first() -> None:
    assert list(RUNTIMES) == ["ai-edge-litert", "tflite-runtime", "tensorflow"]


def test_the_first_that_builds_is_taken(stand_in: Callable[..., None]) -> None:
    stand_in("ai_edge_litert", WORKS)
    stand_in("tflite_runtime", WORKS)
    interpreter, runtime = build_interpreter(FLATBUFFER, "m.tflite", threads=3)
    assert runtime.name == "ai-edge-litert"
    assert vars(interpreter)["threads"] == 3


@pytest.mark.parametrize("trouble", [RAISES, LACKS_A_PART], ids=["raises", "lacks a part"])
def test_a_broken_runtime_makes_way_for_the_next(stand_in: Callable[..., None], trouble: str) -> None:
    stand_in("ai_edge_litert", trouble)
    stand_in("tflite_runtime", WORKS)
    assert build_interpreter(FLATBUFFER, "m.tflite")[1].name == "tflite-runtime"


def test_a_missing_runtime_makes_way_for_the_next(stand_in: Callable[..., None]) -> None:
    stand_in("tflite_runtime", WORKS)
    assert build_interpreter(FLATBUFFER, "m.tflite")[1].name == "tflite-runtime"


def test_the_named_runtime_is_taken_and_no_other(stand_in: Callable[..., None]) -> None:
    stand_in("ai_edge_litert", WORKS)
    stand_in("tflite_runtime", RAISES)
    assert build_interpreter(FLATBUFFER, "m.tflite", "ai-edge-litert")[1].name == "ai-edge-litert"
    with pytest.raises(ModelError, match=r"tflite-runtime.*_ARRAY_API"):
        build_interpreter(FLATBUFFER, "m.tflite", "tflite-runtime")


def test_a_runtime_that_lacks_a_part_is_not_called_missing(stand_in: Callable[..., None]) -> None:
    stand_in("ai_edge_litert", LACKS_A_PART)
    with pytest.raises(ModelError, match=r"ai-edge-litert.*a_part_that_nobody_has"):
        build_interpreter(FLATBUFFER, "m.tflite")


def test_no_runtime_says_what_to_install(stand_in: Callable[..., None]) -> None:
    with pytest.raises(RuntimeMissing, match="pip install ai-edge-litert"):
        build_interpreter(FLATBUFFER, "m.tflite")
    with pytest.raises(RuntimeMissing, match="pip install tflite-runtime"):
        build_interpreter(FLATBUFFER, "m.tflite", "tflite-runtime")


def test_numpy_2_under_tflite_runtime_is_named_with_the_remedy(
    stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "__version__", "2.4.6")
    stand_in("tflite_runtime", RAISES)
    with pytest.raises(ModelError, match=r"needs numpy < 2 and here is numpy 2\.4\.6: pip install 'numpy<2'"):
        build_interpreter(FLATBUFFER, "m.tflite")


def test_numpy_1_under_tflite_runtime_is_not_blamed(
    stand_in: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(np, "__version__", "1.26.4")
    stand_in("tflite_runtime", RAISES)
    with pytest.raises(ModelError) as raised:
        build_interpreter(FLATBUFFER, "m.tflite")
    assert "numpy" not in str(raised.value)


@pytest.mark.parametrize("content", [b"", b"short", b"PK\x03\x04 a zip", bytes(1000)])
def test_what_is_no_flatbuffer_is_refused_by_name(content: bytes) -> None:
    with pytest.raises(ModelError, match=r"photo\.jpg is no TFLite model"):
        build_interpreter(content, "photo.jpg")


def test_a_flatbuffer_without_a_model_is_refused_by_name() -> None:
    with pytest.raises(ModelError, match=r"m\.tflite cannot be run here"):
        build_interpreter(FLATBUFFER, "m.tflite", "ai-edge-litert")
