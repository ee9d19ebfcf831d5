"""28x28 images in, probabilities of the ten digits out, by a `.tflite` model."""

import sys
import warnings
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import apply_temperature
from mnist_edge.child_process import run_module
from mnist_edge.errors import ModelError, ModelWarning, RuntimeMissing, UsageError, described
from mnist_edge.metadata import carries_checksum, metadata_of, refusal_threshold_of, temperature_of
from mnist_edge.output_kinds import OutputKind, probe_images, recognise, to_probabilities
from mnist_edge.refusal import digit_score
from mnist_edge.runtime import build_interpreter, byte_values, dequantise, quantise
from mnist_edge.safe_text import printable
from mnist_edge.shipped_models import DEFAULT, resolve

# More gain nothing in speed and cost memory: 256 images of the largest recipe need some 30 MB of activations.
MAX_BATCH = 256
# A trial takes half a second with ai-edge-litert; TensorFlow alone takes some 20 s to import on a Raspberry Pi.
TRIAL_SECONDS = 60.0
# A product with it puts a row's sum into all ten of its columns, in a third of the time that `sum` takes.
_SUMS = np.ones((10, 10), np.float32)


def as_input(images: NDArray[Any]) -> NDArray[np.float32]:
    """Images as the networks take them; the dtype alone decides what the values mean.

    Args:
        images: Shape (n, 28, 28) or (n, 28, 28, 1). uint8 means 0 to 255, floating point means 0 to 1;
            0 is background, the top is full ink.

    Returns:
        Shape (n, 28, 28, 1), 0 to 1.

    Raises:
        UsageError: It is no array, or of another shape, dtype or range, or has NaN.
    """
    images = _four_dimensional(images)
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if images.dtype.kind != "f":
        raise UsageError(f"images must be uint8 (0 to 255) or floating point (0 to 1), not {images.dtype}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise UsageError(f"floating point images must lie in 0 to 1, these span {images.min()} to {images.max()}")
    return images.astype(np.float32)


def pixel_range(details: dict[str, Any]) -> tuple[float, float]:
    """The real values that a model's input has for background and for full ink.

    Floating point is 0 to 1. A quantised byte spans the range that the network was trained on, which may be -1 to 1,
    or 0 to 255, or standardised: background is its lowest value, full ink its highest, so that uint8 takes pixels as
    they are. Integers without a scale are pixels from 0 to 255.

    Args:
        details: Of the input tensor, from `get_input_details`.
    """
    if np.dtype(details["dtype"]).kind == "f":
        return 0.0, 1.0
    if not details["quantization"][0]:
        return 0.0, 255.0
    values = byte_values(details)
    # A range found on pale images ends a little before 1 and still means 0 to 1. Two bytes span it alike either way.
    if values is None or (abs(values.min()) < 0.01 and 0.5 <= values.max() < 1.01):
        return 0.0, 1.0
    return float(values.min()), float(values.max())


def _four_dimensional(images: NDArray[Any]) -> NDArray[Any]:
    if not isinstance(images, np.ndarray):
        raise UsageError(f"images must be a NumPy array, not {described(images)}")
    if images.ndim == 3:
        images = images[..., None]
    if images.shape[1:] != (28, 28, 1):
        raise UsageError(f"images must have shape (n, 28, 28) or (n, 28, 28, 1), not {images.shape}")
    return images


class Classifier:
    """A `.tflite` model, ready to run.

    It reads scale and zero point from the model, quantises with rounding and clipping, runs any number of images in
    batches and dequantises. Outputs that are no probabilities, such as logits, are recognised once, when the model is
    loaded, by the answers to `mnist_edge.output_kinds.probe_images`; a softmax is then applied, a `ModelWarning`
    says so, and the temperature and threshold of the file are left aside, since they are of probabilities. One object
    serves one thread at a time.

    Examples:
        >>> classifier = Classifier("small")
        >>> probabilities = classifier.probabilities(normalise(ink)[None])
        >>> int(probabilities.argmax()), bool(classifier.is_digit(probabilities)[0])
        (7, True)

    Attributes:
        path: The `.tflite` file.
        name: The model's name from its metadata, else the file's.
        runtime: The runtime that runs it and its version.
        metadata: What the file says of itself; empty where it says nothing.
        meaning: What the network's own outputs are.
        calibrated: Whether `probabilities` are scaled by the temperature.
        temperature: Makes the network's confidence its accuracy (`mnist_edge.calibration`); 1 where the file has none.
        refusal_threshold: Least score of a digit (`mnist_edge.refusal`); None where the file has none.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT,
        *,
        calibrated: bool = True,
        runtime: str | None = None,
        threads: int = 1,
    ) -> None:
        """Load a model.

        Args:
            model: A `.tflite` file or the name of a model that ships.
            calibrated: Scale the probabilities by the file's temperature; False gives the network's own softmax.
            runtime: `ai-edge-litert`, `tflite-runtime` or `tensorflow`; None takes the first that works.
            threads: CPU threads for one invoke.

        Raises:
            ModelError: The file is missing, damaged, of another shape, its temperature or threshold makes no sense,
                or no runtime here can run it.
            RuntimeMissing: There is no runtime, or not the one asked for.
            UsageError: `model` is no text and no path, or `threads` no number from 1 to 256.
        """
        self.path = resolve(model)
        content = self.path.read_bytes()
        self.metadata = metadata_of(content, self.path.name)
        self.name = str(self.metadata.get("name", self.path.name.split(".")[0]))
        self.calibrated = calibrated
        self.temperature = temperature_of(self.metadata, self.path.name)
        self.refusal_threshold = refusal_threshold_of(self.metadata, self.path.name)
        if __name__ != "__main__" and not carries_checksum(content):
            self._try_in_child(runtime)
        self.interpreter, found = build_interpreter(content, self.path.name, runtime, threads)
        self.runtime = found.label
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self._check_shapes()
        self._shape = tuple(int(size) for size in self.input["shape"][1:])
        self._batch, self._most = 1, MAX_BATCH
        self._background, full_ink = pixel_range(self.input)
        self._ink = full_ink - self._background
        grey = np.arange(256, dtype=np.float32) / np.float32(255)
        # A uint8 pixel has 256 values: quantising is one look-up, and so is dequantising a one-byte output. Next to
        # a network of 25 us every microsecond counts, and `take` is twice as fast as indexing.
        self._quantised = self._quantise(grey)
        self._dequantised = byte_values(self.output)
        self._exponent: np.float32 | None = None
        self.meaning = self._recognise()
        if self.meaning is not OutputKind.PROBABILITIES:
            self.temperature, self.refusal_threshold = 1.0, None
        elif calibrated and self.temperature != 1:
            self._exponent = np.float32(1 / self.temperature)
            if self._dequantised is not None:
                self._dequantised = np.maximum(self._dequantised, 0) ** self._exponent

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Classify images.

        Args:
            images: As `as_input` takes them.

        Returns:
            Shape (n, 10), 0 to 1, one column a digit; calibrated, or as the network gives them where the classifier
            was made with `calibrated=False`.

        Raises:
            UsageError: It is no array, or of another shape, dtype or range.
        """
        images = _four_dimensional(images)
        tensor = self._quantised.take(images) if images.dtype == np.uint8 else self._quantise(as_input(images))
        if len(tensor) == self._batch:
            return self._invoke(tensor)
        most = self._batch_for(len(tensor))
        chunks = [self._invoke(tensor[k : k + most]) for k in range(0, len(tensor), most)]
        return np.concatenate(chunks) if chunks else np.empty((0, 10), np.float32)

    def is_digit(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which images show a digit, as far as the network can tell; all, where its file has no threshold.

        Args:
            probabilities: Shape (n, 10), as this classifier gave them.

        Returns:
            Shape (n,).

        Raises:
            UsageError: It is no array, or of another shape.
        """
        if not isinstance(probabilities, np.ndarray) or probabilities.shape[1:] != (10,):
            raise UsageError(f"probabilities must be an array of shape (n, 10), not {described(probabilities)}")
        if self.refusal_threshold is None:
            return np.ones(len(probabilities), np.bool_)
        if not self.calibrated:
            # The threshold was chosen on calibrated ones.
            probabilities = apply_temperature(probabilities, self.temperature)
        return digit_score(probabilities) >= self.refusal_threshold

    def _try_in_child(self, runtime: str | None) -> None:
        """Run a file of unknown origin in a child process first: a damaged graph can crash the process that runs it."""
        # A program that embeds or freezes Python has no Python to start.
        if not sys.executable or getattr(sys, "frozen", False):
            return
        child = run_module("mnist_edge.classifier", str(self.path), runtime or "", timeout_s=TRIAL_SECONDS)
        if child.failure:
            raise ModelError(
                f"{self.path.name} cannot be run here (trial run: {child.failure}); export it again with: "
                "mnist-edge export"
            )
        if child.output:
            raise ModelError(child.output.strip())

    def _quantise(self, values: NDArray[np.float32]) -> NDArray[Any]:
        """Ink, 0 to 1, as the input tensor holds it."""
        return quantise(np.float32(self._background) + values * np.float32(self._ink), self.input)

    def _recognise(self) -> OutputKind:
        """What the outputs mean, from the answers to the same few images every time; never from a user's."""
        self.meaning = OutputKind.PROBABILITIES  # As they are, for the moment.
        try:
            outputs = np.concatenate([self._invoke(tensor[None]) for tensor in self._quantised.take(probe_images())])
        except RuntimeError as error:
            raise ModelError(f"{self.path.name} cannot be run by {self.runtime}: {error}") from None
        meaning = recognise(outputs)
        if meaning is not OutputKind.PROBABILITIES:
            warnings.warn(
                f"{self.path.name} gives {meaning.value}, no probabilities; a softmax is applied to them",
                ModelWarning,
                stacklevel=3,
            )
        return meaning

    def _invoke(self, tensor: NDArray[Any]) -> NDArray[np.float32]:
        if len(tensor) != self._batch:
            self._resize(len(tensor))
        if self._shape != (28, 28, 1):
            tensor = tensor.reshape(-1, *self._shape)
        self.interpreter.set_tensor(self.input["index"], tensor)
        self.interpreter.invoke()
        values = self.interpreter.get_tensor(self.output["index"])
        # Where there is a table, its values are already to the power.
        if self._dequantised is not None:
            real = self._dequantised.take(values)
        else:
            real = dequantise(values, self.output)
            if self._exponent is not None:
                real **= self._exponent
        if self._exponent is not None:
            real /= real.dot(_SUMS)
        return real if self.meaning is OutputKind.PROBABILITIES else to_probabilities(real, self.meaning)

    def _batch_for(self, images: int) -> int:
        """How many to show at once: `MAX_BATCH`, or one by one where the graph allows no more."""
        if images > 1 and self._most > 1 and self._batch == 1:
            try:
                self._resize(min(images, self._most))
            except RuntimeError:
                self._most = 1
                self._resize(1)
        return self._most

    def _resize(self, batch: int) -> None:
        self.interpreter.resize_tensor_input(self.input["index"], (batch, *self._shape))
        self.interpreter.allocate_tensors()
        self._batch = batch

    def _check_shapes(self) -> None:
        shapes = tuple(tuple(int(n) for n in tensor["shape"]) for tensor in (self.input, self.output))
        if shapes[0][:1] != (1,) or prod(shapes[0]) != 28 * 28 or shapes[1] != (1, 10):
            raise ModelError(
                f"{self.path.name} maps {shapes[0]} to {shapes[1]}; a digit model maps (1, 28, 28, 1) to (1, 10)"
            )


def _trial(model: str, runtime: str) -> None:
    """Run a model on one image and on two, and print why it is refused. A missing runtime shows in the caller."""
    try:
        Classifier(model, runtime=runtime or None).probabilities(np.zeros((2, 28, 28), np.uint8))
    except ModelError as error:
        print(printable(str(error)))
    except RuntimeMissing:
        pass


if __name__ == "__main__":
    _trial(*sys.argv[1:])
