"""Training: a recipe and a data set in, a run folder out."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.classifier import Classifier
from mnist_edge.dataset import MNIST, Dataset, Split
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.evaluate import KerasClassifier, predict, score
from mnist_edge.interrupts import interrupts_held
from mnist_edge.models.allocator import keep_freed_memory
from mnist_edge.models.batches import augmented_batches
from mnist_edge.models.build import build
from mnist_edge.models.checkpoint import STATE, Checkpoint, read_state, restore_dropout
from mnist_edge.models.found_crops import FoundCrops, read_crops
from mnist_edge.models.fused_normalisation import fuse_normalisation
from mnist_edge.models.mixed_precision import MIXED, in_precision, in_single
from mnist_edge.models.pen_digits import pen_digits, together
from mnist_edge.models.recipes import Recipe
from mnist_edge.models.resume import training_in
from mnist_edge.models.run import Run, write_report
from mnist_edge.models.run_settings import RunSettings, read_settings
from mnist_edge.progress import Progress, no_progress
from mnist_edge.tensors import as_input
from mnist_edge.training_stack import load_keras, load_tensorflow

LOG = logging.getLogger(__name__)

# Of an augmented training; each call costs as much as a tenth of a step of `nano`. Ctrl-C waits for so many.
STEPS_A_CALL = 8


def train(
    recipe: Recipe,
    data: Dataset,
    folder: Path,
    *,
    seed: int = 0,
    force: bool = False,
    resume: bool = False,
    progress: Progress = no_progress,
) -> Run:
    """Train a recipe and keep the weights of one epoch: the best on the validation split, or the last.

    The same seed gives the same weights on the same machine. Ctrl-C ends training: one of the epochs so far is
    kept, and the run folder is complete. `resume` continues from the last epoch, after a crash or a power failure
    too, with the same result as without it; a recipe without augmentation, which takes minutes, starts anew.
    `settings.json` is written first, so that a training can be resumed at any moment.

    Args:
        recipe: What to train.
        data: Its training images are split anew, by the recipe's own number of validation images.
        folder: The run folder to write.
        seed: Of weights, order, dropout and augmentation.
        force: Replace a run that is there.
        resume: Continue the unfinished run that is there.
        progress: Called with the number of epochs done.

    Raises:
        OutputError: The folder holds a run already, or another process trains there.
        UsageError: No epochs or an empty batch; or there is nothing to resume, or it was started with other settings.
        ModelError: The loss became NaN, or training was interrupted before its first epoch ended.
    """
    if recipe.epochs < 1 or recipe.batch_size < 1:
        raise UsageError("a recipe needs at least one epoch and one image a batch")
    settings = RunSettings.of(recipe, data, seed)
    if resume and (started := read_settings(folder)):
        # It may have been started on another processor.
        settings = replace(settings, precision=started.precision)
    if recipe.teacher and not settings.recipe.teacher:
        LOG.info("%s, which teaches %s, tells digits only: this is trained without it", recipe.teacher, recipe.name)
    if settings.recipe.pen_digits and data.name == MNIST and not settings.pen_digits:
        LOG.info("trained on MNIST alone: Pendigits' pen paths are not here, and `mnist-edge data` fetches them")
    if settings.recipe.found_crops and data.name == MNIST and not settings.found_crops:
        LOG.info("trained without crops of generated pages, which `make crops` of a checkout draws")
    with training_in(folder, settings, force=force, resume=resume):
        return _train(settings, data, folder, read_state(folder) if resume else None, progress)


def _train(settings: RunSettings, data: Dataset, folder: Path, state: dict[str, Any] | None, progress: Progress) -> Run:
    recipe, seed = settings.recipe, settings.seed
    if not recipe.augmentation:
        # Keras shuffles these itself, and its random state cannot be restored in the middle.
        state = None
    data = data.with_validation(recipe.validation_images)
    if settings.pen_digits and (drawn := pen_digits(recipe.pen_digits, seed)):
        data = replace(data, training=together(data.training, drawn))
    crops = read_crops() if settings.found_crops else None
    keras = load_keras()
    keep_freed_memory()
    seed_everything(keras, seed)
    if state:
        model = keras.models.load_model(folder / STATE)
        restore_dropout(model, state)
    else:
        model = _compiled(keras, settings, len(data.training), len(data.classes))
    fuse_normalisation(model)
    checkpoint = Checkpoint(keras, recipe, folder, progress, state)
    interrupted = _fit(keras, model, recipe, data, seed, checkpoint, crops)
    if checkpoint.kept is None:
        raise ModelError("training was interrupted before its first epoch ended; nothing was kept")
    kept = in_single(model)
    kept.set_weights(checkpoint.weights)
    predictor = KerasClassifier(kept, recipe.name, classes=len(data.classes))
    outputs = predict(predictor, data.test)
    test = score(outputs, data.test.labels, recipe.name, predictor.runtime, classes=data.classes)
    run = Run(
        folder=folder,
        recipe=recipe.name,
        seed=seed,
        parameters=model.count_params(),
        epochs=tuple(checkpoint.rows),
        kept=checkpoint.kept,
        seconds=checkpoint.seconds,
        interrupted=interrupted,
        test=test,
    )
    write_report(run, settings, data, keras)
    if not interrupted:
        (folder / STATE).unlink(missing_ok=True)
    return run


def seed_everything(keras: Any, seed: int) -> None:
    """Make all that Keras computes the same for the same seed."""
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        load_tensorflow().config.experimental.enable_op_determinism()


def _compiled(keras: Any, settings: RunSettings, training_images: int, classes: int) -> Any:
    recipe = settings.recipe
    model = build(recipe, classes)
    if settings.precision == MIXED:
        model = in_precision(model, MIXED)
    steps = recipe.epochs * -(-training_images // recipe.batch_size)
    schedule = keras.optimizers.schedules.CosineDecay(recipe.learning_rate, steps)
    optimizer = keras.optimizers.Adam(schedule, weight_decay=recipe.weight_decay or None)
    steps_a_call = STEPS_A_CALL if recipe.augmentation else 1
    model.compile(optimizer=optimizer, loss=recipe.loss, metrics=["accuracy"], steps_per_execution=steps_a_call)
    return model


def _fit(
    keras: Any,
    model: Any,
    recipe: Recipe,
    data: Dataset,
    seed: int,
    checkpoint: Checkpoint,
    crops: FoundCrops | None,
) -> bool:
    """Train the epochs that are left; True where Ctrl-C ended them."""
    if checkpoint.is_done:
        return False
    options = {
        "epochs": recipe.epochs,
        "initial_epoch": len(checkpoint.rows),
        "validation_data": (as_input(data.validation.images), _targets(recipe, data, data.validation)),
        "verbose": 0,
    }
    if recipe.augmentation:
        if keras.backend.backend() == "tensorflow":
            # Else tf.data's tuner ends with each epoch, which waits until it wakes: up to 20 s, seen in 2.21.
            load_tensorflow().data.experimental.enable_debug_mode()
        teacher = Classifier(recipe.teacher, calibrated=False).probabilities if recipe.teacher else None
        batches = augmented_batches(recipe, data.training, seed, teacher, len(checkpoint.rows), data.classes, crops)
        options |= {"x": batches, "shuffle": False}
    else:
        images, targets = as_input(data.training.images), _targets(recipe, data, data.training)
        options |= {"x": images, "y": targets, "batch_size": recipe.batch_size}
    try:
        with interrupts_held() as safe_point:
            # Raised here, since `model.stop_training` would let Keras end a part of an epoch as a whole one.
            stop = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: safe_point())
            model.fit(**options, callbacks=[checkpoint.callback(), keras.callbacks.TerminateOnNaN(), stop])
    except KeyboardInterrupt:
        return True
    return False


def _targets(recipe: Recipe, data: Dataset, split: Split) -> Any:
    if recipe.loss == "categorical_crossentropy":
        return np.eye(len(data.classes), dtype=np.float32)[split.labels]
    return split.labels
