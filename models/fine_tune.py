"""Fine-tuning: a network that ships and collected digits in, a run folder out, and nothing forgotten."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.atomic_files import write_atomically
from mnist_edge.dataset import Dataset
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.evaluate import CHUNK, SMALLEST_PROBABILITY, Evaluation, KerasClassifier, score
from mnist_edge.interrupts import interrupts_held
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models.batches import Draw, fine_tuning_batches
from mnist_edge.models.collected import NO_DIGIT, CollectedDigits
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.resume import training_in
from mnist_edge.models.run import FineTuning, Measured, Run, write_report
from mnist_edge.models.run_settings import RunSettings
from mnist_edge.models.train import seed_everything
from mnist_edge.progress import Progress, no_progress
from mnist_edge.refusal import choose_threshold, digit_score
from mnist_edge.shipped_models import shipped_models
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras

EPOCHS = 5
STEPS = 100
BATCH_SIZE = 128
# A third of what trained it: what ships has no batch normalisation any more, which kept that calm.
LEARNING_RATE = 1e-3
# What may be lost on the validation images, and how much of the new weights is tried.
MAX_DROP = 0.001
SHARES = tuple(tenths / 10 for tenths in range(11))
# To see whether non-digits are still refused.
PROBES = 500

Row = dict[str, float]
Weights = list[NDArray[np.float32]]


def fine_tuning_recipe(recipe: Recipe) -> Recipe:
    """The recipe as fine-tuning follows it: with epochs, batches and a learning rate of its own.

    Raises:
        UsageError: No such network ships with its weights.
    """
    shipped_weights(recipe)
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
        raise UsageError(f"--extra goes on from a network that ships: {', '.join(found)}; not from {recipe.name}")
    return found[recipe.name]


def fine_tune(
    recipe: Recipe,
    data: Dataset,
    collected: CollectedDigits,
    folder: Path,
    *,
    seed: int = 0,
    force: bool = False,
    progress: Progress = no_progress,
) -> Run:
    """Teach a network that ships what the camera collected, and keep what it can do already.

    Each batch mixes collected digits with the data set's and with drawn non-digits (`fine_tuning_batches`). The new
    weights are then averaged with those before (Wortsman et al., "Robust fine-tuning of zero-shot models", 2022). Of
    the shares that lose no more than `MAX_DROP` on the validation images, the held-out quarter of the collected digits
    chooses: the least share whose loss there is within one standard error of the lowest (Breiman et al.,
    "Classification and Regression Trees", 1984), since what so few digits cannot tell apart should change little.
    Ctrl-C ends training: the epochs so far count.

    Args:
        recipe: As `fine_tuning_recipe` gives it.
        data: What the network was trained on.
        collected: What to learn.
        folder: The run folder to write.
        seed: Of the split of `collected`, the order and the augmentation.
        force: Replace a run that is there.
        progress: Called with the number of epochs done.

    Raises:
        OutputError: The folder holds a run already, or another process trains there.
        UsageError: No such network ships with its weights.
        ModelError: The loss became NaN, or training was interrupted before its first epoch ended.
    """
    weights = shipped_weights(recipe)
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
    seed_everything(keras, seed)
    before = load_keras_model(weights)
    name = f"{before.name}-extra"
    model = keras.Sequential([keras.Input((28, 28, 1), name="image"), *load_keras_model(weights).layers], name=name)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, recipe.epochs * STEPS)
    model.compile(keras.optimizers.Adam(schedule), loss="categorical_crossentropy", metrics=["accuracy"])
    taught, held_out = collected.split(seed)
    started = time.perf_counter()
    draw = fine_tuning_batches(recipe, data.training, taught, seed, before.predict_on_batch)
    rows, interrupted = _train_epochs(model, recipe, draw, data, held_out, progress)
    share, figures = _average_weights(model, before.get_weights(), data, held_out)
    rows[-1] |= figures
    seconds = round(time.perf_counter() - started, 1)
    write_atomically(folder / "model.keras", model.save)
    (_, first), (test, last) = (_measure(one, recipe.name, data, held_out, seed) for one in (before, model))
    run = Run(
        folder=folder,
        recipe=recipe.name,
        seed=seed,
        parameters=model.count_params(),
        epochs=tuple(rows),
        kept=len(rows) - 1,
        seconds=seconds,
        interrupted=interrupted,
        test=test,
        fine_tuning=FineTuning(
            images=len(collected),
            corrected=collected.corrected,
            no_digits=int((collected.labels == NO_DIGIT).sum()),
            skipped=dict(collected.skipped),
            held_out=len(held_out),
            share=share,
            before=first,
            after=last,
        ),
    )
    write_report(run, settings, data, keras)
    return run


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
                rows.append(row | _figures(model, data, held_out))
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
        return _figures(model, data, held_out)

    found = {share: figures_at(share) for share in SHARES}
    floor = found[0.0]["val_accuracy"] - MAX_DROP
    allowed = [share for share in SHARES if found[share]["val_accuracy"] >= floor]
    lowest = min((found[share] for share in allowed), key=lambda figures: figures["extra_loss"])
    enough = lowest["extra_loss"] + lowest["extra_loss_error"]
    least = min(share for share in allowed if found[share]["extra_loss"] <= enough)
    return least, figures_at(least)


def _figures(model: Any, data: Dataset, held_out: CollectedDigits) -> Row:
    """`val_accuracy`, `val_loss`, the refusal `threshold` that they give, `extra_accuracy`, `extra_loss` and its error.

    `extra_loss_error` is the standard error of `extra_loss` as a mean over the held-out digits. A non-digit counts as
    right where it would be refused, by a threshold chosen as `export` chooses it.
    """
    outputs = _outputs(model, data.validation.images)
    known = score(outputs, data.validation.labels, "validation", "keras")
    threshold = choose_threshold(digit_score(outputs))
    new, strange = _outputs(model, held_out.images), held_out.labels == NO_DIGIT
    right = np.where(strange, digit_score(new) < threshold, new.argmax(axis=1) == held_out.labels)
    logs = -np.log(np.maximum(new, SMALLEST_PROBABILITY))
    losses = np.where(strange, logs.mean(axis=1), logs[np.arange(len(new)), held_out.labels])
    return {
        "val_accuracy": known.accuracy,
        "val_loss": known.loss,
        "threshold": threshold,
        "extra_accuracy": float(right.mean()),
        "extra_loss": float(losses.mean()),
        "extra_loss_error": float(losses.std() / np.sqrt(len(losses))),
    }


def _measure(model: Any, name: str, data: Dataset, held_out: CollectedDigits, seed: int) -> tuple[Evaluation, Measured]:
    """The figures on the test images, and these beside those on held-out digits and on drawn non-digits."""
    test = score(_outputs(model, data.test.images), data.test.labels, name, KerasClassifier(model).runtime)
    row = _figures(model, data, held_out)
    probes = _outputs(model, non_digits(data.validation, seed, PROBES))
    refused = float((digit_score(probes) < row["threshold"]).mean())
    return test, Measured(test.accuracy, row["extra_accuracy"], refused)


def _outputs(model: Any, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Probabilities, shape (n, 10). Keras' `predict` would build a pipeline each time, which takes longer than this."""
    chunks = [images[start : start + CHUNK] for start in range(0, len(images), CHUNK)]
    return np.concatenate([model.predict_on_batch(as_input(chunk)) for chunk in chunks])
