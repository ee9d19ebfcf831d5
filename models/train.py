"""Training: a recipe and a data set in, a run folder out."""

import time
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.classifier import as_input
from mnist_edge.dataset import Dataset, Split
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.evaluate import KerasClassifier, predict, score
from mnist_edge.files import refuse_overwrite
from mnist_edge.models.augment import augmented_batches
from mnist_edge.models.build import build
from mnist_edge.models.checkpoint import make_checkpoint
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.run import Run, write_report
from mnist_edge.progress import Progress, no_progress
from mnist_edge.training_stack import load_keras, load_tensorflow


def train(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    *,
    seed: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> Run:
    """Train a recipe and keep the weights of its best epoch on the validation split.

    The same seed gives the same weights on the same machine. Ctrl-C ends training after the epoch that was best so
    far; the run folder is complete then too.

    Args:
        recipe: What to train.
        data: Its training images are split anew, by the recipe's own number of validation images.
        folder: The run folder to write.
        seed: Of weights, order, dropout and augmentation.
        force: Replace a run that is there.
        progress: Told the epochs done.

    Raises:
        OutputError: The folder holds a run already.
        UsageError: No epochs or an empty batch.
        ModelError: The loss became NaN, or training was interrupted before its first epoch ended.
    """
    refuse_overwrite(folder / "model.keras", force)
    if recipe.epochs < 1 or recipe.batch_size < 1:
        raise UsageError("a recipe needs at least one epoch and one image a batch")
    data = data.with_validation(recipe.validation_images)
    keras = load_keras()
    _seed_everything(keras, seed)
    model = build(recipe)
    checkpoint = make_checkpoint(keras, recipe, folder / "model.keras", progress)
    started = time.perf_counter()
    interrupted = _fit(keras, model, recipe, data, seed, checkpoint)
    if checkpoint.kept is None:
        raise ModelError("training was interrupted before its first epoch ended; nothing was kept")
    model.set_weights(checkpoint.weights)
    predictor = KerasClassifier(model, recipe.name)
    test = score(predict(predictor, data.test), data.test.labels, recipe.name, predictor.runtime)
    run = Run(
        folder=folder,
        recipe=recipe.name,
        seed=seed,
        parameters=model.count_params(),
        epochs=tuple(checkpoint.rows),
        kept=checkpoint.kept,
        seconds=round(time.perf_counter() - started, 1),
        interrupted=interrupted,
        test=test,
    )
    write_report(run, recipe, data, keras)
    return run


def _seed_everything(keras: Any, seed: int) -> None:
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        load_tensorflow().config.experimental.enable_op_determinism()


def _fit(keras: Any, model: Any, recipe: Recipe, data: Dataset, seed: int, checkpoint: Any) -> bool:
    """Run the epochs; True where Ctrl-C ended them."""
    steps = recipe.epochs * -(-len(data.training) // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    model.compile(optimizer=keras.optimizers.Adam(schedule), loss=recipe.loss, metrics=["accuracy"])
    validation = as_input(data.validation.images), _targets(recipe, data.validation)
    shared = {
        "epochs": recipe.epochs,
        "validation_data": validation,
        "callbacks": [checkpoint, keras.callbacks.TerminateOnNaN()],
        "verbose": 0,
    }
    try:
        if recipe.augmentation:
            model.fit(augmented_batches(recipe, data.training, seed), **shared)
        else:
            images = as_input(data.training.images)
            model.fit(images, _targets(recipe, data.training), batch_size=recipe.batch_size, **shared)
    except KeyboardInterrupt:
        return True
    return False


def _targets(recipe: Recipe, split: Split) -> Any:
    if recipe.loss == "categorical_crossentropy":
        return np.eye(10, dtype=np.float32)[split.labels]
    return split.labels
