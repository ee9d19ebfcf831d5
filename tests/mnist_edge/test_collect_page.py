"""`docs/collect.md`: every command on the page, in its order, for digits and for letters."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from mnist_edge.models import batches, fine_tune, fine_tune_figures
from mnist_edge.models.collected import LIST
from tests.letters import page_of, pictures_of
from tests.mnist_edge.test_train_extra import PAGES

pytestmark = pytest.mark.slow

Invoke = Callable[..., tuple[int, str, str]]
PAGE = Path(__file__).parents[2] / "docs" / "collect.md"
LETTERS, ROWS = "AEHKLMTU", ("HAMLET", "KATE", "MUT")


def commands(heading: str) -> list[list[str]]:
    """The commands of the page, before or from a heading on."""
    whole = PAGE.read_text(encoding="utf-8")
    before, _, after = whole.partition("## Letters\n")
    part = after if heading == "letters" else before
    lines = [line for line in part.splitlines() if line.startswith("mnist-edge ")]
    return [shlex.split(line, comments=True)[1:] for line in lines]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, invoke: Invoke) -> Callable[[list[str]], None]:
    """Runs a command in a folder of its own, the camera on the pictures in `pages`, and short trainings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(fine_tune, "STEPS", 30)
    monkeypatch.setattr(fine_tune_figures, "PROBES", 50)
    monkeypatch.setattr(batches, "FINE_TUNING_NON_DIGITS", 100)
    (tmp_path / "pages").mkdir()

    def run(command: list[str]) -> None:
        short = ["--epochs", "3"] if "--extra" in command else ["--epochs", "20", "--batch-size", "32"]
        more = {"camera": ["--source", "pages", "--no-window"], "train": short}
        code, _, err = invoke(*command, *more.get(command[0], []))
        assert code == 0, f"{command}: {err}"

    return run


def test_of_digits(
    desk: Callable[[list[str]], None], idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNIST_EDGE_DATA", str(idx_folder))
    for number, page in enumerate(PAGES):
        cv2.imwrite(str(tmp_path / "pages" / f"{number:02}.png"), page)
    first, *others = commands("digits")
    assert [command[0] for command in (first, *others)] == ["camera", "train", "export", "verify", "camera"]
    desk(first)
    for command in others:
        # The data of the tests are not those that the model was made with.
        desk([*command, "--data", str(idx_folder)] if command[0] != "camera" else command)


def test_of_letters(desk: Callable[[list[str]], None], tmp_path: Path, invoke: Invoke) -> None:
    pictures_of(tmp_path / "letters", LETTERS)
    for number in range(4):
        cv2.imwrite(str(tmp_path / "pages" / f"{number}.png"), page_of(*ROWS, seed=number))
    steps = commands("letters")
    assert [command[0] for command in steps] == ["train", "export", "camera", "train", "export", "verify", "camera"]
    for command in steps[:3]:
        desk(command)
    folder = tmp_path / "collected-letters"
    lines = [json.loads(line) for line in (folder / LIST).read_text().splitlines()]
    assert len(lines) >= 40 and {line["name"] for line in lines if line["label"] is not None} <= set(LETTERS)
    with (folder / LIST).open("a") as file:
        file.writelines(json.dumps(line | {"corrected": line.get("name") or -1}) + "\n" for line in lines)
    for command in steps[3:]:
        desk(command)
    run = tmp_path / "runs" / "two-conv-extra-seed0"
    metrics = json.loads((run / "metrics.json").read_text())
    learned = metrics["fine_tuning"]
    assert learned["images"] == learned["corrected"] == len(lines)
    assert learned["after"]["test_accuracy"] >= learned["before"]["test_accuracy"] - 0.02
    code, out, err = invoke(
        "read", tmp_path / "pages" / "0.png", "--model", run / "two-conv-extra.int8.tflite", "--json"
    )
    found = "".join(digit["name"] for digit in json.loads(out)["digits"])
    expected = "".join(ROWS)
    assert code == 0 and sum(a == b for a, b in zip(found, expected, strict=False)) >= 0.8 * len(expected), err
    assert np.isclose(len(found), len(expected), atol=2)
