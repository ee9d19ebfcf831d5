"""A `.tflite` model that turns 28x28 images into probabilities of the ten digits."""

import sys
import warnings
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import apply_temperature
from mnist_edge.errors import ModelError, ModelWarning, RuntimeMissing, UsageError, described
from mnist_edge.metadata import refusal_threshold_of, temperature_of
from mnist_edge.model_file import Kind, read_model
from mnist_edge.output_kinds import OutputKind, probe_images, recognise, to_probabilities
from mnist_edge.refusal import digit_score
from mnist_edge.safe_text import printable
from mnist_edge.shipped_models import DEFAULT
from mnist_edge.tensors import as_input, byte_values, dequantise, pixel_range, quantise, with_channel

# Images. Larger batches are no faster and cost memory: 256 images of the largest recipe need some 30 MB.
MAX_BATCH = 256
# Multiplying by it fills all ten columns with a row's sum, in a third of the time that `sum` takes.
_SUMS = np.ones((10, 10), np.float32)


class Classifier:
    """A `.tflite` model, ready to run.

    It quantises images by the model's scale and zero point, runs any number of them in batches and dequantises the
    outputs. Where these are no probabilities but logits, say, which the answers to
    `mnist_edge.output_kinds.probe_images` show, it applies a softmax, issues a `ModelWarning`, and ignores the file's
    temperature and threshold, which are for probabilities. A file without our checksum is first tried in a child
    process. One object serves one thread at a time.

    Examples:
        >>> classifier = Classifier("small")
        >>> probabilities = classifier.probabilities(normalise(ink)[None])
        >>> int(probabilities.argmax()), bool(classifier.is_digit(probabilities)[0])
        (7, True)

    Attributes:
        path: The `.tflite` file.
        name: The model's name from its metadata, else the file's.
        runtime: Name and version of the runtime.
        metadata: The file's metadata; empty where it has none.
        output_kind: What the network itself gives.
        calibrated: Whether `probabilities` are scaled by the temperature.
        temperature: Of temperature scaling (`mnist_edge.calibration`); 1 where the file has none.
        refusal_threshold: Lowest score of a digit (`mnist_edge.refusal`); None where the file has none.
    """

    def __init__(
        self, model: str | Path = DEFAULT, *, calibrated: bool = True, runtime: str | None = None, threads: int = 1
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
        file = read_model(model, Kind.CLASSIFIER)
        self.path, self.metadata, self.name = file.path, file.metadata, file.name
        self.calibrated = calibrated
        self.temperature = temperature_of(self.metadata, self.path.name)
        self.refusal_threshold = refusal_threshold_of(self.metadata, self.path.name)
        self.interpreter, found = file.build(__name__, runtime, threads)
        self.runtime = found.label
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self._check_shapes()
        self._shape = tuple(int(size) for size in self.input["shape"][1:])
        self._batch, self._max_batch = 1, MAX_BATCH
        self._background, self._full_ink = pixel_range(self.input)
        self._exponent: np.float32 | None = None
        self._quantised, self._dequantised = self._tables()
        self.output_kind = self._recognise()
        if self.output_kind is not OutputKind.PROBABILITIES:
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
        images = with_channel(images)
        tensor = self._quantised.take(images) if images.dtype == np.uint8 else self._quantise(as_input(images))
        if len(tensor) == self._batch:
            return self._invoke(tensor)
        batch = self._batch_for(len(tensor))
        chunks = [self._invoke(tensor[k : k + batch]) for k in range(0, len(tensor), batch)]
        return np.concatenate(chunks) if chunks else np.empty((0, 10), np.float32)

    def is_digit(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Decide which images show a digit; all do where the model's file has no threshold.

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
            # The threshold was chosen on calibrated probabilities.
            probabilities = apply_temperature(probabilities, self.temperature)
        return digit_score(probabilities) >= self.refusal_threshold

    def _tables(self) -> tuple[NDArray[Any], NDArray[np.float32] | None]:
        """Prepare look-ups of the quantised value of each uint8 pixel, and of the real value of each one-byte output.

        Next to a network of 25 us every microsecond counts, and `take` is twice as fast as indexing.
        """
        grey = np.arange(256, dtype=np.float32) / np.float32(255)
        return self._quantise(grey), byte_values(self.output)

    def _quantise(self, ink: NDArray[np.float32]) -> NDArray[Any]:
        """Turn ink, 0 to 1, into values of the input tensor."""
        scale = np.float32(self._full_ink - self._background)
        return quantise(np.float32(self._background) + ink * scale, self.input)

    def _recognise(self) -> OutputKind:
        """Find out what the outputs are, from the answers to the same few images every time, never from a user's."""
        # For the moment, so that `_invoke` leaves them as they are.
        self.output_kind = OutputKind.PROBABILITIES
        try:
            outputs = np.concatenate([self._invoke(tensor[None]) for tensor in self._quantised.take(probe_images())])
        except RuntimeError as error:
            raise ModelError(f"{self.path.name} cannot be run by {self.runtime}: {error}") from None
        kind = recognise(outputs)
        if kind is not OutputKind.PROBABILITIES:
            warnings.warn(
                f"{self.path.name} gives {kind.value}, no probabilities; a softmax is applied to them",
                ModelWarning,
                stacklevel=3,
            )
        return kind

    def _invoke(self, tensor: NDArray[Any]) -> NDArray[np.float32]:
        if len(tensor) != self._batch:
            self._resize(len(tensor))
        if self._shape != (28, 28, 1):
            tensor = tensor.reshape(-1, *self._shape)
        self.interpreter.set_tensor(self.input["index"], tensor)
        self.interpreter.invoke()
        values = self.interpreter.get_tensor(self.output["index"])
        # The table's values are already raised to the exponent.
        if self._dequantised is not None:
            real = self._dequantised.take(values)
        else:
            real = dequantise(values, self.output)
            if self._exponent is not None:
                real **= self._exponent
        if self._exponent is not None:
            real /= real.dot(_SUMS)
        return real if self.output_kind is OutputKind.PROBABILITIES else to_probabilities(real, self.output_kind)

    def _batch_for(self, images: int) -> int:
        """Choose the size of batches: `MAX_BATCH`, or 1 where the graph cannot be resized."""
        if images > 1 and self._max_batch > 1 and self._batch == 1:
            try:
                self._resize(min(images, self._max_batch))
            except RuntimeError:
                self._max_batch = 1
                self._resize(1)
        return self._max_batch

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
