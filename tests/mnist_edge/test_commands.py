"""The commands for data, training, evaluation and the models that ship, and the whole path, as users call them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.dataset import load
from mnist_edge.opencv import cv2
from mnist_edge.shipped_models import resolve_shipped

Invoke = Callable[..., tuple[int, str, str]]
RUN_FILES = {"model.keras", "settings.json", "metrics.json", "curves.png", "confusion.png"}


@pytest.fixture(scope="module")
def run_folder(idx_folder: Path, invoke: Invoke, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An mlp, one epoch, by the command."""
    folder = tmp_path_factory.mktemp("command") / "mlp"
    code, out, err = invoke("train", "mlp", "--epochs", 1, "--seed", 3, "--data", idx_folder, "--output", folder)
    assert code == 0, err
    assert "mlp, seed 3" in out and "test accuracy" in out
    return folder


def is_picture(path: Path, least: int = 300) -> bool:
    image: Any = cv2.imread(str(path))
    return image is not None and min(image.shape[:2]) >= least and image.std() > 5


def test_data_describes_what_is_there(invoke: Invoke, idx_folder: Path) -> None:
    code, out, err = invoke("data", "--data", idx_folder, "--json")
    assert code == 0
    document = json.loads(out)
    expected = {"name": idx_folder.name, "path": str(idx_folder), "training": 640, "validation": 160, "test": 359}
    assert document == expected | {"sha256": load(idx_folder).sha256, "classes": list("0123456789")}
    other, look, drawn = err.splitlines()
    assert other.startswith("note: ") and "is not MNIST" in other
    assert "light ink on a dark background, as MNIST has it" in look
    assert "160 for validation are drawn from the 800 training images" in drawn


def test_data_shows_a_table(invoke: Invoke, idx_folder: Path) -> None:
    code, out, _ = invoke("data", "--data", idx_folder)
    assert code == 0
    split, images, *counts = next(line for line in out.splitlines() if "validation" in line).split()
    assert (split, images) == ("validation", "160")
    assert sum(map(int, counts)) == 160 and len(counts) == 10


def test_data_that_is_not_there(invoke: Invoke, tmp_path: Path) -> None:
    code, out, err = invoke("data", "--data", tmp_path / "nowhere")
    assert (code, out) == (1, "")
    assert err == f"error: there is no folder {tmp_path / 'nowhere'}; check --data and MNIST_EDGE_DATA\n"


def test_train_writes_a_run_folder(run_folder: Path, idx_folder: Path) -> None:
    assert {path.name for path in run_folder.iterdir()} == RUN_FILES
    metrics = json.loads((run_folder / "metrics.json").read_text())
    assert (metrics["recipe"]["name"], metrics["seed"], len(metrics["epochs"])) == ("mlp", 3, 1)
    assert metrics["data"]["sha256"] == load(idx_folder).sha256
    assert is_picture(run_folder / "curves.png") and is_picture(run_folder / "confusion.png")


def test_train_in_json(invoke: Invoke, idx_folder: Path, tmp_path: Path) -> None:
    options = ("--epochs", 2, "--batch-size", 400, "--data", idx_folder, "--output", tmp_path / "run", "--json")
    code, out, _ = invoke("train", "mlp", *options)
    document = json.loads(out)
    assert code == 0 and out.count("\n") == 1
    assert document["folder"] == str(tmp_path / "run")
    assert (document["recipe"], document["seed"], document["epochs"]) == ("mlp", 0, 2)
    assert document["test"]["images"] == 359
    metrics = json.loads((tmp_path / "run" / "metrics.json").read_text())
    assert metrics["recipe"]["batch_size"] == 400
    assert document["kept_epoch"] == metrics["kept_epoch"]


def test_train_does_not_overwrite(invoke: Invoke, run_folder: Path, idx_folder: Path) -> None:
    before = (run_folder / "model.keras").read_bytes()
    code, out, err = invoke("train", "mlp", "--epochs", 1, "--data", idx_folder, "--output", run_folder)
    assert (code, out) == (1, "")
    assert "exists already" in err and "--force" in err
    assert (run_folder / "model.keras").read_bytes() == before


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("resnet",), "there is no recipe 'resnet'; choose one of: mlp, "),
        (("all",), "--compare"),
        (("mlp", "--compare"), "train all --compare"),
    ],
)
def test_train_wrongly_used_does_not_even_look_for_data(
    invoke: Invoke, tmp_path: Path, line: tuple[str, ...], why: str
) -> None:
    code, out, err = invoke("train", *line, "--data", tmp_path / "nowhere")
    assert (code, out) == (2, "")
    assert why in err and err.count("\n") == 1


@pytest.mark.slow
def test_all_recipes_side_by_side(
    invoke: Invoke, idx_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_edge.models.recipes.CLASSIC", ("mlp", "two-conv"))
    line = ("train", "all", "--compare", "--epochs", 3, "--data", idx_folder, "--output", tmp_path)
    code, out, err = invoke(*line)
    assert code == 0, err
    for words in ("mlp", "two-conv", "225,034", "101,770", "2,631,0", "recipes.png"):
        assert words in out
    assert is_picture(tmp_path / "recipes.png", least=200)
    code, out, _ = invoke(*line, "--json")
    results = json.loads(out)
    assert code == 0 and [result["recipe"] for result in results] == ["mlp", "two-conv"]
    assert results == json.loads((tmp_path / "recipes.json").read_text())["recipes"]


def test_evaluate_gives_the_same_for_keras_and_tflite(
    invoke: Invoke, run_folder: Path, idx_folder: Path, tmp_path: Path
) -> None:
    tflite = tmp_path / "mlp.float32.tflite"
    assert invoke("export", run_folder, "--data", idx_folder, "--output", tflite)[0] == 0
    documents = []
    for model in (run_folder, run_folder / "model.keras", tflite):
        code, out, _ = invoke("evaluate", model, "--data", idx_folder, "--json")
        assert code == 0
        documents.append(json.loads(out))
    keras, same, lite = documents
    assert keras == same
    assert (keras["images"], keras["accuracy"]) == (359, keras["correct"] / 359)
    for key in ("model", "images", "correct", "accuracy", "per_class", "confusion"):
        assert lite[key] == keras[key], key
    # The .tflite is scaled by its temperature, which makes its loss lower and never much higher.
    assert keras["temperature"] == 1 != lite["temperature"]
    assert lite["loss"] < keras["loss"] + 0.01 and lite["ece"] >= 0
    assert keras["runtime"].startswith("keras ") and lite["runtime"].startswith("ai-edge-litert ")
    assert sum(map(sum, keras["confusion"])) == 359
    assert keras["correct"] == json.loads((run_folder / "metrics.json").read_text())["test"]["correct"]


def test_evaluate_shows_a_table_and_plots(invoke: Invoke, idx_folder: Path, tmp_path: Path) -> None:
    plot = tmp_path / "new" / "confusion.png"
    code, out, _ = invoke("evaluate", "small", "--data", idx_folder, "--plot", plot)
    assert code == 0
    assert "of 359 right" in out and "precision" in out and "confusion matrix" in out
    assert is_picture(plot)


def test_evaluate_in_a_runtime_of_choice(invoke: Invoke, idx_folder: Path) -> None:
    code, out, _ = invoke("evaluate", "small", "--data", idx_folder, "--runtime", "tensorflow", "--json")
    assert code == 0 and json.loads(out)["runtime"].startswith("tensorflow ")
    code, _, err = invoke("evaluate", "small", "--data", idx_folder, "--runtime", "onnx")
    assert code == 1 and "'onnx'" in err and "ai-edge-litert" in err


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("huge", None, "no model that ships is called 'huge'"),
        ("gone.keras", None, "there is no model gone.keras"),
        ("bad.keras", b"no zip", "is no Keras model"),
        ("bad.tflite", b"no flatbuffer", "no TFLite model"),
        ("empty.tflite", b"", "no TFLite model"),
    ],
)
def test_evaluate_refuses_what_is_no_model(
    invoke: Invoke,
    idx_folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    why: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    if content is not None:
        Path(name).write_bytes(content)
    code, out, err = invoke("evaluate", name, "--data", idx_folder)
    assert (code, out) == (1, "")
    assert why in err.splitlines()[-1] and err.splitlines()[-1].startswith("error: ")


def test_models_lists_shows_and_copies(invoke: Invoke, tmp_path: Path) -> None:
    code, out, _ = invoke("models")
    assert code == 0 and "small" in out and "int8" in out
    rows = json.loads(invoke("models", "--json")[1])
    row = next(row for row in rows if (row["name"], row["precision"]) == ("small", "int8"))
    assert Path(row["path"]) == resolve_shipped("small.int8")
    assert row["size_bytes"] == Path(row["path"]).stat().st_size
    code, out, _ = invoke("models", "show", "small")
    assert code == 0 and out.startswith("# ")
    for name, target in (("small", tmp_path), ("small.int8", tmp_path / "new" / "mine.tflite")):
        code, out, _ = invoke("models", "copy", name, target)
        assert code == 0
        assert Path(out.strip()).read_bytes() == Path(row["path"]).read_bytes()
    assert {path.name for path in tmp_path.rglob("*.tflite")} == {"small.int8.tflite", "mine.tflite"}


def test_models_copies_nothing_over_another_file(invoke: Invoke, tmp_path: Path) -> None:
    target = tmp_path / "small.int8.tflite"
    target.write_bytes(b"mine")
    code, _, err = invoke("models", "copy", "small", tmp_path)
    assert code == 1 and "exists already" in err
    assert target.read_bytes() == b"mine"
    assert invoke("models", "copy", "small", tmp_path, "--force")[0] == 0
    assert target.stat().st_size > 1000
    code, _, err = invoke("models", "copy", "huge", tmp_path)
    assert code == 1 and "'huge'" in err
    assert invoke("models", "show", "huge")[0] == 1


@pytest.mark.slow
def test_the_whole_path(invoke: Invoke, idx_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "quickstart"
    code, out, err = invoke("quickstart", "--data", idx_folder, "--epochs", 1, "--output", folder)
    assert code == 0, err
    for words in ("float32", "int8", "test accuracy", "agrees with Keras", "size, bytes", "invoke, us", str(folder)):
        assert words in out
    document = json.loads((folder / "quickstart.json").read_text())
    (line,) = [line for line in out.splitlines() if "read from it (int8)" in line]
    assert line.endswith(" / ".join(document["scene"]["read"]))
    assert [line for line in err.splitlines() if not line.startswith("note: ")] == []
    code, _, err = invoke("quickstart", "--data", idx_folder, "--epochs", 1, "--output", folder)
    assert code == 1 and "exists already" in err


@pytest.mark.parametrize(
    "line",
    [
        "read loop.png",
        "camera --source loop.png --no-window",
        "camera --source fake --no-window --max-frames 1 --events loop.png",
        "camera --source fake --no-window --max-frames 1 --config loop.png",
        "evaluate loop.png",
        "data --data loop.png",
        "models copy small loop.png",
        "benchmark --photos loop.png",
    ],
)
def test_a_link_that_leads_to_itself_is_one_line(
    invoke: Invoke, line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop.png").symlink_to("loop.png")
    code, _, err = invoke(*line.split())
    assert code in (1, 2) and err.startswith("error: ") and len(err.splitlines()) == 1
    assert Path("loop.png").is_symlink()
