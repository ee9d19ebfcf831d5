import hashlib
import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.classifier import Classifier
from mnist_edge.errors import ModelError
from mnist_edge.metadata import append_metadata, metadata_of, read_metadata, strip_metadata
from mnist_edge.shipped_models import resolve_shipped, shipped_models

MODEL = b"\x1c\x00\x00\x00TFL3" + bytes(200)


def zipped(members: dict[str, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


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


@pytest.mark.parametrize("content", [b"", MODEL, b"PK\x05\x06 not really", zipped({"other.json": "{}"})])
def test_a_file_without_metadata_has_empty_metadata(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    assert read_metadata(path) == {}


def test_every_file_that_ships_has_a_checksum() -> None:
    for shipped in shipped_models().values():
        for path in shipped.files.values():
            with zipfile.ZipFile(path) as archive:
                length = len(archive.comment)
                content = path.read_bytes()[:-length]
                assert archive.comment == b"sha256:" + hashlib.sha256(content).hexdigest().encode()


def test_damage_anywhere_is_noticed() -> None:
    rng, sound = np.random.default_rng(0), resolve_shipped("nano").read_bytes()
    for at in (*rng.integers(0, len(sound), 200), *range(len(sound) - 400, len(sound))):
        damaged = bytearray(sound)
        damaged[at] ^= 1 << int(rng.integers(8))
        with pytest.raises(ModelError, match="is damaged"):
            metadata_of(bytes(damaged), "m.tflite")
    for length in (1, 30, 100, 500):
        with pytest.raises(ModelError, match="is damaged"):
            metadata_of(sound[:-length], "m.tflite")


def test_a_damaged_model_does_not_run(tmp_path: Path) -> None:
    content = bytearray(resolve_shipped("nano").read_bytes())
    content[len(content) // 2] ^= 1
    path = tmp_path / "m.tflite"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="checksum does not match"):
        Classifier(path)


def test_what_was_exported_before_there_were_checksums_is_read() -> None:
    assert metadata_of(MODEL + zipped({"metadata.json": '{"name": "old"}'}), "m.tflite") == {"name": "old"}


@pytest.mark.parametrize(
    "document", ["[]", "{", "[" * 100_000, '{"a": ' + "1" * 5000 + "}", " " * 50_000_000, b"\xff\xfe\x00"]
)
def test_metadata_that_is_none_is_one_line(document: str | bytes) -> None:
    with pytest.raises(ModelError, match="is damaged") as caught:
        metadata_of(MODEL + zipped({"metadata.json": document}), "m.tflite")
    assert "\n" not in str(caught.value) and len(str(caught.value)) < 300


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_metadata_is_only_unpacked_in_pieces(method: int) -> None:
    with pytest.raises(ModelError, match="only deflate"):
        metadata_of(MODEL + zipped({"metadata.json": "{}"}, method), "m.tflite")
