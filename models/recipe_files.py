"""Recipes of one's own: a file of TOML, or a function of a Python file that returns a Keras model."""

import re
from pathlib import Path
from typing import Any

from mnist_edge.errors import UsageError
from mnist_edge.models.augment import AUGMENTATIONS
from mnist_edge.models.program import Program
from mnist_edge.models.recipes import DIGIT_OUTPUTS, FINDER, RECIPES, Layer, Recipe, find_recipe
from mnist_edge.safe_text import quoted
from mnist_edge.toml_file import read_toml

SUFFIXES = (".toml", ".py")
_EXAMPLE = 'network = "my_net.py"'
# Of a run's folder and of an exported file.
_NAME = re.compile(r"[A-Za-z0-9][\w-]{0,59}")
# What a file may set, by the type of its value; layers and the network come beside.
_NUMBERS = ("learning_rate", "weight_decay", "gentle_share")
_COUNTS = ("epochs", "batch_size", "validation_images", "patience")
_CHOICES = {
    "loss": ("sparse_categorical_crossentropy", "categorical_crossentropy"),
    "monitor": ("val_accuracy", "val_loss", "last"),
    "augmentation": tuple(AUGMENTATIONS),
}
_KEYS = ("name", "summary", "layers", "network", *_COUNTS, *_NUMBERS, *_CHOICES)


def read_recipe(name: str) -> Recipe:
    """Get the recipe called `name`, or read it from `FILE.toml`, `FILE.py` or `FILE.py:FUNCTION`.

    A function takes the number of classes and returns a Keras model, compiled or not. A file of TOML has the settings
    of a `Recipe`, and either a list of layers, all but the outputs, or such a function as its `network`.

    Raises:
        UsageError: There is no such recipe or file, or the file makes no sense; names the key.
    """
    file, _, function = name.partition(":")
    path = Path(file)
    if path.suffix == ".py":
        return _recipe({"network": name}, path.with_suffix(""), Path())
    if path.suffix == ".toml" and not function:
        try:
            document = read_toml(path, _EXAMPLE)
        except OSError as error:
            raise UsageError(f"{path} cannot be read ({error.strerror}); give a recipe, or a file of one") from None
        try:
            return _recipe(document, path.with_suffix(""), path.parent)
        except UsageError as error:
            raise UsageError(f"{path}: {error}") from None
    return find_recipe(name)


def _recipe(document: dict[str, Any], path: Path, folder: Path) -> Recipe:
    if unknown := sorted(set(document) - set(_KEYS)):
        raise UsageError(f"there is no key {quoted(unknown[0])}; there are: {', '.join(_KEYS)}")
    name = document.get("name", path.name)
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise UsageError(f"a recipe is named by letters, digits, - and _, not {quoted(name)}; set name")
    if name in (*RECIPES, FINDER.name, "all"):
        raise UsageError(f"{name} is a recipe already; give this one another name")
    settings = {key: _setting(key, document[key]) for key in document if key not in ("name", "layers", "network")}
    settings.setdefault("summary", "")
    if settings.get("augmentation"):
        # Its batches have non-digits too, labelled with the uniform distribution.
        settings["loss"] = "categorical_crossentropy"
    if ("layers" in document) == ("network" in document):
        raise UsageError("a recipe has either layers or a network")
    if "layers" in document:
        return Recipe(name=name, layers=(*_layers(document["layers"]), DIGIT_OUTPUTS), **settings)
    network = document["network"]
    if not isinstance(network, str) or not network.partition(":")[0].endswith(".py"):
        raise UsageError(f"network is FILE.py or FILE.py:FUNCTION, not {quoted(network)}")
    return Recipe(name=name, layers=(), program=Program.at(network, folder), **settings)


def _setting(key: str, value: Any) -> Any:
    if key in _CHOICES and value not in _CHOICES[key]:
        raise UsageError(f"{key} is {' or '.join(_CHOICES[key])}, not {quoted(value)}")
    if key in _COUNTS and (type(value) is not int or value < 1):
        raise UsageError(f"{key} is a whole number from 1 on, not {quoted(value)}")
    if key in _NUMBERS and (type(value) not in (int, float) or not 0 <= value <= 1):
        raise UsageError(f"{key} is a number from 0 to 1, not {quoted(value)}")
    if key == "summary" and not isinstance(value, str):
        raise UsageError(f"summary is a text, not {quoted(value)}")
    return value


def _layers(found: Any) -> tuple[Layer, ...]:
    tables = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) and isinstance(one.get("kind"), str) for one in tables):
        raise UsageError('layers are tables, each with the kind of a Keras layer: [[layers]], then kind = "Flatten"')
    return tuple(Layer(one["kind"], tuple((key, _frozen(one[key])) for key in one if key != "kind")) for one in tables)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
