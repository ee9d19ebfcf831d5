import pytest

from mnist_edge.errors import UsageError
from mnist_edge.models.build import build
from mnist_edge.models.recipes import CLASSIC, RECIPES, find_recipe

# As their authors give them, or counted by hand from the layers.
PARAMETERS = {"mlp": 101_770, "two-conv": 225_034, "two-conv-dropout": 225_034, "three-conv": 93_322}


@pytest.mark.parametrize(("name", "parameters"), PARAMETERS.items())
def test_parameters_are_as_published(name: str, parameters: int) -> None:
    assert build(find_recipe(name)).count_params() == parameters


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_a_digit_classifier(name: str) -> None:
    model = build(find_recipe(name))
    assert model.input_shape == (None, 28, 28, 1)
    assert model.output_shape == (None, 10)
    assert model.layers[-1].activation.__name__ == "softmax"


def test_the_classic_recipes_are_the_published_ones() -> None:
    assert set(CLASSIC) == {"mlp", "two-conv-dropout", "three-conv", "three-conv-128", "custom", "two-conv"}


def test_an_unknown_recipe_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"'resnet'.*two-conv"):
        find_recipe("resnet")


def test_overrides_leave_the_rest() -> None:
    recipe = find_recipe("three-conv")
    assert recipe.with_overrides(None, None) == recipe
    changed = recipe.with_overrides(2, 32)
    assert (changed.epochs, changed.batch_size, changed.layers) == (2, 32, recipe.layers)
