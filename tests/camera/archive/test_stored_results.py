"""Results behind an address: there whole or not at all, and gone on with whatever ended the run."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.archive.results import open_results
from mnist_edge.camera.archive.stored_results import begin_results, finish_results
from mnist_edge.cli import app
from mnist_edge.errors import OutputError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box

fsspec: Any = pytest.importorskip("fsspec")


@pytest.fixture(params=["memory", "file"])
def address(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where results go: a folder that is not there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    place = f"{tmp_path}/box/results.jsonl"
    return f"{request.param}://{place}"


def line(source: str) -> bytes:
    return json.dumps({"source": source, "model": "small"}).encode() + b"\n"


def gather(address: str, sources: list[str], **how: bool) -> list[str]:
    """Gather rows of those that have none yet; returns which those were."""
    read = []
    with open_results(begin_results(address, **{"resume": False, "force": False, **how}), **how) as results:
        results.begin()
        for source in sources:
            if source not in results.done:
                results.append(line(source))
                read.append(source)
    return read


def stored(address: str) -> bytes:
    system, path = fsspec.core.url_to_fs(address)
    return bytes(system.cat_file(path))


def left(tmp_path: Path) -> list[str]:
    """The files that are still gathering."""
    return sorted(path.name for path in (tmp_path / "state").rglob("*") if path.is_file())


def interrupt(done: float, total: float, note: str = "") -> None:
    raise KeyboardInterrupt


def test_rows_gather_here_and_go_there_whole(address: str, tmp_path: Path) -> None:
    assert gather(address, ["a.png", "b.png"]) == ["a.png", "b.png"]
    system, path = fsspec.core.url_to_fs(address)
    assert not system.exists(path) and left(tmp_path) == ["results.jsonl", "state"]
    calls: list[tuple[float, float]] = []
    finish_results(address, lambda done, total, note="": calls.append((done, total)))
    content = line("a.png") + line("b.png")
    assert stored(address) == content and left(tmp_path) == []
    assert calls == [(len(content), len(content))]


def test_broken_off_and_gone_on_with_and_added_to(address: str, tmp_path: Path) -> None:
    gather(address, ["a.png"])
    with pytest.raises(OutputError, match=r"was begun, its rows are in .*results\.jsonl; go on with it by --resume"):
        begin_results(address, resume=False, force=False)
    assert gather(address, ["a.png", "b.png"], resume=True) == ["b.png"]
    finish_results(address)
    with pytest.raises(OutputError, match="exists already; go on with it by --resume, or replace it by --force"):
        begin_results(address, resume=False, force=False)
    # On another machine nothing gathers: what is there is fetched.
    assert gather(address, ["a.png", "b.png", "c.png"], resume=True) == ["c.png"]
    finish_results(address)
    assert stored(address) == b"".join(map(line, ("a.png", "b.png", "c.png"))) and left(tmp_path) == []


def test_what_is_there_stays_until_all_is_written(address: str, tmp_path: Path) -> None:
    gather(address, ["a.png"])
    finish_results(address)
    assert gather(address, ["b.png"], force=True) == ["b.png"]
    with pytest.raises(KeyboardInterrupt):
        finish_results(address, interrupt)
    assert stored(address) == line("a.png") and left(tmp_path) == ["results.jsonl", "state"]
    assert gather(address, ["b.png", "c.png"], resume=True) == ["c.png"]
    finish_results(address)
    assert stored(address) == line("b.png") + line("c.png")


def test_what_another_run_has_written_is_not_lost(address: str) -> None:
    gather(address, ["a.png"])
    system, path = fsspec.core.url_to_fs(address, auto_mkdir=True)
    system.pipe_file(path, line("other.png"))
    with pytest.raises(
        OutputError, match="was written by another run since; name another file, or replace it by --force"
    ):
        begin_results(address, resume=True, force=False)
    with pytest.raises(OutputError, match="was written by another run meanwhile; what was read is in"):
        finish_results(address)
    assert stored(address) == line("other.png")
    assert gather(address, ["a.png"], force=True) == ["a.png"]
    finish_results(address)
    assert stored(address) == line("a.png")


def test_nothing_read_is_nothing_written(address: str, tmp_path: Path) -> None:
    assert gather(address, []) == []
    finish_results(address)
    system, path = fsspec.core.url_to_fs(address)
    assert not system.exists(path) and left(tmp_path) == []


@pytest.mark.slow
def test_the_command_writes_what_it_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], write_digit: Callable[..., Box]
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    page = np.full((160, 160, 3), 235, np.uint8)
    write_digit(page, 7, 40, 45, 70, 8)
    cv2.imwrite(str(tmp_path / "a.png"), page)
    address = f"file://{tmp_path}/box/results.jsonl"
    for options, message in (([], "wrote 1 rows"), (["--resume"], "wrote 0 rows"), ([], "error: ")):
        with pytest.raises(SystemExit):
            app(["read", str(tmp_path), "--workers", "1", "--output", address, *options], prog_name="mnist-edge")
        err = capsys.readouterr().err
        assert err.startswith(message) and address in err and len(err.splitlines()) == 1
        (row,) = stored(address).splitlines()
        assert json.loads(row)["text"] == ["7"] and left(tmp_path) == []
