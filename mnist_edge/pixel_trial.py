"""Find out by trying what a network was trained to take for background and for ink, where nothing says so."""

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.dataset import VALIDATION_IMAGES, Dataset, Split, stratified
from mnist_edge.errors import ModelWarning, PackageMissing
from mnist_edge.interrupts import interrupts_held
from mnist_edge.keras_network import digit_network, suggested_pixels
from mnist_edge.mcnemar import mcnemar_exact
from mnist_edge.pixels import Pixels, parse_pixels
from mnist_edge.tensors import as_input

if TYPE_CHECKING:
    from mnist_edge.classifier import Classifier

# Of the validation split, and of drawn digits.
TRIAL_IMAGES, DRAWN = 500, 200
VALIDATION = "validation images"
# What tutorials train on: 0 to 1, bytes as they are, around zero, and PyTorch's standardisation of MNIST.
SCALES = ("0..1", "0..255", "-1..1", "0.1307,0.3081")
# Below this p of McNemar's test the difference between two scales is no chance.
_NO_CHANCE = 0.001
# Of the errors with what the file suggests the right scale leaves fewer than this share. In trials with networks of a
# few epochs it left at most 0.56, and a wrong one that was better by luck, with a network hardly trained, 0.66.
_FEWER = 0.6
# A share of right answers. A network that has less with every scale was not trained for such images.
_CLEAR = 0.5
# Gives the outputs for the images of the trial with some pixels, shape (n, classes).
Ask = Callable[[Pixels], NDArray[np.float32]]


def trial_images(data: Dataset) -> Split:
    """Draw the validation images on which scales of pixels are tried."""
    split = data.with_validation(VALIDATION_IMAGES).validation
    return split if len(split) <= TRIAL_IMAGES else split.take(stratified(split.labels, TRIAL_IMAGES, 0)[1])


def try_keras(network: Any, trial: Split, classes: int | None = None) -> Pixels | None:
    """Try scales of pixels on a Keras model, as `digit_network` takes it; returns as `find_pixels`."""
    ink = as_input(trial.images)
    with warnings.catch_warnings():
        # Whoever uses the network says that a softmax was appended.
        warnings.simplefilter("ignore", ModelWarning)
        bare = digit_network(network, Pixels(0.0, 1.0), classes)

    def ask(pixels: Pixels) -> NDArray[np.float32]:
        with interrupts_held():
            return np.asarray(bare.predict(pixels.of_ink(ink), batch_size=len(ink), verbose=0), np.float32)

    return find_pixels(str(network.name), ask, _candidates(suggested_pixels(network)), trial.labels)


def try_classifier(classifier: "Classifier", trial: Split, images: str = VALIDATION) -> None:
    """Try scales of pixels on a `.tflite` whose origin is unknown, and leave it with those that are right.

    Args:
        classifier: Runs it.
        trial: Images and their labels.
        images: What they are, for the message.
    """
    suggested = classifier.pixels
    # Integers cannot hold other scales than their own.
    tried = _candidates(suggested, () if classifier.quantised else SCALES)

    def ask(pixels: Pixels) -> NDArray[np.float32]:
        classifier.take_pixels(pixels)
        return classifier.probabilities(trial.images)

    found = find_pixels(classifier.path.name, ask, tried, trial.labels, images)
    classifier.take_pixels(found or suggested)


def try_on_drawn_digits(classifier: "Classifier") -> None:
    """Do what `try_classifier` does on digits that are drawn, where no others are at hand; nothing without OpenCV."""
    try:
        from mnist_edge.handwriting import drawn_digits
    except PackageMissing:
        return
    images, labels = drawn_digits(DRAWN)
    try_classifier(classifier, Split(images[..., None], labels), "drawn digits")


def find_pixels(
    name: str, ask: Ask, tried: dict[str, Pixels], labels: NDArray[np.uint8], images: str = VALIDATION
) -> Pixels | None:
    """Take the scale of pixels that is clearly right on images whose labels are known.

    What the file suggests stays unless another makes far fewer errors, and not by chance: the scale matters little to
    some networks, as to those without biases. Another than that is said, by a `ModelWarning`; so is that none is right.

    Args:
        name: Of the model, for the message.
        ask: Runs the network.
        tried: What to try, by the flags that mean it; what the file suggests comes first.
        labels: Of the images, shape (n,).
        images: What they are, for the message.

    Returns:
        None where the first of `tried` is to be taken, or none is right.
    """
    right = {flags: ask(pixels).argmax(axis=1) == labels for flags, pixels in tried.items()}
    share = {flags: float(answers.mean()) for flags, answers in right.items()}
    first, best = next(iter(right)), max(right, key=lambda flags: share[flags])
    if share[best] < _CLEAR:
        # Of drawn digits that may be the fault of these.
        if images == VALIDATION:
            _warn(
                f"{name} reads {share[best]:.0%} of {len(labels)} {images} at most, whatever scale of pixels is "
                "tried; if it was trained on another, name it with --pixels and --invert"
            )
        return None
    if not _clearly_better(right[best], right[first]):
        return None
    _warn(
        f"{name} is run as with {best}: so it reads {share[best]:.0%} of {len(labels)} {images}, and "
        f"{share[first]:.0%} with the pixels that its file suggests"
    )
    return tried[best]


def _candidates(first: Pixels, scales: tuple[str, ...] = SCALES) -> dict[str, Pixels]:
    found = {"": first, "--invert": Pixels(first.ink, first.background)}
    for scale in scales:
        for invert in (False, True):
            pixels = parse_pixels(scale, invert)
            if pixels and pixels not in found.values():
                found[f"--pixels {scale}{' --invert' if invert else ''}"] = pixels
    return found


def _clearly_better(best: NDArray[np.bool_], first: NDArray[np.bool_]) -> bool:
    if (~best).sum() > _FEWER * (~first).sum():
        return False
    return mcnemar_exact(int((best & ~first).sum()), int((first & ~best).sum())) < _NO_CHANCE


def _warn(what: str) -> None:
    warnings.warn(what, ModelWarning, stacklevel=4)
