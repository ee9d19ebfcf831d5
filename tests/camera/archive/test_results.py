"""The file of results: whole lines whatever happens, and what is in it is known again."""

import errno
import json
import os
import resource
from pathlib import Path

import pytest

from mnist_edge.camera.archive.results import Sources, digest, open_results
from mnist_edge.errors import OutputError


def line(source: str, size: int = 0) -> bytes:
    return json.dumps({"source": source, "model": "small", "filler": "x" * size}).encode() + b"\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with rows of `a.png` and `b.png`."""
    path = tmp_path / "new" / "results.jsonl"
    with open_results(path) as results:
        results.begin()
        assert (len(results.done), results.model) == (0, None)
        for name in ("a.png", "b.png"):
            results.append(line(name))
    assert path.read_bytes() == line("a.png") + line("b.png")
    return path


def test_what_it_has_is_known_again(file: Path) -> None:
    with open_results(file, resume=True) as results:
        results.begin()
        assert [name in results.done for name in ("a.png", "b.png", "c.png", "a.pn", "")] == [True, True] + [False] * 3
        assert (len(results.done), results.model) == (2, "small")
        results.append(line("c.png"))
    assert file.read_bytes() == b"".join(map(line, ("a.png", "b.png", "c.png")))


@pytest.mark.parametrize("torn", [b"{", line("c.png")[:-1], b"\0" * 100])
def test_what_a_power_cut_left_of_a_line_is_taken_away(file: Path, torn: bytes) -> None:
    whole = file.read_bytes()
    file.write_bytes(whole + torn)
    with open_results(file, resume=True) as results:
        assert "c.png" not in results.done
        results.begin()
        results.append(line("c.png"))
    assert file.read_bytes() == whole + line("c.png")


@pytest.mark.parametrize("torn", [b"", b'{"sour'])
def test_what_a_power_cut_left_of_a_video_is_taken_away(file: Path, torn: bytes) -> None:
    rows = [json.dumps({"source": "c.avi", "seconds": at, "last": at == 2}).encode() + b"\n" for at in range(3)]
    whole = file.read_bytes()
    file.write_bytes(whole + b"".join(rows[:2]) + torn)
    with open_results(file, resume=True) as results:
        assert "c.avi" not in results.done and "b.png" in results.done
        results.begin()
        results.append(b"".join(rows))
    assert file.read_bytes() == whole + b"".join(rows)
    with open_results(file, resume=True) as results:
        assert "c.avi" in results.done


@pytest.mark.parametrize("wrong", [b"no json\n", b"[]\n", b'{"file": "a.png"}\n', b'{"source": 7}\n', b"\xff\n", b"\n"])
def test_what_is_no_file_of_results_is_left_alone(file: Path, wrong: bytes) -> None:
    content = file.read_bytes() + wrong
    file.write_bytes(content)
    with (
        pytest.raises(OutputError, match=r"results\.jsonl, line 3, is no result of `read`"),
        open_results(file, resume=True),
    ):
        pass
    assert file.read_bytes() == content


def test_nothing_is_replaced_unasked_nor_before_it_begins(file: Path) -> None:
    before = file.read_bytes()
    with pytest.raises(OutputError, match="--resume, or replace it by --force"), open_results(file):
        pass
    with pytest.raises(OutputError, match="a model"), open_results(file, force=True) as results:
        assert "a.png" not in results.done
        raise OutputError("a model that is not there")
    assert file.read_bytes() == before
    with open_results(file, force=True) as results:
        results.begin()
        results.append(line("z.png"))
    assert file.read_bytes() == line("z.png")


def test_a_second_one_is_refused(file: Path) -> None:
    with (
        open_results(file, resume=True),
        pytest.raises(OutputError, match=f"is being written by process {os.getpid()}"),
        open_results(file, force=True),
    ):
        pass


def test_a_file_without_a_line_does_not_stay(tmp_path: Path) -> None:
    with open_results(tmp_path / "results.jsonl"):
        assert (tmp_path / "results.jsonl").exists()
    assert not [*tmp_path.iterdir()]
    with pytest.raises(OutputError, match="is no file"), open_results(tmp_path):
        pass


def test_a_disk_that_is_full_in_the_middle_of_a_line(file: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = file.read_bytes()
    with open_results(file, resume=True) as results:
        results.begin()
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 50, limits[1]))
        try:
            with pytest.raises(OSError) as raised:
                results.append(line("c.png", size=1000))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        assert (raised.value.errno, raised.value.filename) == (errno.EFBIG, str(file))
        assert file.read_bytes() == before
        results.append(line("d.png"))
    assert file.read_bytes() == before + line("d.png")


def test_paths_are_told_apart_by_16_bytes_each() -> None:
    names = [os.fsdecode(b"caf\xe9%d.png" % number) for number in range(5000)]
    marks = b"".join(map(digest, names))
    assert len(marks) == 16 * len(names)
    sources = Sources(marks)
    assert all(name in sources for name in names)
    assert not any(f"{name}x" in sources for name in names)
