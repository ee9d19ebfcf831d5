"""How accuracy falls as the test images are turned, scaled, blurred, and written with another pen."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.release.frontier import accuracy_axis
from mnist_edge.dataset import Split
from mnist_edge.evaluate import Predictor
from mnist_edge.models.augment import thicken, thin
from mnist_edge.models.plots import new_figure, save_figure
from mnist_edge.opencv import cv2
from mnist_edge.progress import Progress, no_progress

SEED = 0
# Percent: a logarithmic axis has no place for 0, and this is half a mistake in 10,000 images.
_LEAST_ERROR = 0.005
# Percent: what the axis names, and where it begins and ends.
_TICKS, _LOWEST, _HIGHEST = (50, 80, 90, 95, 98, 99, 99.5), 40, 99.8
# The middle of an image of 28x28 pixels.
_CENTRE = (13.5, 13.5)
# Shape (n, 28, 28), 0 to 1.
Images = NDArray[np.float32]
Change = Callable[[Images, float, np.random.Generator], Images]


@dataclass(frozen=True, slots=True)
class Perturbation:
    """One way to make digits harder.

    Attributes:
        name: Name for people.
        unit: What a step is measured in.
        steps: From one end to the other.
        neutral: The step that changes nothing.
        change: Makes other images from images and a step.
    """

    name: str
    unit: str
    steps: tuple[float, ...]
    neutral: float
    change: Change


@dataclass(frozen=True, slots=True)
class Curve:
    """Accuracy under one perturbation: `accuracy`, 0 to 1, at each of `steps`, measured in `unit`."""

    name: str
    unit: str
    steps: tuple[float, ...]
    accuracy: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Robustness:
    """A model's curves, one a perturbation, of so many images; `seed` made the noise."""

    model: str
    images: int
    seed: int
    curves: tuple[Curve, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as plain JSON types."""
        return asdict(self)


def measure_robustness(
    predictor: Predictor, split: Split, *, seed: int = SEED, progress: Progress = no_progress
) -> Robustness:
    """Show a model the images of a split at every step of every perturbation.

    Args:
        predictor: A `Classifier`, or a Keras model behind `KerasClassifier`.
        split: The images.
        seed: The same seed gives the same noise.
        progress: Receives the number of steps done.
    """
    accuracy: dict[str, list[float]] = {row.name: [] for row in PERTURBATIONS}
    steps = [(row, step) for row in PERTURBATIONS for step in row.steps]
    for done, (row, step) in enumerate(steps, start=1):
        labels = predictor.probabilities(perturbed(split.images, row, step, seed)).argmax(axis=1)
        accuracy[row.name].append(float((labels == split.labels).mean()))
        progress(done, len(steps), f"{predictor.name}: {row.name}")
    curves = (Curve(row.name, row.unit, row.steps, tuple(accuracy[row.name])) for row in PERTURBATIONS)
    return Robustness(predictor.name, len(split), seed, tuple(curves))


def perturbed(images: NDArray[np.uint8], row: Perturbation, step: float, seed: int = SEED) -> NDArray[np.uint8]:
    """Return images as one step of a perturbation leaves them; at its neutral step, as they were.

    Args:
        images: Shape (n, 28, 28, 1), 0 to 255.
        row: The perturbation.
        step: How much of it.
        seed: Seed of what is random in it.

    Returns:
        Same shape and scale.
    """
    changed = row.change(images[..., 0].astype(np.float32) / np.float32(255), step, np.random.default_rng(seed))
    return np.rint(np.clip(changed, 0, 1) * 255).astype(np.uint8)[..., None]


def plot_robustness(results: Sequence[Robustness], path: Path) -> None:
    """Draw one panel a perturbation, one line a model."""
    figure, axes = new_figure(13, 2.9, columns=len(PERTURBATIONS))
    for index, (axis, row) in enumerate(zip(axes, PERTURBATIONS, strict=True)):
        for result in results:
            curve = result.curves[index]
            errors = [max(100 * (1 - share), _LEAST_ERROR) for share in curve.accuracy]
            axis.plot(curve.steps, errors, ".-", label=result.model)
        axis.axvline(row.neutral, color="grey", linewidth=0.8, linestyle=":")
        accuracy_axis(axis, _TICKS, _LOWEST, _HIGHEST)
        axis.set(title=row.name, xlabel=row.unit)
        axis.grid(alpha=0.3)
        axis.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("test accuracy, %")
    axes[0].legend(loc="lower center", frameon=False)
    for axis in axes[1:]:
        axis.set_yticklabels([])
    save_figure(figure, path)


def _turn(images: Images, degrees: float, _: np.random.Generator) -> Images:
    return _affine(images, cv2.getRotationMatrix2D(_CENTRE, degrees, 1))


def _scale(images: Images, factor: float, _: np.random.Generator) -> Images:
    return _affine(images, cv2.getRotationMatrix2D(_CENTRE, 0, factor))


def _affine(images: Images, matrix: NDArray[np.float64]) -> Images:
    return np.stack([cv2.warpAffine(image, matrix, (28, 28), flags=cv2.INTER_LINEAR) for image in images])


def _blur(images: Images, sigma: float, _: np.random.Generator) -> Images:
    if not sigma:
        return images
    return np.stack([cv2.GaussianBlur(image, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT) for image in images])


def _noise(images: Images, deviation: float, rng: np.random.Generator) -> Images:
    return images + deviation * rng.standard_normal(images.shape, np.float32)


def _thickness(images: Images, pixels: float, _: np.random.Generator) -> Images:
    """Each half pixel on either side of a stroke makes it a pixel wider, or narrower."""
    for _step in range(abs(round(pixels))):
        images = thicken(images) if pixels > 0 else thin(images)
    return images


def _pale(images: Images, contrast: float, _: np.random.Generator) -> Images:
    return images * np.float32(contrast)


def _steps(first: float, last: float, count: int) -> tuple[float, ...]:
    return tuple(round(float(step), 4) for step in np.linspace(first, last, count))


PERTURBATIONS = (
    Perturbation("rotation", "degrees", _steps(-30, 30, 13), 0, _turn),
    Perturbation("scale", "of the size", _steps(0.5, 1.4, 10), 1, _scale),
    # Below 0.4 a Gaussian weighs the neighbours with less than a grey level.
    Perturbation("blur", "sigma, pixels", (0.0, *_steps(0.4, 2, 9)), 0, _blur),
    Perturbation("noise", "deviation, of full ink", _steps(0, 0.4, 9), 0, _noise),
    Perturbation("stroke", "pixels wider", _steps(-4, 4, 9), 0, _thickness),
    Perturbation("contrast", "of full ink", _steps(0.2, 1, 9), 1, _pale),
)
