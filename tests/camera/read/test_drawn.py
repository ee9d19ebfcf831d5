"""What `mnist-edge read` draws: --annotate and --explain."""

from collections import Counter
from pathlib import Path

import pytest

from mnist_edge.camera.images import read_image
from mnist_edge.camera.palette import confidence_colour
from mnist_edge.opencv import cv2
from tests.camera.conftest import Read
from tests.camera.read.conftest import Draw


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
