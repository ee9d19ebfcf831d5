"""Training of the finder: digits in, pages drawn with them, a run folder out."""

import json
import os
import time
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

import mnist_edge
from mnist_edge.atomic_files import write_atomically, write_text
from mnist_edge.block_layers import block_layers
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.interrupts import interrupts_held
from mnist_edge.keras_files import load_keras_model
from mnist_edge.models.allocator import keep_freed_memory
from mnist_edge.models.checkpoint import STATE, read_state, write_state
from mnist_edge.models.finder.loss import detection_loss
from mnist_edge.models.finder.network import build_finder
from mnist_edge.models.finder.pool import PageSource, draw_pool, read_pages
from mnist_edge.models.finder.stream import batch_of_step, batches
from mnist_edge.models.finder.validate import Validation, keras_network, validate
from mnist_edge.models.plots import plot_curves
from mnist_edge.models.recipes import FINDER, Recipe
from mnist_edge.models.resume import training_in
from mnist_edge.models.run_settings import RunSettings
from mnist_edge.models.train import seed_everything
from mnist_edge.progress import Progress, no_progress
from mnist_edge.run_folders import METRICS, RUN_MODEL
from mnist_edge.training_stack import load_keras, load_tensorflow

# An epoch is so many steps, since pages are cropped anew for each.
STEPS = 250
# Share of the steps over which the learning rate rises, from a tenth; then it falls to 0 along a cosine.
WARM_UP = 0.08
CLIP_NORM = 5.0
# Batches of validation samples whose loss each epoch is measured by.
VALIDATION_BATCHES = 8
# Steps between two reports of progress.
REPORT = 10


@dataclass(frozen=True, slots=True)
class FinderRun:
    """A training of the finder.

    Attributes:
        folder: Holds `model.keras`, `settings.json`, `metrics.json`, `curves.png`.
        seed: Of weights, pages and samples.
        parameters: How many.
        epochs: One row an epoch: `loss`, `val_loss`.
        seconds: Wall-clock time of the training, without that of drawing its pages.
        interrupted: Whether a user ended it early.
        pages: How many it was trained on, those without digits among them.
        validation: What it finds on pages that it was not trained on.
    """

    folder: Path
    seed: int
    parameters: int
    epochs: tuple[dict[str, float], ...]
    seconds: float
    interrupted: bool
    pages: int
    validation: Validation

    @property
    def model(self) -> Path:
        """The trained model."""
        return self.folder / RUN_MODEL

    def to_json(self) -> dict[str, Any]:
        """The figures that the command line prints."""
        rest = {"parameters": self.parameters, "training_pages": self.pages, "interrupted": self.interrupted}
        epochs = {"epochs": len(self.epochs), **self.epochs[-1], "seconds": self.seconds}
        start = {"folder": str(self.folder), "recipe": FINDER.name, "seed": self.seed}
        return start | epochs | rest | {"validation": asdict(self.validation)}


def train_finder(
    source: PageSource,
    folder: Path,
    *,
    recipe: Recipe = FINDER,
    start: Path | None = None,
    force: bool = False,
    resume: bool = False,
    progress: Progress = no_progress,
) -> FinderRun:
    """Draw the pages that are not there yet, and train a finder on crops of them.

    The same source gives the same weights on the same machine. Ctrl-C ends training; `resume` goes on from the last
    epoch that was ended, to the same result as without interruption. Pages lie beside the run folder, as
    `finder-pages-KEY`, for other trainings on the same pages.

    Args:
        source: Decides pages and samples.
        folder: The run folder to write.
        recipe: Of its fields, epochs, batch size, learning rate and weight decay count here.
        start: A trained finder, as `model.keras`, to start from its weights; without it, from random ones.
        force: Replace a run that is there.
        resume: Continue the unfinished run that is there.
        progress: Called with the number of chunks of pages drawn, then with the number of epochs done.

    Raises:
        OutputError: The folder holds a run already, or another process trains there.
        UsageError: There is nothing to resume, or it was started with other settings; or `start` is no finder.
        ModelError: The loss became NaN, or training was interrupted before its first epoch ended.
    """
    settings = settings_of(source, recipe, start)
    with training_in(folder, settings, force=force, resume=resume):
        return _Training(settings, folder, source, progress, read_state(folder) if resume else None).run()


def settings_of(source: PageSource, recipe: Recipe = FINDER, start: Path | None = None) -> RunSettings:
    """The settings of a training that starts now."""
    start = Path(os.path.realpath(start)) if start else None
    return replace(RunSettings.of(recipe, source.data, source.seed), pages=source.key(), start=start)


class _Training:
    """One training, from its start or where it was interrupted."""

    def __init__(
        self, settings: RunSettings, folder: Path, source: PageSource, progress: Progress, state: dict[str, Any] | None
    ) -> None:
        self._settings, self._folder, self._progress = settings, folder, progress
        self._recipe = settings.recipe
        self._keras = _keras()
        keep_freed_memory()
        seed_everything(self._keras, settings.seed)
        state = state or {"rows": [], "seconds": 0.0}
        self._rows: list[dict[str, float]] = state["rows"]
        self._model = self._resumed() if self._rows else _compiled(self._keras, settings)
        # After the model, so that a start that is no finder is told of before pages are drawn.
        pool = draw_pool(source, folder.parent / f"finder-pages-{settings.pages}", progress)
        self._training = pool.training
        self._before, self._started = state["seconds"], time.perf_counter()
        self._pages, self._negatives = read_pages(pool.validation), read_pages(pool.negatives)
        every = [*self._pages, *self._negatives]
        self._validation = [
            batch_of_step(every, self._recipe.batch_size, settings.seed, step) for step in range(VALIDATION_BATCHES)
        ]

    def _resumed(self) -> Any:
        block_layers()
        return self._keras.models.load_model(
            self._folder / STATE, custom_objects={detection_loss.__name__: detection_loss}
        )

    def run(self) -> FinderRun:
        interrupted = False
        try:
            self._fit()
        except KeyboardInterrupt:
            interrupted = True
        if not self._rows:
            raise ModelError("training was interrupted before its first epoch ended; nothing was kept")
        run = FinderRun(
            folder=self._folder,
            seed=self._settings.seed,
            parameters=self._model.count_params(),
            epochs=tuple(self._rows),
            seconds=self._seconds,
            interrupted=interrupted,
            pages=len(read_pages(self._training)),
            validation=validate(keras_network(self._kept()), self._pages, self._negatives),
        )
        self._report(run)
        if not interrupted:
            (self._folder / STATE).unlink(missing_ok=True)
        return run

    def _kept(self) -> Any:
        """The model of the last epoch that was ended, as it lies in the folder."""
        block_layers()
        return self._keras.models.load_model(self._folder / RUN_MODEL, compile=False)

    def _fit(self) -> None:
        recipe, losses = self._recipe, []
        steps = range(len(self._rows) * STEPS, recipe.epochs * STEPS)
        with (
            closing(batches(self._training, recipe.batch_size, self._settings.seed, steps)) as drawn,
            interrupts_held() as safe_point,
        ):
            for step, (inputs, targets) in zip(steps, drawn, strict=True):
                self._model.reset_metrics()
                losses.append(float(self._model.train_on_batch(inputs, targets)))
                if not np.isfinite(losses[-1]):
                    raise ModelError(f"the loss became {losses[-1]} in step {step + 1}; try a smaller learning rate")
                if (step + 1) % STEPS == 0:
                    self._end_epoch(float(np.mean(losses)))
                    losses = []
                elif (step + 1) % REPORT == 0:
                    self._progress((step + 1) / STEPS, recipe.epochs, f"loss {np.mean(losses):.3f}")
                safe_point()

    def _end_epoch(self, loss: float) -> None:
        found = [
            float(detection_loss(targets, self._model.predict_on_batch(inputs))) for inputs, targets in self._validation
        ]
        self._rows = [*self._rows, {"loss": loss, "val_loss": float(np.mean(found))}]
        # A crash between the two leaves the state one epoch behind the model: that epoch comes out the same again.
        write_atomically(self._folder / RUN_MODEL, self._model.save)
        state = {"rows": self._rows, "kept": len(self._rows) - 1, "seconds": self._seconds}
        write_state(self._folder, self._model, state)
        self._progress(len(self._rows), self._recipe.epochs, f"validation loss {self._rows[-1]['val_loss']:.3f}")

    @property
    def _seconds(self) -> float:
        return round(float(self._before) + time.perf_counter() - self._started, 1)

    def _report(self, run: FinderRun) -> None:
        """Write `curves.png` and, last, `metrics.json`."""
        title = f"finder, seed {run.seed}: F1 {run.validation.f1:.1%} on {run.validation.pages} validation pages"
        plot_curves(run.epochs, len(run.epochs) - 1, title, self._folder / "curves.png")
        backend = self._keras.backend.backend()
        versions = {"keras": self._keras.__version__, backend: version(backend), "numpy": np.__version__}
        report = {
            **self._settings.to_json(),
            "versions": {"mnist-edge": mnist_edge.__version__, **versions},
            "parameters": run.parameters,
            "training_pages": run.pages,
            "steps_an_epoch": STEPS,
            "epochs": list(run.epochs),
            "seconds": run.seconds,
            "interrupted": run.interrupted,
            "validation": asdict(run.validation),
        }
        write_text(self._folder / METRICS, json.dumps(report, indent=2) + "\n")


def _keras() -> Any:
    """Keras; TensorFlow takes all processors, where it has not started yet, and the kernels that are fastest here."""
    # By default only on processors with instructions for networks. On another a step takes a quarter less time by them.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    keras = load_keras()
    if keras.backend.backend() == "tensorflow":
        threading = load_tensorflow().config.threading
        with suppress(RuntimeError):
            # The process that draws batches needs a third of a processor.
            threading.set_intra_op_parallelism_threads(os.cpu_count() or 1)
            threading.set_inter_op_parallelism_threads(1)
    return keras


def _compiled(keras: Any, settings: RunSettings) -> Any:
    model, recipe = build_finder(seed=settings.seed), settings.recipe
    if settings.start:
        _take_weights(model, settings.start)
    steps = recipe.epochs * STEPS
    rising = max(1, round(steps * WARM_UP))
    schedule = keras.optimizers.schedules.CosineDecay(
        recipe.learning_rate / 10, max(1, steps - rising), warmup_target=recipe.learning_rate, warmup_steps=rising
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=recipe.weight_decay, clipnorm=CLIP_NORM)
    model.compile(optimizer=optimizer, loss=detection_loss)
    return model


def _take_weights(model: Any, start: Path) -> None:
    trained = load_keras_model(start)
    try:
        model.set_weights(trained.get_weights())
    except ValueError as error:
        raise UsageError(f"{start} is no finder of this version, so no training can start from it") from error
