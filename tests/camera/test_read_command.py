"""`mnist-edge read` as scripts use it: what is on stdout, what on stderr, and the exit code."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.images import read_image
from mnist_edge.camera.opencv import cv2
from mnist_edge.camera.reader.explain import STAGES
from mnist_edge.cli import app
from mnist_edge.reading import Box

Image = NDArray[np.uint8]
Draw = Callable[[str], Image]


class Run(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaints(self) -> list[str]:
        return self.err.splitlines()


Read = Callable[..., Run]


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Read:
    def run(*arguments: object) -> Run:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(["read", *map(str, arguments)], prog_name="mnist-edge")
        code = ended.value.code
        return Run(code if isinstance(code, int) else int(code is not None), *capsys.readouterr())

    return run


@pytest.fixture
def draw(write_digit: Callable[..., Box]) -> Draw:
    def page(text: str) -> Image:
        image = np.full((160, 60 + 80 * max(1, len(text)), 3), 235, np.uint8)
        for column, label in enumerate(text):
            write_digit(image, int(label), 40 + 80 * column, 45, 70, 8)
        return image

    return page


@pytest.fixture
def folder(tmp_path: Path, draw: Draw) -> Path:
    """`a.png` says 12, `b.jpg` says 7, and there is a text file."""
    cv2.imwrite(str(tmp_path / "a.png"), draw("12"))
    cv2.imwrite(str(tmp_path / "b.jpg"), draw("7"))
    (tmp_path / "notes.txt").write_text("no picture")
    return tmp_path


def test_people_get_the_text_of_each_picture(read: Read, folder: Path) -> None:
    ran = read(folder / "a.png", folder / "b.jpg")
    assert (ran.code, ran.err) == (0, "")
    head, text, other, seven = ran.out.splitlines()
    assert head.startswith(f"{folder / 'a.png'}: 2 digits, ")
    assert other.startswith(f"{folder / 'b.jpg'}: 1 digit, ")
    assert (text, seven) == ("  12", "  7")


def test_json_is_one_document_a_picture_and_nothing_else(read: Read, folder: Path) -> None:
    ran = read("--json", folder / "a.png", folder / "b.jpg")
    assert (ran.code, ran.err) == (0, "")
    first, second = ran.documents
    assert [first["text"], second["text"]] == [["12"], ["7"]]
    assert first["source"] == str(folder / "a.png")
    assert (first["width"], first["height"]) == (220, 160)
    assert first["model"] == "small"
    for digit, x in zip(first["digits"], (64, 120), strict=True):
        assert 0.7 <= digit["confidence"] <= 1
        assert abs(digit["box"][0] - x) < 10
        assert digit["row"] == 0


def test_a_process_prints_nothing_else_either(folder: Path) -> None:
    command = [sys.executable, "-m", "mnist_edge", "read", "--json", "-", str(folder / "b.jpg")]
    ran = subprocess.run(command, input=(folder / "a.png").read_bytes(), capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert [json.loads(line)["text"] for line in ran.stdout.splitlines()] == [["12"], ["7"]]


def test_standard_input(read: Read, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO((folder / "a.png").read_bytes())))
    ran = read("--json", "-", "--annotate", tmp_path / "out")
    assert ran.code == 0
    assert [(one["source"], one["text"]) for one in ran.documents] == [("-", ["12"])]
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["stdin.png"]


def test_empty_standard_input_is_said(read: Read, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO()))
    assert read("-") == (1, "", "error: standard input is empty\n")


@pytest.mark.parametrize("argument", ["", "*", "[ab].*"], ids=["folder", "glob", "glob with a class"])
def test_folders_and_globs(read: Read, folder: Path, argument: str) -> None:
    if argument == "*":
        (folder / "notes.txt").unlink()
    ran = read("--json", folder / argument)
    assert (ran.code, [one["text"] for one in ran.documents]) == (0, [["12"], ["7"]])


@pytest.mark.parametrize("bad", ["notes.txt", "missing.png", "empty.png", "cut.png"])
def test_one_bad_picture_does_not_stop_the_others(read: Read, folder: Path, bad: str) -> None:
    (folder / "empty.png").touch()
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:40])
    ran = read("--json", folder / "a.png", folder / bad, folder / "b.jpg")
    assert ran.code == 1
    assert [one["text"] for one in ran.documents] == [["12"], ["7"]]
    assert len(ran.complaints) == 1
    assert ran.err.startswith("error: ") and bad in ran.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.png"], "missing.png: no such file"),
        (["*.webp"], "no such file"),
        (["a.png", "--model", "huge"], "huge"),
        (["a.png", "--model", "notes.txt"], "notes.txt"),
        (["a.png", "--runtime", "abacus"], "abacus"),
    ],
    ids=["file", "glob", "model", "no model", "runtime"],
)
def test_what_is_not_there_is_one_line_and_exit_1(
    read: Read, folder: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(folder)
    ran = read(*arguments)
    assert (ran.code, ran.out, len(ran.complaints)) == (1, "", 1)
    assert ran.err.startswith("error: ") and message in ran.err


@pytest.mark.parametrize("arguments", [["--min-confidence", "1.5", "x.png"], ["--threads", "0", "x.png"], []])
def test_wrong_usage_is_exit_2(read: Read, arguments: list[str]) -> None:
    ran = read(*arguments)
    assert (ran.code, ran.out, len(ran.complaints)) == (2, "", 1)


def test_least_confidence(read: Read, folder: Path) -> None:
    counts = [
        len(read("--json", folder / "a.png", "--min-confidence", least).documents[0]["digits"]) for least in (0, 0.8, 1)
    ]
    assert counts[0] >= counts[1] == 2 >= counts[2]
    strict = read("--json", folder / "a.png", "--min-confidence", 1).documents[0]
    assert all(digit["confidence"] == 1 for digit in strict["digits"])


def test_nothing_written_is_a_result_and_no_error(read: Read, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    for name, image in (("white.png", np.full((200, 300, 3), 255, np.uint8)), ("noise.png", noise)):
        cv2.imwrite(str(tmp_path / name), image)
    ran = read("--json", tmp_path)
    assert (ran.code, ran.err) == (0, "")
    assert [(one["text"], one["digits"]) for one in ran.documents] == [([], []), ([], [])]


def test_annotated_pictures(read: Read, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    assert read(folder, "--annotate", out).code == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.png.png", "b.jpg.png"]
    before, after = read_image(str(folder / "a.png")), read_image(str(out / "a.png.png"))
    assert before.shape == after.shape
    assert (before != after).any()


def test_annotating_refuses_to_overwrite_before_anything_is_read(read: Read, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "b.jpg.png").write_bytes(b"kept")
    ran = read("--json", folder, "--annotate", out)
    assert (ran.code, ran.out, len(ran.complaints)) == (1, "", 1)
    assert "b.jpg.png exists already" in ran.err and "--force" in ran.err
    assert [path.read_bytes() for path in out.iterdir()] == [b"kept"]
    forced = read("--json", folder, "--annotate", out, "--force")
    assert (forced.code, len(forced.documents)) == (0, 2)
    assert read_image(str(out / "b.jpg.png")).shape == (160, 140, 3)


def test_pictures_of_one_name_are_annotated_apart(read: Read, folder: Path, tmp_path: Path, draw: Draw) -> None:
    (folder / "more").mkdir()
    cv2.imwrite(str(folder / "more" / "a.png"), draw("789"))
    out = tmp_path / "out"
    assert read(folder / "a.png", folder / "more" / "a.png", "--annotate", out).code == 0
    assert {path.name: read_image(str(path)).shape[1] for path in out.iterdir()} == {
        "a.png.png": 220,
        "a.png-2.png": 300,
    }


def test_annotating_into_a_file_is_refused(read: Read, folder: Path) -> None:
    ran = read(folder / "a.png", "--annotate", folder / "notes.txt")
    assert (ran.code, ran.out, len(ran.complaints)) == (1, "", 1)
    assert "notes.txt is no folder" in ran.err


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_explained_stages(read: Read, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "stages"
    page = sorted(folder.iterdir())[0]
    run = read(page, "--explain", out)
    assert run.code == 0
    assert sorted(path.name for path in out.iterdir()) == [f"{page.name}.{stage}.png" for stage in STAGES]
    pictures = [read_image(str(path)) for path in sorted(out.iterdir())]
    frame = read_image(str(page))
    assert all(picture.shape == frame.shape for picture in pictures[:4])
    assert set(np.unique(pictures[1])) == {0, 255}
    # A frame round each crop: green where it was read.
    green = (pictures[4] == (40, 150, 20)).all(axis=2)
    assert green.sum() > 100
    assert read(page, "--explain", out).complaints[0].startswith("error:")
    assert read(page, "--explain", out, "--force").code == 0


def test_a_name_that_is_no_text_is_read_all_the_same(read: Read, tmp_path: Path, draw: Draw) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9 7.png"
    Path(os.fsdecode(path)).write_bytes(cv2.imencode(".png", draw("7"))[1].tobytes())
    for arguments in (["--json"], []):
        ran = read(*arguments, tmp_path)
        ran.out.encode()
        assert (ran.code, ran.err) == (0, "")
        assert "caf\N{REPLACEMENT CHARACTER} 7.png" in ran.out


def test_help_shows_an_example(read: Read) -> None:
    ran = read("--help")
    assert ran.code == 0
    assert "Example: mnist-edge read " in ran.out
    assert "--annotate" in ran.out


def test_more_ink_than_is_looked_at_is_said(read: Read, tmp_path: Path) -> None:
    page = np.full((1200, 1600, 3), 235, np.uint8)
    for y in range(4, 1180, 15):
        for x in range(4, 1590, 12):
            cv2.ellipse(page, (x + 3, y + 5), (3, 5), 0, 0, 250, (20, 20, 20), 1)
    cv2.imwrite(str(tmp_path / "print.png"), page)
    ran = read("--json", tmp_path / "print.png")
    assert ran.documents[0]["limited"]
    assert ran.complaints == [f"note: {tmp_path}/print.png holds more ink than is looked at; digits may be missing"]
