"""Fine-tuning: a network that ships or a run, and collected digits in, a run folder out, and nothing forgotten."""

import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_atomically
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.interrupts import interrupts_held
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models.allocator import keep_freed_memory
from mnist_edge.models.batches import Draw, fine_tuning_batches
from mnist_edge.models.collected import NO_DIGIT, CollectedDigits
from mnist_edge.models.fine_tune_figures import Row, figures_of, measure
from mnist_edge.models.fine_tune_origin import shipped_weights
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.resume import training_in
from mnist_edge.models.run import FineTuning, Run, write_report
from mnist_edge.models.run_settings import RunSettings
from mnist_edge.models.train import seed_everything
from mnist_edge.progress import Progress, no_progress
from mnist_edge.training_stack import load_keras

# Batches an epoch.
STEPS = 100
# What may be lost on the validation images, and how much of the new weights is tried.
MAX_DROP = 0.001
SHARES = tuple(tenths / 10 for tenths in range(11))

Weights = list[NDArray[np.float32]]


def fine_tune(
    recipe: Recipe,
    data: Dataset,
    collected: CollectedDigits,
    folder: Path,
    *,
    weights: Path | None = None,
    seed: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> Run:
    """Teach a network what the camera collected, and keep what it can do already.

    Each batch mixes collected digits with the data set's and with drawn non-digits (`fine_tuning_batches`). The new
    weights are then averaged with those before (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). Of
    the shares that lose no more than `MAX_DROP` on the validation images, the held-out quarter of the collected digits
    chooses: the least share whose loss there is within one standard error of the lowest (Breiman et al.,
    "Classification and Regression Trees", 1984), since what so few digits cannot tell apart should change little.
    Ctrl-C ends training: the epochs so far count.

    Args:
        recipe: As `fine_tuning_recipe` or `origin_of` gives it.
        data: What the network was trained on.
        collected: What to learn.
        folder: The run folder to write.
        weights: The network; None takes the one that ships.
        seed: Of the split of `collected`, the order and the augmentation.
        force: Replace a run that is there.
        progress: Called with the number of epochs done.

    Raises:
        OutputError: The folder holds a run already, or another process trains there.
        UsageError: No such network ships with its weights, or this one takes no image of 28x28 pixels or gives no
            probabilities.
        ModelError: The loss became NaN, or training was interrupted before its first epoch ended.
    """
    weights = weights or shipped_weights(recipe)
    settings = RunSettings.of(recipe, data, seed, collected.folder)
    with training_in(folder, settings, force=force):
        return _fine_tune(settings, data, collected, folder, weights, progress)


def _fine_tune(
    settings: RunSettings,
    data: Dataset,
    collected: CollectedDigits,
    folder: Path,
    weights: Path,
    progress: Progress,
) -> Run:
    recipe, seed = settings.recipe, settings.seed
    data = data.with_validation(recipe.validation_images)
    keras = load_keras()
    keep_freed_memory()
    seed_everything(keras, seed)
    before, model = _networks(weights, recipe, len(collected.classes))
    taught, held_out = collected.split(seed)
    started = time.perf_counter()
    draw = fine_tuning_batches(recipe, data.training, taught, seed, before.predict_on_batch)
    rows, interrupted = _train_epochs(model, recipe, draw, data, held_out, progress)
    share, figures = _average_weights(model, before.get_weights(), data, held_out)
    rows[-1] |= figures
    seconds = round(time.perf_counter() - started, 1)
    write_atomically(folder / "model.keras", model.save)
    (_, first), (test, last) = (measure(one, recipe.name, data, held_out, seed) for one in (before, model))
    learned = FineTuning(
        images=len(collected),
        corrected=collected.corrected,
        no_digits=int((collected.labels == NO_DIGIT).sum()),
        skipped=dict(collected.skipped),
        held_out=len(held_out),
        share=share,
        before=first,
        after=last,
    )
    run = Run(
        folder=folder, recipe=recipe.name, seed=seed, parameters=model.count_params(), epochs=tuple(rows),
        kept=len(rows) - 1, seconds=seconds, interrupted=interrupted, test=test, fine_tuning=learned,
    )  # fmt: skip
    write_report(run, settings, data, keras)
    return run


def _networks(weights: Path, recipe: Recipe, classes: int) -> tuple[Any, Any]:
    """The network as it is, and once more to be trained."""
    keras = load_keras()
    before, model = load_keras_model(weights), load_keras_model(weights)
    _check(before, classes, weights)
    # By which its exports are called.
    model.name = f"{recipe.name}-extra"
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, recipe.epochs * STEPS)
    model.compile(keras.optimizers.Adam(schedule), loss="categorical_crossentropy", metrics=["accuracy"])
    return before, model


def _check(network: Any, classes: int, path: Path) -> None:
    """Refuse a network that is not trained as those that ship are."""
    if tuple(network.input_shape[1:]) != (28, 28, 1):
        raise UsageError(f"{path} takes images of shape {network.input_shape[1:]}; --extra wants (28, 28, 1)")
    given = network.predict_on_batch(np.zeros((1, 28, 28, 1), np.float32))
    if given.shape != (1, classes) or not np.isclose(given.sum(), 1, atol=1e-3):
        raise UsageError(f"{path} gives no {classes} probabilities; --extra wants a network that ends with a softmax")


def _train_epochs(
    model: Any, recipe: Recipe, draw: Draw, data: Dataset, held_out: CollectedDigits, progress: Progress
) -> tuple[list[Row], bool]:
    """Leave the weights of the last whole epoch in the model; returns the epochs' rows, and whether Ctrl-C came."""
    rows: list[Row] = []
    weights: Weights = []
    interrupted = False
    try:
        with interrupts_held() as safe_point:
            for epoch in range(recipe.epochs):
                logs: list[Row] = []
                for step in range(STEPS):
                    logs.append(model.train_on_batch(*draw(epoch * STEPS + step), return_dict=True))
                    progress(epoch + (step + 1) / STEPS, recipe.epochs)
                    safe_point()
                row = {name: float(np.mean([log[name] for log in logs])) for name in ("accuracy", "loss")}
                if not np.isfinite(row["loss"]):
                    raise ModelError(
                        f"the loss became {row['loss']} in epoch {epoch + 1}; look at the collected digits"
                    )
                rows.append(row | figures_of(model, data, held_out))
                weights = model.get_weights()
    except KeyboardInterrupt:
        interrupted = True
    if not rows:
        raise ModelError("training was interrupted before its first epoch ended; nothing was kept")
    model.set_weights(weights)
    return rows, interrupted


def _average_weights(model: Any, before: Weights, data: Dataset, held_out: CollectedDigits) -> tuple[float, Row]:
    """Average new weights and old; returns the chosen share of the new weights, 0 to 1, and its figures."""
    after: Weights = model.get_weights()

    def figures_at(share: float) -> Row:
        model.set_weights([(1 - share) * old + share * new for old, new in zip(before, after, strict=True)])
        return figures_of(model, data, held_out)

    found = {share: figures_at(share) for share in SHARES}
    floor = found[0.0]["val_accuracy"] - MAX_DROP
    allowed = [share for share in SHARES if found[share]["val_accuracy"] >= floor]
    lowest = min((found[share] for share in allowed), key=lambda figures: figures["extra_loss"])
    enough = lowest["extra_loss"] + lowest["extra_loss_error"]
    least = min(share for share in allowed if found[share]["extra_loss"] <= enough)
    return least, figures_at(least)
