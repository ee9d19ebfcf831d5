"""`mnist-edge read` as scripts use it: what is on stdout, what on stderr, and the exit code."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.cli import app
from mnist_edge.opencv import cv2
from tests.camera.conftest import Read
from tests.camera.read.conftest import Draw


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
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["stdin.annotated.png"]


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
        (["a.png", "--finder", "missing.tflite"], "no model missing.tflite"),
        (["a.png", "--finder", "small"], "small.int8.tflite is no finder"),
        (["a.png", "--model", "finder"], "finder.int8.tflite is no classifier"),
        (["a.png", "--runtime", "abacus"], "abacus"),
    ],
    ids=["file", "glob", "model", "no model", "no finder", "a classifier", "a finder", "runtime"],
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


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux only")
def test_a_name_that_is_no_text_is_read_all_the_same(read: Read, tmp_path: Path, draw: Draw) -> None:
    path = os.fsencode(tmp_path) + b"/caf\xe9 7.png"
    Path(os.fsdecode(path)).write_bytes(cv2.imencode(".png", draw("7"))[1].tobytes())
    for arguments in (["--json"], ["--csv"], []):
        ran = read(*arguments, tmp_path)
        assert (ran.code, ran.err) == (0, "")
        assert r"caf\udce9 7.png" in ran.out and ran.out.isascii()
    # A program opens the file by what it read.
    assert Path(json.loads(read("--json", tmp_path).out)["source"]).is_file()


def test_folders_of_folders(read: Read, folder: Path, draw: Draw) -> None:
    (folder / "x" / "y").mkdir(parents=True)
    (folder / ".thumbnails").mkdir()
    cv2.imwrite(str(folder / "x" / "y" / "c.png"), draw("5"))
    cv2.imwrite(str(folder / ".thumbnails" / "d.png"), draw("8"))
    ran = read("--text", "--recursive", folder)
    assert (ran.code, ran.out, ran.err) == (0, "12\n7\n5\n", "")
    assert read("--text", folder).out == "12\n7\n"
    ran = read("--text", folder / "x")
    assert ran.code == 1 and "--recursive" in ran.err
    assert read("--text", "--recursive", folder / "x").out == "5\n"


def test_a_folder_holds_neither_hidden_files_nor_what_was_drawn_of_others(read: Read, folder: Path, draw: Draw) -> None:
    cv2.imwrite(str(folder / ".a-x1y2z3.png"), draw("3"))
    for option in ("--annotate", "--explain"):
        assert read(folder / "a.png", option, folder).code == 0
    assert read("--text", folder).out == "12\n7\n"
    # Whoever names one means it.
    assert read("--text", folder / ".a-x1y2z3.png").out == "3\n"


def test_csv_is_a_header_and_a_line_a_digit(read: Read, folder: Path) -> None:
    white = np.full((100, 100, 3), 255, np.uint8)
    cv2.imwrite(str(folder / "c.png"), white)
    ran = read("--csv", folder)
    assert (ran.code, ran.err) == (0, "")
    rows = list(csv.DictReader(ran.out.splitlines()))
    documents = read("--json", folder).documents
    digits = [(one["source"], digit) for one in documents for digit in one["digits"]]
    assert len(rows) == len(digits) == 3
    for row, (source, digit) in zip(rows, digits, strict=True):
        assert row["source"] == source
        assert [int(row[name]) for name in ("x", "y", "width", "height")] == digit["box"]
        assert [int(row["label"]), int(row["row"])] == [digit["label"], digit["row"]]
        assert float(row["confidence"]) == digit["confidence"]
        second = {"label": int(row["runner_up"]), "probability": float(row["runner_up_probability"])}
        assert second == digit["runner_up"] and second["label"] != digit["label"]


@pytest.mark.parametrize(
    "modes", [("--json", "--text"), ("--csv", "--json"), ("--text", "--csv"), ("--labels", "x", "-")]
)
def test_what_excludes_each_other_is_wrong_usage(read: Read, folder: Path, modes: tuple[str, ...]) -> None:
    ran = read(folder / "a.png", *modes)
    assert (ran.code, ran.out, len(ran.complaints)) == (2, "", 1)


def test_labels_to_correct_score_in_full_until_they_are_corrected(
    read: Read, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    labels = folder / "labels.json"
    ran = read("--text", folder, "--labels", labels)
    assert (ran.code, ran.out, ran.err) == (0, "12\n7\n", f"wrote {labels}\n")
    rows = json.loads(labels.read_text())
    assert [(row["file"], row["reading_order_text"]) for row in rows] == [("a.png", ["12"]), ("b.jpg", ["7"])]
    # One line a digit, for whoever corrects it by hand.
    assert sum('"label"' in line for line in labels.read_text().splitlines()) == 3
    assert read(folder, "--labels", labels).code == 1 and json.loads(labels.read_text()) == rows
    shares = []
    for label in (rows[0]["digits"][0]["label"], 9):
        rows[0]["digits"][0]["label"] = label
        labels.write_text(json.dumps(rows))
        with pytest.raises(SystemExit):
            app(["benchmark", "--photos", str(folder), "--json"], prog_name="mnist-edge")
        (report,) = json.loads(capsys.readouterr().out)
        shares.append((report["digits"], report["right"]))
    assert shares == [(3, 3), (3, 2)]
    assert read(folder, "--labels", tmp_path / "new" / "l.json").code == 0
    assert json.loads((tmp_path / "new" / "l.json").read_text())[0]["file"] == "../a.png"


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


def test_a_folder_called_as_the_model_does_not_hide_it(
    read: Read, draw: Draw, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small").mkdir()
    cv2.imwrite("page.png", draw("7"))
    assert read("page.png", "--json").documents[0]["text"] == ["7"]
    code, _, err = read("page.png", "--model", "./small")
    assert code == 1 and err.startswith("error: small is a folder without model.keras, so it is no run;")
