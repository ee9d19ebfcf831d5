"""Pictures and videos behind addresses: listed and read as those of a folder, and every failure is one line."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.archive.storage import exists, read_any_video, read_picture, walk_address
from mnist_edge.camera.archive.walk import Found, is_address, walk, walk_all
from mnist_edge.camera.images import MAX_PIXELS
from mnist_edge.camera.video_files import has_readable_name
from mnist_edge.cli import app
from mnist_edge.errors import ImageError, PackageMissing, SourceError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box
from tests.camera.conftest import InkReader

fsspec: Any = pytest.importorskip("fsspec")
FILES = (
    "b.png",
    "a.png",
    "in/d.png",
    "in/deeper/c.avi",
    "notes.txt",
    ".hidden.png",
    ".hidden/e.png",
    "page.annotated.png",
)
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def page(write_digit: Callable[..., Box]) -> NDArray[np.uint8]:
    """A page that says 12."""
    image = np.full((160, 320, 3), 235, np.uint8)
    for column, label in enumerate((1, 2)):
        write_digit(image, label, 40 + 80 * column, 45, 70, 8)
    return image


@pytest.fixture
def folder(tmp_path: Path, page: NDArray[np.uint8], write_video: Callable[[Path, Sequence[Any]], Path]) -> Path:
    """A folder of everything that a walk comes upon."""
    root = tmp_path / "archive"
    for name in FILES:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(cv2.imencode(".png", page)[1].tobytes())
    write_video(root / "in/deeper/c.avi", [page] * 20)
    return root


@pytest.fixture
def memory(folder: Path) -> Iterator[str]:
    """The address of the same files in memory."""
    system = fsspec.filesystem("memory")
    system.put(str(folder), "/archive", recursive=True)
    yield "memory://archive"
    system.rm("/archive", recursive=True)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: object) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(["read", *map(str, arguments)], prog_name="mnist-edge")
        return int(ended.value.code or 0), *capsys.readouterr()

    return ran


class Failing(fsspec.AbstractFileSystem):  # type: ignore[misc]
    """A storage with one folder, of which nothing may be listed or read."""

    protocol = "failing"

    def info(self, path: str, **how: object) -> dict[str, object]:
        return {"name": path, "type": "file" if path.endswith(".png") else "directory", "size": 1}

    def ls(self, path: str, detail: bool = True, **how: object) -> list[object]:
        raise PermissionError("Forbidden:\nkey of nobody")

    def _open(self, path: str, mode: str = "rb", **how: object) -> Any:
        raise RuntimeError("the endpoint went away")


@pytest.fixture
def failing() -> str:
    fsspec.register_implementation("failing", Failing, clobber=True)
    return "failing://box"


@pytest.mark.parametrize("recursive", [True, False])
def test_what_is_found_is_what_is_found_in_a_folder(folder: Path, memory: str, recursive: bool) -> None:
    expected = [str(Path(one.source).relative_to(folder)) for one in walk(folder, recursive, has_readable_name)]
    assert len(expected) == (4 if recursive else 2)
    for address, prefix in ((memory, "memory:///archive/"), (f"file://{folder}", f"file://{folder}/")):
        found = [*walk_address(address, recursive, has_readable_name)]
        assert found == [Found(f"{prefix}{name}") for name in expected]
    both = walk_all([memory, f"{memory}/in", folder], recursive, has_readable_name)
    assert len([*both]) == 2 * len(expected) + (0 if recursive else 1)


def test_files_and_globs(memory: str) -> None:
    assert [*walk_address(f"{memory}/notes.txt", True, has_readable_name)] == [Found("memory:///archive/notes.txt")]
    found = [one.source for one in walk_address(f"{memory}/*.png", True, has_readable_name)]
    assert found == [f"memory:///archive/{name}" for name in (".hidden.png", "a.png", "b.png", "page.annotated.png")]
    assert all(exists(f"{memory}{rest}") for rest in ("", "/in", "/a.png", "/*.png"))
    assert not any(exists(f"{memory}{rest}") for rest in ("/x.png", "/*.jpg"))
    assert [is_address(name) for name in ("s3://b/x", "scans", "/a/b", "C:\\x", "a:b")] == [True] + [False] * 4


def test_pictures_and_videos_are_those_that_were_put_there(memory: str, page: NDArray[np.uint8]) -> None:
    assert (read_picture(f"{memory}/a.png", MAX_PIXELS) == page).all()
    with pytest.raises(ImageError, match=r"memory://archive/x\.png cannot be read: no such file"):
        read_picture(f"{memory}/x.png", MAX_PIXELS)
    with pytest.raises(ImageError, match=r"memory://archive/a\.png has 320x160 pixels, more than 100"):
        read_picture(f"{memory}/a.png", 100)
    (reading,) = filter(None, read_any_video(InkReader(), f"{memory}/in/deeper/c.avi", 9.0, MAX_PIXELS))
    assert (reading.source, reading.text) == (f"{memory}/in/deeper/c.avi", ("77",))
    system = fsspec.filesystem("memory")
    system.pipe("/archive/cut.avi", system.cat("/archive/in/deeper/c.avi")[:40])
    with pytest.raises(SourceError, match=r"^memory://archive/cut\.avi does not open as a video"):
        [*read_any_video(InkReader(), f"{memory}/cut.avi", 9.0, MAX_PIXELS)]


def test_the_command_reads_them(run: Run, memory: str) -> None:
    code, out, err = run(memory, f"{memory}/x", "--recursive", "--json", "--every", 9)
    assert (code, err) == (1, "error: memory://archive/x: there is no picture or video; give files, folders or globs\n")
    documents = [json.loads(line) for line in out.splitlines()]
    assert [(one["source"], one["text"]) for one in documents] == [
        (f"memory:///archive/{name}", ["12"]) for name in ("a.png", "b.png", "in/d.png", "in/deeper/c.avi")
    ]


@pytest.mark.slow
def test_processes_read_them_into_a_file_and_a_later_run_goes_on(run: Run, folder: Path, tmp_path: Path) -> None:
    output, address = tmp_path / "results.jsonl", f"file://{folder}"
    arguments = (address, "--recursive", "--workers", 1, "--every", 9, "--output", output)
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:40])
    assert run(*arguments)[0] == 1
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    texts = {row["source"].removeprefix(f"{address}/"): row.get("text") for row in rows}
    assert len(rows) == 5
    assert texts == {
        **{name: ["12"] for name in ("a.png", "b.png", "in/d.png", "in/deeper/c.avi")},
        "cut.png": None,
    }
    code, _, err = run(*arguments, "--resume")
    assert (code, err) == (0, f"wrote 0 rows to {output}; 5 files had theirs already\n")


def test_what_a_storage_refuses_is_one_line(run: Run, failing: str) -> None:
    assert run(failing) == (1, "", "error: failing://box cannot be listed: Forbidden: key of nobody\n")
    assert [*walk_address(failing, True, has_readable_name)] == [
        Found("failing://box", "failing://box cannot be listed: Forbidden: key of nobody")
    ]
    assert run(f"{failing}/a.png") == (1, "", "error: failing://box/a.png cannot be read: the endpoint went away\n")


def test_what_is_missing_is_named(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code, out, err = run("nowhere://box")
    assert (code, out, len(err.splitlines())) == (1, "", 1) and "nowhere" in err
    monkeypatch.setitem(sys.modules, "s3fs", None)
    with pytest.raises(PackageMissing, match=r"^s3fs is not installed; install it with: .*pip install s3fs$"):
        exists("s3://bucket/scans")
    monkeypatch.setitem(sys.modules, "fsspec", None)
    code, out, err = run("s3://bucket/scans", "--output", tmp_path / "x.jsonl")
    assert (code, out) == (1, "") and err.startswith("error: fsspec is not installed; install it with: ")
    assert err.endswith("pip install fsspec\n") and not [*tmp_path.iterdir()]


def test_forms_are_read_from_files(run: Run, memory: str) -> None:
    code, out, err = run(memory, "--form", "x.toml")
    assert (code, out) == (2, "") and "--form reads files of this machine" in err
