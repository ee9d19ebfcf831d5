"""What fine-tuning goes on from: a network that ships or a finished run, and its recipe as fine-tuning follows it."""

from dataclasses import dataclass, replace
from pathlib import Path

from mnist_edge.classes import DIGITS
from mnist_edge.errors import UsageError
from mnist_edge.models.recipe_files import read_recipe
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.resume import is_finished
from mnist_edge.models.run_settings import read_settings
from mnist_edge.run_folders import RUN_MODEL
from mnist_edge.shipped_models import shipped_models

EPOCHS = 5
BATCH_SIZE = 128
# A third of what trained it: what ships has no batch normalisation any more, which kept that calm.
LEARNING_RATE = 1e-3


@dataclass(frozen=True, slots=True)
class Origin:
    """The network that fine-tuning goes on from.

    Attributes:
        recipe: That fine-tuning follows.
        weights: The Keras network.
        classes: What it tells.
    """

    recipe: Recipe
    weights: Path
    classes: tuple[str, ...] = DIGITS


def origin_of(name: str) -> Origin:
    """Find the network that fine-tuning goes on from.

    Args:
        name: Of a model that ships, or the folder of a finished run.

    Raises:
        UsageError: It is neither.
    """
    folder = Path(name)
    if not folder.is_dir():
        recipe = read_recipe(name)
        return Origin(fine_tuning_recipe(recipe), shipped_weights(recipe))
    settings, weights = read_settings(folder), folder / RUN_MODEL
    if settings is None or not is_finished(folder) or not weights.exists():
        raise UsageError(f"{folder} holds no finished run to go on from; train one with: mnist-edge train")
    return Origin(replace(_followed(settings.recipe), teacher=None), weights, settings.data.classes)


def fine_tuning_recipe(recipe: Recipe) -> Recipe:
    """The recipe of a network that ships, as fine-tuning follows it.

    Raises:
        UsageError: No such network ships with its weights.
    """
    shipped_weights(recipe)
    return _followed(recipe)


def _followed(recipe: Recipe) -> Recipe:
    """The recipe with epochs, batches and a learning rate of fine-tuning's own."""
    return replace(
        recipe,
        epochs=EPOCHS,
        batch_size=BATCH_SIZE,
        learning_rate=LEARNING_RATE,
        weight_decay=0.0,
        monitor="extra",
        augmentation="pen",
        gentle_share=1.0,
        teacher=recipe.name,
    )


def shipped_weights(recipe: Recipe) -> Path:
    """The Keras network of a recipe as it ships.

    Raises:
        UsageError: None ships.
    """
    found = {shipped.name: shipped.weights for shipped in shipped_models().values() if shipped.weights}
    if recipe.name not in found:
        raise UsageError(
            f"--extra goes on from a network that ships ({', '.join(found)}) or from a finished run's folder; "
            f"not from {recipe.name}"
        )
    return found[recipe.name]
