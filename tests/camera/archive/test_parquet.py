"""Results as Parquet: the rows gather as lines, and become columns when all is read."""

import json
import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.camera.archive.parquet import journal_of, open_parquet
from mnist_edge.errors import OutputError, PackageMissing
from mnist_edge.reading import Box, Digit, Guess, Reading, Rejected
from mnist_edge.safe_text import to_json

parquet = pytest.importorskip("pyarrow.parquet")
DAMAGED = "damaged.png"


def failure(source: str) -> bytes:
    return json.dumps({"source": source, "error": "no picture"}).encode() + b"\n"


def document(source: str) -> dict[str, Any]:
    """A reading of two letters, as `read --json` prints it."""
    digits = (
        Digit(7, 0.99, Box(1, 2, 30, 40), 0, Guess(1, 0.004, "B"), name="H"),
        Digit(2, 0.75, Box(40, 2, 30, 40), name="C"),
    )
    rejected = (
        Rejected(Box(90, 2, 3, 4), "low confidence", 1, 0.25, 0.75, 0.125, name="B"),
        Rejected(Box(95, 2, 30, 40), "not a digit", 8, 0.125, 0.25, 0.5, name="I"),
    )
    return Reading(
        source, 640, 480, "small", "ai-edge-litert 2", digits, ("72",), rejected, {"segment": 1.5, "total": 3.25}
    ).to_json()


def write(path: Path, sources: Iterable[str], fails: bool = False, **how: bool) -> int:
    """Write a row for each source that has none yet; returns how many had one."""
    had = 0
    with open_parquet(path, **how) as results:
        results.begin()
        for source in sources:
            had += source in results.done
            if source not in results.done:
                failed = source == DAMAGED
                results.append(failure(source) if failed else line(source))
        if fails:
            raise OutputError("broken off")
    assert not journal_of(path).exists()
    return had


def line(source: str) -> bytes:
    return to_json(document(source)).encode() + b"\n"


def sources(path: Path) -> list[str]:
    found: list[str] = parquet.read_table(path)["source"].to_pylist()
    return found


def test_columns_are_those_of_the_documents(tmp_path: Path) -> None:
    path = tmp_path / "new" / "results.parquet"
    assert write(path, ["a.png", DAMAGED]) == 0
    good, damaged = parquet.read_table(path).to_pylist()
    assert good.pop("error") is None and good.pop("milliseconds") == [("segment", 1.5), ("total", 3.25)]
    expected = {**document("a.png"), "seconds": None, "last": None}
    for digit in expected["digits"]:
        digit["track"] = None
    expected.pop("milliseconds")
    assert good == expected
    assert {name: value for name, value in damaged.items() if value} == {"source": DAMAGED, "error": "no picture"}


def test_the_rows_of_a_video_have_their_times_and_tracks(tmp_path: Path) -> None:
    path, digit = tmp_path / "results.parquet", Digit(7, 0.99, Box(1, 2, 30, 40), track=3)
    rows = [
        {**Reading("a.mp4", 640, 480, "small", "none", (digit,), ("7",), seconds=at).to_json(), "last": at == 2.0}
        for at in (0.32, 1.0, 2.0)
    ]
    with open_parquet(path) as results:
        results.begin()
        results.append(b"".join(to_json(row).encode() + b"\n" for row in rows))
    found = parquet.read_table(path).to_pylist()
    assert [(row["source"], row["seconds"], row["last"]) for row in found] == [
        ("a.mp4", 0.32, False),
        ("a.mp4", 1.0, False),
        ("a.mp4", 2.0, True),
    ]
    assert [row["digits"][0]["track"] for row in found] == [3, 3, 3]
    assert write(path, ["a.mp4"], resume=True) == 1


def test_broken_off_and_gone_on_with(tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    with pytest.raises(OutputError, match="broken off"):
        write(path, ["a.png", "b.png"], fails=True)
    assert not path.exists() and journal_of(path).read_bytes() == line("a.png") + line("b.png")
    with pytest.raises(OutputError, match=r"results\.parquet\.jsonl exists already"):
        write(path, ["c.png"])
    assert write(path, ["a.png", "b.png", "c.png"], resume=True) == 2
    assert sources(path) == ["a.png", "b.png", "c.png"]
    # Also what is new since it was finished.
    with pytest.raises(OutputError, match=r"results\.parquet exists already"):
        write(path, ["d.png"])
    assert write(path, ["a.png", "b.png", "c.png", "d.png"], resume=True) == 3
    assert sources(path) == ["a.png", "b.png", "c.png", "d.png"]


def test_killed_between_the_file_and_the_end_of_its_lines(tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    write(path, ["a.png", "b.png"])
    journal_of(path).write_bytes(line("a.png") + line("b.png"))
    assert write(path, ["a.png", "b.png", "c.png"], resume=True) == 2
    assert sources(path) == ["a.png", "b.png", "c.png"]


def test_what_force_replaces_does_not_come_back(tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    write(path, ["a.png"])
    with pytest.raises(OutputError, match="broken off"):
        write(path, ["b.png"], fails=True, force=True)
    assert write(path, ["b.png", "c.png"], resume=True) == 1
    assert sources(path) == ["b.png", "c.png"]


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_name_that_is_no_text_is_written_and_known_again(tmp_path: Path) -> None:
    path, name = tmp_path / "results.parquet", os.fsdecode(b"caf\xe9.png")
    write(path, [name, "café.png"])
    assert sources(path) == [r"caf\xe9.png", "café.png"]
    assert write(path, [name, "café.png", "d.png"], resume=True) == 2
    assert json.loads(line(name))["source"] == name


def test_what_is_no_file_of_results_is_left_alone(tmp_path: Path) -> None:
    other, damaged = tmp_path / "other.parquet", tmp_path / "damaged.parquet"
    parquet.write_table(parquet.read_table(_written(tmp_path)).select(["source"]), other)
    damaged.write_bytes(b"PAR1" + bytes(100) + b"PAR1")
    for path, message in ((other, "has other columns"), (damaged, "is no Parquet file")):
        before = path.read_bytes()
        with pytest.raises(OutputError, match=message):
            write(path, ["a.png"], resume=True)
        assert path.read_bytes() == before and not journal_of(path).exists()


def _written(folder: Path) -> Path:
    write(folder / "results.parquet", ["a.png"])
    return folder / "results.parquet"


def test_the_package_is_asked_for_before_anything_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(PackageMissing, match="install pyarrow"):
        write(tmp_path / "results.parquet", ["a.png"])
    assert not [*tmp_path.iterdir()]
