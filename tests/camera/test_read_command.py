"""`mnist-edge read` as scripts use it: what is on stdout, what on stderr, and the exit code."""

import csv
import io
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.images import read_image
from mnist_edge.camera.palette import confidence_colour
from mnist_edge.cli import app
from mnist_edge.opencv import cv2
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


def test_annotated_pictures(read: Read, folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    ran = read(folder, "--annotate", out)
    assert ran.code == 0
    assert sorted(path.name for path in out.iterdir()) == ["a.annotated.png", "b.annotated.png"]
    assert ran.complaints == [f"wrote {out / 'a.annotated.png'}", f"wrote {out / 'b.annotated.png'}"]
    before, after = read_image(str(folder / "a.png")), read_image(str(out / "a.annotated.png"))
    assert before.shape == after.shape
    assert (before != after).any()


def test_a_second_run_replaces_its_own_pictures(read: Read, folder: Path, tmp_path: Path, draw: Draw) -> None:
    out = tmp_path / "out"
    for option in ("--annotate", "--explain"):
        assert read(folder / "a.png", option, out).code == 0
    first = {path.name: path.read_bytes() for path in out.iterdir()}
    assert sorted(first) == ["a.annotated.png", "a.explained.png"]
    cv2.imwrite(str(folder / "a.png"), draw("99"))
    for option in ("--annotate", "--explain"):
        assert read(folder / "a.png", option, out).code == 0
    second = {path.name: path.read_bytes() for path in out.iterdir()}
    assert sorted(second) == sorted(first) and all(first[name] != second[name] for name in first)


@pytest.mark.parametrize("content", [b"kept", b"", "a drawing"], ids=["no picture", "empty", "a picture"])
def test_a_file_that_it_did_not_draw_is_replaced_by_force_only(
    read: Read, folder: Path, tmp_path: Path, draw: Draw, content: bytes | str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    theirs = content if isinstance(content, bytes) else cv2.imencode(".png", draw("3"))[1].tobytes()
    (out / "b.annotated.png").write_bytes(theirs)
    ran = read("--json", folder, "--annotate", out)
    # Before anything is read, so that no reading is lost.
    assert (ran.code, ran.out, len(ran.complaints)) == (1, "", 1)
    assert "b.annotated.png exists already" in ran.err and "--force" in ran.err
    assert [path.read_bytes() for path in out.iterdir()] == [theirs]
    forced = read("--json", folder, "--annotate", out, "--force")
    assert (forced.code, len(forced.documents)) == (0, 2)
    assert read_image(str(out / "b.annotated.png")).shape == (160, 140, 3)


def test_pictures_of_one_name_are_drawn_apart_in_one_run_and_in_two(
    read: Read, folder: Path, tmp_path: Path, draw: Draw
) -> None:
    (folder / "more").mkdir()
    cv2.imwrite(str(folder / "more" / "a.png"), draw("789"))
    cv2.imwrite(str(folder / "a.jpg"), draw("4567"))
    widths = {"a.annotated.png": 220, "a-2.annotated.png": 300, "a-3.annotated.png": 380}
    pages = [folder / "a.png", folder / "more" / "a.png", folder / "a.jpg"]
    for out, runs in ((tmp_path / "one", [pages]), (tmp_path / "many", [[page] for page in pages * 2])):
        for run in runs:
            assert read(*run, "--annotate", out).code == 0
        assert {path.name: read_image(str(path)).shape[1] for path in out.iterdir()} == widths


def test_json_names_what_was_drawn_and_nothing_is_on_stderr(read: Read, folder: Path, tmp_path: Path) -> None:
    ran = read(folder / "a.png", "--json", "--annotate", tmp_path / "o", "--explain", tmp_path / "e")
    (document,) = ran.documents
    assert (ran.code, ran.err) == (0, "")
    assert document["annotated"] == str(tmp_path / "o" / "a.annotated.png")
    assert document["explained"] == str(tmp_path / "e" / "a.explained.png")
    assert "annotated" not in read(folder / "a.png", "--json").documents[0]


def test_refused_ink_is_drawn_with_details_only(read: Read, folder: Path, tmp_path: Path) -> None:
    page = read_image(str(folder / "a.png"))
    runs = [
        read(folder / "a.png", "--json", "--min-confidence", 1, "--annotate", tmp_path / way, *options)
        for way, options in (("plain", ()), ("detailed", ("--details",)))
    ]
    assert [run.code for run in runs] == [0, 0]
    refused = runs[0].documents[0]["rejected"]
    assert runs[0].documents[0]["digits"] == [] and {one["label"] for one in refused} >= {1, 2}
    for one in refused:
        assert set(one) == {"box", "reason", "label", "confidence", "score", "probability"}
        assert one["reason"] in ("not a digit", "low confidence") and one["confidence"] < 1
    first, second = (read_image(run.documents[0]["annotated"]) for run in runs)
    assert (first == page).all() and (first != second).any()
    ran = read(folder / "a.png", "--details")
    assert ran.code == 2 and "--annotate" in ran.err


def test_annotating_into_a_file_is_refused(read: Read, folder: Path) -> None:
    ran = read(folder / "a.png", "--annotate", folder / "notes.txt")
    assert (ran.code, ran.out, len(ran.complaints)) == (1, "", 1)
    assert "notes.txt is no folder" in ran.err


@pytest.mark.slow
def test_all_stages_are_explained_on_one_sheet_with_a_crop_for_each_detection(
    read: Read, folder: Path, tmp_path: Path, draw: Draw
) -> None:
    heights = []
    for text in ("12", "1234567"):
        cv2.imwrite(str(folder / "a.png"), draw(text))
        ran = read(folder / "a.png", "--explain", tmp_path / "stages")
        sheet = read_image(str(tmp_path / "stages" / "a.explained.png"))
        assert ran.code == 0 and sheet.shape[1] == 1680
        # Each digit is framed in its colour as a detection, in the reading, and as a crop.
        colours = Counter(map(tuple, sheet.reshape(-1, 3).tolist()))
        assert sum(colours[confidence_colour(p / 100)] for p in range(70, 100)) > 400 * len(text)
        heights.append(sheet.shape[0] - 2 * round(160 * min(4, 816 / (60 + 80 * len(text)))))
    # Seven crops stand in two rows.
    assert heights[1] > heights[0] + 84


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
