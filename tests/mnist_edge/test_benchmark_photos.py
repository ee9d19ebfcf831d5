"""`mnist-edge benchmark --photos` as users call it, on generated pages."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.images import read_image, write_image
from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page

Invoke = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def folder(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pages with their truth, the second with a digit too many in its labels, and an empty page."""
    path = tmp_path_factory.mktemp("photos")
    rows: list[dict[str, Any]] = []
    for seed, tags in ((1, ["plain"]), (2, ["plain", "trap"])):
        scene = draw_page(digits.test, seed, Conditions(), width=640, height=480)
        write_image(path / f"{seed}.png", scene.image)
        truth = [{"label": one.label, "box": [*one.box]} for one in scene.digits]
        rows.append({"file": f"{seed}.png", "digits": truth, "reading_order_text": scene.text, "tags": tags})
    rows[1]["digits"] = [*rows[1]["digits"], *[{"label": 5, "box": [1, 1, 5, 9]}] * 20]
    write_image(path / "empty.png", np.full((120, 160, 3), 210, np.uint8))
    (path / "labels.json").write_text(json.dumps([*rows, {"file": "empty.png", "digits": []}]))
    return path


def test_tables(invoke: Invoke, folder: Path) -> None:
    code, out, err = invoke("benchmark", "--photos", folder)
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    assert ["small.int8"] in lines
    assert "2 pictures with 40 digits, 1 without" in out
    for label in ("F1", "recall", "precision", "label accuracy", "rows read exactly", "false digits", "median mill"):
        assert sum(line.strip().startswith(label) for line in out.splitlines()) == 1, label
    # The tag of the page with digits that are not there goes first.
    tags = [line for line in lines if line and line[0] in ("trap", "plain")]
    assert [tag[:3] for tag in tags] == [["trap", "1", "30"], ["plain", "2", "40"]]


def test_json_is_one_document_and_the_sheet_is_drawn(invoke: Invoke, folder: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "new" / "worst.png"
    code, out, err = invoke("benchmark", "small", "--photos", folder, "--sheet", sheet, "--json")
    assert (code, err) == (0, f"wrote {sheet}\n")
    (document,) = json.loads(out)
    assert out.count("\n") == 1
    assert (document["model"], document["threads"]) == ("small", 1)
    assert (document["photos"], document["negatives"], document["digits"], document["rows"]) == (2, 1, 40, 4)
    assert 0 < document["right"] <= 20 and document["rows_right"] <= 4
    assert [one["file"] for one in document["pictures"]] == ["1.png", "2.png", "empty.png"]
    assert all(one["milliseconds"] > 0 for one in document["pictures"])
    picture = read_image(str(sheet))
    assert picture.shape[1] > 1500 and picture.std() > 5


def test_models_side_by_side(invoke: Invoke, folder: Path) -> None:
    code, out, _ = invoke("benchmark", "small", "small.float32", "--photos", folder, "--json")
    assert code == 0
    assert [Path(one["file"]).name for one in json.loads(out)] == ["small.int8.tflite", "small.float32.tflite"]


@pytest.mark.parametrize(
    ("line", "code", "why"),
    [
        (("--sheet", "a.png"), 2, "--photos DIR"),
        (("--photos", "{}", "--csv", "a.csv"), 2, "--csv"),
        (("--photos", "{}", "--accuracy"), 2, "--accuracy"),
        (("--photos", "{}", "--data", "."), 2, "--data"),
        (("--finder", "finder"), 2, "--photos DIR"),
        (("--photos", "{}", "--finder", "nano"), 1, "nano.int8.tflite is no finder"),
        (("small", "nano", "--photos", "{}", "--sheet", "a.png"), 2, "name only one"),
        (("--photos", "{}", "--sheet", "a.txt"), 1, "use .png or .jpg"),
        (("--photos", "{}", "--sheet", "{}/1.png"), 1, "--force"),
        (("huge", "--photos", "{}"), 1, "'huge'"),
        (("--photos", "{}/nowhere"), 1, "labels.json cannot be read"),
    ],
)
def test_what_does_not_fit_is_one_line(
    invoke: Invoke,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    line: tuple[str, ...],
    code: int,
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    ended, out, err = invoke("benchmark", *(one.format(folder) for one in line))
    assert (ended, out) == (code, "")
    assert err.startswith("error: ") and why in err and err.count("\n") == 1
    assert {path: path.read_bytes() for path in folder.iterdir()} == before and list(tmp_path.iterdir()) == []


def test_a_picture_that_is_gone_is_named(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "labels.json").write_text('[{"file": "gone.png", "digits": []}]')
    code, out, err = invoke("benchmark", "--photos", tmp_path)
    assert (code, out) == (1, "")
    assert "gone.png" in err and err.count("\n") == 1
