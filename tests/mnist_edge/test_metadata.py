import json
import zipfile
from pathlib import Path

import pytest

from mnist_edge.metadata import append_metadata, read_metadata, strip_metadata

MODEL = b"\x1c\x00\x00\x00TFL3" + bytes(200)


def test_metadata_is_read_back_by_us_and_by_any_zip_tool(tmp_path: Path) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(append_metadata(MODEL, {"name": "small", "accuracy": 0.99}))
    assert path.read_bytes().startswith(MODEL)
    assert read_metadata(path) == {"name": "small", "accuracy": 0.99}
    with zipfile.ZipFile(path) as archive:
        assert json.loads(archive.read("metadata.json"))["name"] == "small"
        assert archive.read("labels.txt").split() == [b"%d" % digit for digit in range(10)]


def test_the_same_facts_give_the_same_bytes() -> None:
    assert append_metadata(MODEL, {"a": 1, "b": 2}) == append_metadata(MODEL, {"b": 2, "a": 1})


def test_stripping_gives_the_flatbuffer_back() -> None:
    assert strip_metadata(append_metadata(MODEL, {"a": 1})) == MODEL
    assert strip_metadata(MODEL) == MODEL


@pytest.mark.parametrize("content", [b"", MODEL, b"PK\x05\x06 not really", append_metadata(MODEL, {})[:-10]])
def test_what_has_none_says_nothing(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    assert read_metadata(path) == {}
