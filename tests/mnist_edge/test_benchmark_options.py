"""What `benchmark --suite` and `--profile` take, and what they refuse before anything is measured."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.classifier import Classifier
from mnist_edge.tflite_graph import read_graph

Invoke = Callable[..., tuple[int, str, str]]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--suite", "session", "--accuracy"),
            "it takes --threads, --runs, --pages, --photos",
        ),
        (("--python", "python3"), "add --suite DIR"),
        (("--pages", "5"), "add --suite DIR"),
        (("--suite", "session", "--pages", "5", "--threads", "2"), "it takes --python and --data only"),
        (("--suite", "session", "--photos", "photos", "nano"), "it takes --python and --data only"),
        (("--suite", "session", "--pages", "0"), "there is nothing to read"),
        (("--profile", "profile.jpg"), "end in .png"),
        (("--profile", "profile.png", "nano", "small"), "takes one model"),
    ],
)
def test_what_does_not_fit_is_one_line(
    invoke: Invoke, arguments: tuple[str, ...], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = invoke("benchmark", *arguments)
    assert code == 2 and not out
    assert message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_session_that_is_there_is_not_replaced(invoke: Invoke, tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    code, _, err = invoke("benchmark", "--suite", tmp_path)
    assert code != 0 and "--force" in err
    assert (tmp_path / "results.json").read_text() == "{}"


def test_a_profile_is_a_document_and_a_picture(invoke: Invoke, tmp_path: Path) -> None:
    picture = tmp_path / "profile.png"
    code, out, _ = invoke("benchmark", "--profile", picture, "nano", "--json")
    document = json.loads(out)
    assert code == 0 and picture.read_bytes().startswith(b"\x89PNG")
    names = [one.name for one in read_graph(Classifier("nano").interpreter)]
    assert [part["name"] for part in document["operators"]] == names
    assert {"crop", "classifier"} <= {part["name"] for part in document["stages"]}
