"""Recipes of one's own, from the file to a network that was trained by them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge.cli import app
from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.errors import UsageError
from mnist_edge.models.build import build
from mnist_edge.models.recipe_files import read_recipe
from mnist_edge.models.recipes import Recipe, find_recipe
from mnist_edge.models.resume import refuse_other_settings
from mnist_edge.models.run_settings import RunSettings, read_settings
from mnist_edge.models.train import train

TOML = """
summary = "a flat one"
epochs = 3
batch_size = 64
learning_rate = 0.01

[[layers]]
kind = "AveragePooling2D"
pool_size = [2, 2]

[[layers]]
kind = "Flatten"
"""
PYTHON = """
import keras

class Halved(keras.layers.Layer):
    def call(self, values):
        return values / 2

def network(classes):
    return keras.Sequential([keras.Input((28, 28)), keras.layers.Flatten(), Halved(), keras.layers.Dense(classes)])

def broken(classes):
    raise RuntimeError("no weights here")

def nothing(classes):
    pass
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "flat.toml").write_text(TOML)
    (tmp_path / "my_net.py").write_text(PYTHON)
    (tmp_path / "both.toml").write_text('epochs = 3\nlearning_rate = 0.01\nnetwork = "my_net.py:network"\n')
    return tmp_path


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return sklearn_digits()


def test_a_file_of_toml_has_settings_and_layers(folder: Path) -> None:
    recipe = read_recipe(str(folder / "flat.toml"))
    assert (recipe.name, recipe.summary, recipe.epochs, recipe.batch_size) == ("flat", "a flat one", 3, 64)
    assert (recipe.learning_rate, recipe.patience) == (0.01, Recipe("x", "", ()).patience)
    # 14x14 pixels and a bias for each class.
    assert build(recipe).count_params() == 1_970
    assert build(recipe.for_classes(("a", "b", "c"))).count_params() == 591
    assert Recipe.from_json(json.loads(json.dumps(recipe, default=_plain))) == recipe


def _plain(value: Recipe) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__slots__}


def test_a_function_gets_the_number_of_classes(folder: Path) -> None:
    recipe = read_recipe(str(folder / "my_net.py"))
    with pytest.warns(match="gives logits"):
        model = build(recipe, 3)
    assert model.output_shape == (None, 3) and model.name == recipe.name == "my_net"


def test_what_is_no_recipe_is_one_line_that_says_what_is_wrong(folder: Path) -> None:
    program = folder / "my_net.py"
    for document, reason in (
        ("epochs = 0\nlayers = []", "epochs is a whole number"),
        ("epochs = true\nlayers = []", "epochs is a whole number"),
        ("epoch = 3\nlayers = []", "no key 'epoch'; there are: name, summary, layers"),
        ('loss = "mse"\nlayers = []', "loss is sparse_categorical_crossentropy or"),
        ("learning_rate = 7\nlayers = []", "from 0 to 1"),
        ("epochs = 3", "either layers or a network"),
        ('network = "absent.py"', "no file .*absent.py"),
        ("network = 5", "network is FILE.py"),
        ("layers = 5", "layers are tables"),
        ("layers = [{units = 3}]", "layers are tables"),
        ('name = "small"\nlayers = []', "small is a recipe already"),
        ('name = "../x"\nlayers = []', "named by letters"),
        ("epochs 3", "is not TOML"),
    ):
        (folder / "wrong.toml").write_text(document)
        with pytest.raises(UsageError, match=reason) as caught:
            read_recipe(str(folder / "wrong.toml"))
        assert "\n" not in str(caught.value) and "wrong.toml" in str(caught.value)
    for layers, reason in (
        ('{kind = "Convolution"}', "layer 1: Keras has no layer 'Convolution'"),
        ('{kind = "Flatten"}, {kind = "Dense", units = 3, unit = 3}', "layer 2, Dense: .*unit"),
        ('{kind = "Conv2D", filters = 4, kernel_size = 40}', "wrong cannot be built"),
    ):
        (folder / "wrong.toml").write_text(f"layers = [{layers}]")
        with pytest.raises(UsageError, match=reason) as caught:
            build(read_recipe(str(folder / "wrong.toml")))
        assert "\n" not in str(caught.value)
    for function, reason in (
        ("broken", "'broken' makes no network .RuntimeError: no weights here"),
        ("nothing", "makes NoneType, no Keras model"),
        ("absent", "no function 'absent'"),
    ):
        with pytest.raises(UsageError, match=reason):
            build(read_recipe(f"{program}:{function}"))
    for name, reason in ((folder / "no.toml", "No such file"), (folder / "no.py", "there is no file"), ("no", "'no'")):
        with pytest.raises(UsageError, match=reason):
            read_recipe(str(name))
    assert read_recipe("small") is find_recipe("small")


@pytest.mark.filterwarnings("ignore:.* gives logits")
def test_a_training_of_such_a_file_is_one_like_others(folder: Path, digits: Dataset) -> None:
    """And a program that was changed since is not the one that a training goes on with."""
    recipe = read_recipe(str(folder / "both.toml"))
    run = train(recipe, digits, folder / "run", seed=1)
    assert run.recipe == "both" and run.test.accuracy > 0.8
    settings = read_settings(folder / "run")
    assert settings == RunSettings.of(recipe, digits, 1)
    (folder / "my_net.py").write_text(PYTHON + "\n# Changed.\n")
    with pytest.raises(UsageError, match="not what it was"):
        build(recipe)
    (folder / "run" / "metrics.json").unlink()
    with pytest.raises(UsageError, match="was started otherwise; this one has program"):
        refuse_other_settings(folder / "run", RunSettings.of(read_recipe(str(folder / "both.toml")), digits, 1))


def test_the_command_takes_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    (folder / "flat.toml").write_text(TOML.replace("epochs = 3", "epochs = 1"))
    data = folder / "two"
    for name, height, width in (("wide", 4, 14), ("tall", 14, 4)):
        (data / name).mkdir(parents=True)
        _pictures(data / name, height, width)
    result = CliRunner().invoke(app, ["train", "flat.toml", "--data", "two", "--json"])
    assert result.exit_code == 0, result.stderr
    document = json.loads(result.stdout)
    assert document["recipe"] == "flat" and Path(document["folder"]) == Path("runs/flat-seed0")
    assert len(document["test"]["per_class"]) == 2


def _pictures(folder: Path, height: int, width: int) -> None:
    rng = np.random.default_rng(width)
    for number in range(30):
        picture = np.zeros((28, 28), np.uint8)
        top, left = rng.integers(2, 12, 2)
        picture[top : top + height, left : left + width] = 250
        cv2.imwrite(str(folder / f"{number}.png"), picture)
