"""Pendigits' training paths are found, checked, fetched, and told of."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge import pen_digits
from mnist_edge.errors import DataError, DownloadError
from mnist_edge.formats.unipen import read_unipen
from mnist_edge.pen_digits import fetch_pen_digits, find_pen_digits, read_pen_digits
from tests.unix_compress import packed

Invoke = Callable[..., tuple[int, str, str]]
TEXT = b'.SEGMENT DIGIT 0 ? "7"\n.PEN_DOWN\n 100 300\n 180 300\n 120 100\n.PEN_UP\n' * 20


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder as MNIST_EDGE_DATA and another as the cache; the text above is what Pendigits should be."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("MNIST_EDGE_DATA", str(tmp_path / "data"))
    monkeypatch.setattr(pen_digits, "SHA256", pen_digits._sha256_of(read_unipen(TEXT, "text")))
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.mark.parametrize(("suffix", "content"), [("", TEXT), (".gz", gzip.compress(TEXT)), (".Z", packed(TEXT))])
def test_it_is_found_and_read_however_it_is_packed(folder: Path, suffix: str, content: bytes) -> None:
    assert find_pen_digits() is None
    path = folder / f"pendigits-orig.tra{suffix}"
    path.write_bytes(content)
    assert find_pen_digits() == path
    assert [digit.label for digit in read_pen_digits(path)] == [7] * 20


@pytest.mark.parametrize(
    "content", [TEXT.replace(b"180", b"181"), TEXT.replace(b'"7"', b'"1"'), gzip.compress(TEXT)[:-20], b"\x1f\x9d\x90a"]
)
def test_another_or_a_damaged_file_is_refused(folder: Path, content: bytes) -> None:
    path = folder / "pendigits-orig.tra"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"delete it and run: mnist-edge data|holds no digits"):
        read_pen_digits(path)


def test_it_is_fetched_once_into_the_cache(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "source.Z"
    source.write_bytes(packed(TEXT))
    path = fetch_pen_digits(address=source.as_uri())
    assert path == tmp_path / "cache" / "mnist-edge" / "pendigits" / "pendigits-orig.tra.gz"
    assert len(read_pen_digits(path)) == 20 and find_pen_digits() == path
    source.unlink()
    assert fetch_pen_digits(address=source.as_uri()) == path


@pytest.mark.parametrize("content", [b"", b"<html>", packed(TEXT[:-30]), packed(TEXT.replace(b"180", b"181"))])
def test_what_arrives_otherwise_is_not_kept(folder: Path, tmp_path: Path, content: bytes) -> None:
    source = tmp_path / "source.Z"
    source.write_bytes(content)
    with pytest.raises(DownloadError, match="Pendigits could not be downloaded") as raised:
        fetch_pen_digits(address=source.as_uri())
    assert "\n" not in str(raised.value) and find_pen_digits() is None


def test_the_command_tells_of_it_without_a_word_about_it_for_other_data(
    folder: Path, idx_folder: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke
) -> None:
    monkeypatch.setenv("MNIST_EDGE_DATA", str(idx_folder))
    _, _, err = invoke("data")
    assert "training goes without Pendigits" in err
    _, out, _ = invoke("data", "--json")
    assert json.loads(out)["pen_digits"] is None
    _, out, err = invoke("data", "--data", idx_folder, "--json")
    assert "pen_digits" not in json.loads(out) and "Pendigits" not in err
