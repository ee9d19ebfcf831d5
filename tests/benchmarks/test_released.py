"""The figures of the models that ship are those of the files that ship: a hand edit is seen."""

from dataclasses import fields
from typing import Any

import pytest

from mnist_edge.benchmarks.photos import PhotoScore
from mnist_edge.benchmarks.released import read_released
from mnist_edge.dataset import Dataset
from mnist_edge.evaluate import evaluate
from mnist_edge.metadata import read_metadata
from mnist_edge.shipped_models import find_shipped, resolve_shipped, shipped_models

FIGURES = read_released()
FILES = [(name, precision) for name, found in shipped_models().items() for precision in found.files]


@pytest.mark.parametrize(("name", "precision"), FILES)
def test_the_figures_are_those_that_the_file_carries(name: str, precision: str) -> None:
    figures, carried = FIGURES[name], read_metadata(resolve_shipped(f"{name}.{precision}"))
    measured, data = carried["accuracy"], figures["recipe"]["data"]
    facts = figures["files"][precision]
    assert (facts["correct"], facts["accuracy"]) == (measured["correct"], measured["accuracy"])
    assert facts["accuracy"] == facts["correct"] / data["test"]
    assert (measured["images"], measured["sha256"], measured["split"]) == (data["test"], data["sha256"], "test")
    assert (figures["macs"], figures["recipe"]["name"]) == (carried["macs"], carried["recipe"])


@pytest.mark.parametrize("name", shipped_models())
def test_the_figures_of_the_seed_that_ships_are_those_of_its_file(name: str) -> None:
    figures, carried = FIGURES[name], read_metadata(find_shipped(name).default)
    correct, images = carried["accuracy"]["correct"], carried["accuracy"]["images"]
    (ships,) = [run for run in figures["seeds"] if run["seed"] == figures["shipped_seed"]]
    assert (ships["int8_correct"], ships["disagreements"]) == (correct, figures["parity"]["disagreements"])
    assert sum(row[label] for label, row in enumerate(figures["confusion"])) == correct
    assert sum(map(sum, figures["confusion"])) == images
    assert figures["calibration"]["temperature"] == carried["temperature"]
    assert figures["refusal"]["chosen"]["threshold"] == carried["refusal"]["threshold"]
    rotation = next(one for one in figures["robustness"]["curves"] if one["name"] == "rotation")
    assert rotation["accuracy"][rotation["steps"].index(0.0)] == correct / images


@pytest.mark.parametrize("name", shipped_models())
def test_every_share_follows_from_its_counts(name: str) -> None:
    images = FIGURES[name]["recipe"]["data"]["test"]
    for run in FIGURES[name]["seeds"]:
        assert run["int8_accuracy"] == run["int8_correct"] / images
        # Where both give the same digit, both are right or wrong.
        assert abs(run["int8_correct"] - round(run["accuracy"] * images)) <= run["disagreements"]
    best = max(FIGURES[name]["seeds"], key=lambda run: (run["val_accuracy"], -run["val_loss"]))
    assert best["seed"] == FIGURES[name]["shipped_seed"]
    photos: dict[str, Any] = FIGURES[name]["photos"]
    assert photos == PhotoScore(**{one.name: photos[one.name] for one in fields(PhotoScore)}).to_json()


@pytest.mark.parametrize(("name", "precision"), FILES)
def test_the_file_answers_as_the_figures_say(name: str, precision: str, digits: Dataset) -> None:
    if digits.name != "MNIST":
        pytest.skip("the figures are of MNIST's test images: set MNIST_EDGE_DATA")
    found = evaluate(f"{name}.{precision}", digits.test)
    assert found.correct == FIGURES[name]["files"][precision]["correct"]
    if precision == "int8":
        assert [list(row) for row in found.confusion] == FIGURES[name]["confusion"]
