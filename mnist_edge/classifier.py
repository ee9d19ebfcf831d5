"""A `.tflite` model that turns 28x28 images into probabilities of the ten digits, or of other classes."""

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import apply_temperature
from mnist_edge.classes import DIGITS
from mnist_edge.errors import ModelError, ModelWarning, RuntimeMissing, UsageError, described
from mnist_edge.metadata import refusal_threshold_of, temperature_of
from mnist_edge.model_file import Kind, read_model
from mnist_edge.normalisation import SIDE
from mnist_edge.output_kinds import OutputKind, probe_images, recognise, to_probabilities
from mnist_edge.pixels import Pixels
from mnist_edge.refusal import digit_score
from mnist_edge.safe_text import printable
from mnist_edge.shipped_models import DEFAULT
from mnist_edge.signature import signature_of
from mnist_edge.tensors import as_input, byte_values, dequantise, pixel_range, quantise, with_channel
from mnist_edge.tflite_graph import keeps_state

# Images. Larger batches are no faster and cost memory: 256 images of the largest recipe need some 30 MB.
MAX_BATCH = 256
# Two outputs are the same: kernels for another batch round otherwise.
_SAME = 1e-3
# Of `small` on a desktop, an image: 27.6 us alone, 21.6 us in a batch of 256.
_LOSS = "small is 1.3 times as slow without batches"
# An attribute of an enumeration takes longer to find than a name.
_PROBABILITIES = OutputKind.PROBABILITIES
_BYTE = np.dtype(np.uint8)
# Turns a pixel into the int8 of a scale of 1/255 and a zero point of -128, and takes a third of a look-up's time.
_SIGN = np.full((1, SIDE, SIDE, 1), 128, np.uint8)


class Classifier:
    """A `.tflite` model, ready to run.

    It gives images the form of the model's input (`mnist_edge.image_form`), quantises them by its scale and zero point,
    runs any number of them in batches and dequantises the outputs. Where these are no probabilities but logits, say,
    which the answers to `mnist_edge.output_kinds.probe_images` show, it applies a softmax, issues a `ModelWarning`, and
    ignores the file's temperature and threshold, which are for probabilities. A graph that is bound to its batch is run
    with that, and a `ModelWarning` reports it. A file without our checksum is first tried in a child process. One
    object serves one thread at a time.

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
        pixels: What the network takes for background and ink.
        classes: What the outputs tell, in their order; the digits, or numbers, where the file does not say.
        refusal_threshold: Lowest score of a digit (`mnist_edge.refusal`); None where the file has none.
    """

    def __init__(
        self,
        model: str | Path = DEFAULT,
        *,
        calibrated: bool = True,
        runtime: str | None = None,
        threads: int = 1,
        trained_on: Pixels | None = None,
        digits_only: bool = True,
    ) -> None:
        """Load a model.

        Args:
            model: A `.tflite` file or the name of a model that ships.
            calibrated: Scale the probabilities by the file's temperature; False gives the network's own softmax.
            runtime: `ai-edge-litert`, `tflite-runtime` or `tensorflow`; None takes the first that works.
            threads: CPU threads for one invoke.
            trained_on: What the network takes for background and ink; None goes by its input (`pixel_range`), and for
                a file of others by trying too (`mnist_edge.pixel_trial`).
            digits_only: Refuse a model that tells anything but the ten digits; False takes any 2 to 62 classes.

        Raises:
            ModelError: The file is missing, damaged, of another shape, tells other classes, its temperature or
                threshold makes no sense, or no runtime here can run it.
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
        signature = signature_of(self.interpreter, self.metadata, self.path.name, digits_only)
        self.input, self.output = signature.input, signature.output
        self.classes, self._form = signature.classes, signature.form
        self._prepare(trained_on or Pixels(*pixel_range(self.input)))
        self.output_kind = self._recognise()
        self._calibrate()
        if not self.metadata and not trained_on and self.classes == DIGITS:
            self._try_pixels()

    def _prepare(self, pixels: Pixels) -> None:
        """Set up what every call needs."""
        # Bound once: beside a network of 10 us, each look-up of an attribute is felt.
        self._set, self._run, self._get = (
            self.interpreter.set_tensor, self.interpreter.invoke, self.interpreter.get_tensor,
        )  # fmt: skip
        self._input_index, self._output_index = self.input["index"], self.output["index"]
        # Multiplying by it fills all columns with a row's sum, in a third of the time that `sum` takes.
        self._sums = np.ones((len(self.classes), len(self.classes)), np.float32)
        self._plain, self._batched = self._form.image.plain, self._form.batched
        # As allocated, and the most; they are equal where the graph is bound to its batch.
        self._batch, self._max_batch = self._form.batch, MAX_BATCH
        self._remembers = keeps_state(self.interpreter)
        # One image as bytes of the input, of which `_flips` tells whether they are the pixel's with another sign.
        self._one = np.empty(_SIGN.shape, np.int8)
        self._one_bytes = self._one.view(np.uint8)
        self._exponent: np.float32 | None = None
        self._dequantised = byte_values(self.output)
        self.take_pixels(pixels)

    def _calibrate(self) -> None:
        """Apply the temperature, where there are probabilities that it was fitted to."""
        if self.output_kind is not OutputKind.PROBABILITIES:
            self.temperature, self.refusal_threshold = 1.0, None
        elif self.calibrated and self.temperature != 1:
            self._exponent = np.float32(1 / self.temperature)
            if self._dequantised is not None:
                self._dequantised = np.maximum(self._dequantised, 0) ** self._exponent

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Classify images.

        Args:
            images: As `as_input` takes them.

        Returns:
            Shape (n, classes), 0 to 1, one column a digit, or another class; calibrated, or as the network gives them
            where the classifier was made with `calibrated=False`.

        Raises:
            UsageError: It is no array, or of another shape, dtype or range.
        """
        images = with_channel(images)
        # The common cases by themselves: beside a network of 10 us, a call more is felt.
        if self._plain and images.dtype == _BYTE:
            if self._flips and len(images) == 1:
                np.bitwise_xor(images, _SIGN, self._one_bytes)
                return self._invoke(self._one)
            tensor = self._quantised.take(images)
        else:
            tensor = self._tensor(images)
        if len(tensor) == self._batch:
            return self._invoke(tensor)
        batch = self._max_batch
        chunks = [self._invoke(tensor[k : k + batch]) for k in range(0, len(tensor), batch)]
        return np.concatenate(chunks) if chunks else np.empty((0, len(self.classes)), np.float32)

    def is_digit(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Decide which images show a digit; all do where the model's file has no threshold.

        Args:
            probabilities: Shape (n, classes), as this classifier gave them.

        Returns:
            Shape (n,).

        Raises:
            UsageError: It is no array, or of another shape.
        """
        count = len(self.classes)
        if not isinstance(probabilities, np.ndarray) or probabilities.shape[1:] != (count,):
            raise UsageError(f"probabilities must be an array of shape (n, {count}), not {described(probabilities)}")
        if self.refusal_threshold is None:
            return np.ones(len(probabilities), np.bool_)
        if not self.calibrated:
            # The threshold was chosen on calibrated probabilities.
            probabilities = apply_temperature(probabilities, self.temperature)
        return digit_score(probabilities) >= self.refusal_threshold

    def _try_pixels(self) -> None:
        # Only for what others made, and it knows data sets and Keras' networks too.
        from mnist_edge.pixel_trial import try_on_drawn_digits

        try_on_drawn_digits(self)

    @property
    def quantised(self) -> bool:
        """Whether the network takes integers."""
        return bool(np.dtype(self.input["dtype"]).kind != "f")

    def take_pixels(self, pixels: Pixels) -> None:
        """Show the network these values for background and ink from now on."""
        self.pixels = pixels
        # Next to a network of 25 us every microsecond counts, and `take` is twice as fast as indexing.
        self._quantised = self._quantise(np.arange(256, dtype=np.float32) / np.float32(255))
        flipped = np.arange(-128, 128).astype(np.int8)
        self._flips = self._quantised.dtype == np.int8 and np.array_equal(self._quantised, flipped)

    def _quantise(self, ink: NDArray[np.float32]) -> NDArray[Any]:
        """Turn ink, 0 to 1, into values of the input tensor."""
        return quantise(self.pixels.of_ink(ink), self.input)

    def _tensor(self, images: NDArray[Any]) -> NDArray[Any]:
        """Turn images, as `with_channel` gives them, into values of the input tensor."""
        form = self._form.image
        if images.dtype == np.uint8 and form.side == SIDE:
            tensor = self._quantised.take(images)
        else:
            tensor = self._quantise(form.resize(as_input(images)))
        return tensor if self._plain else form.arrange(tensor)

    def _recognise(self) -> OutputKind:
        """Find out what the outputs are, from the answers to the same few images every time, never from a user's."""
        # For the moment, so that `_invoke` leaves them as they are.
        self.output_kind = OutputKind.PROBABILITIES
        try:
            outputs = self._probe()
        except RuntimeError as error:
            raise ModelError(f"{self.path.name} cannot be run by {self.runtime}: {error}") from None
        kind = recognise(outputs)
        if kind is not OutputKind.PROBABILITIES:
            self._warn(f"gives {kind.value}, no probabilities; a softmax is applied to them")
        return kind

    def _probe(self) -> NDArray[np.float32]:
        """Run the images that tell what the outputs are, in one batch if the graph takes any."""
        tensor = self._tensor(probe_images())
        try:
            outputs = self._invoke(tensor)
            # A graph may take a batch and answer the first image only, in one row or in as many.
            last = self._invoke(tensor[-1:])
            if len(outputs) == len(tensor) and np.allclose(outputs[-1:], last, rtol=_SAME, atol=_SAME, equal_nan=True):
                return outputs
        except (RuntimeError, ValueError):
            pass
        self._max_batch = self._form.batch
        self._resize(self._max_batch)
        each = "one by one" if self._max_batch == 1 else f"{self._max_batch} by {self._max_batch}"
        self._warn(f"is bound to a batch of {self._max_batch}, so images are run {each}; {_LOSS}")
        starts = range(0, len(tensor), self._max_batch)
        return np.concatenate([self._invoke(tensor[k : k + self._max_batch]) for k in starts])

    def _warn(self, what: str) -> None:
        # The level of whoever makes a classifier.
        warnings.warn(f"{self.path.name} {what}", ModelWarning, stacklevel=4)

    def _invoke(self, tensor: NDArray[Any]) -> NDArray[np.float32]:
        count = len(tensor)
        if count != self._batch:
            tensor = self._fit(tensor)
        if self._remembers:
            self.interpreter.reset_all_variables()
        self._set(self._input_index, tensor if self._batched else tensor[0])
        self._run()
        values = self._get(self._output_index)
        if values.shape != (count, len(self.classes)):
            values = values.reshape(-1, len(self.classes))[:count]
        # The table's values are already raised to the exponent.
        if self._dequantised is not None:
            real = self._dequantised.take(values)
        else:
            real = dequantise(values, self.output)
            if self._exponent is not None:
                real **= self._exponent
        if self._exponent is not None:
            real /= real.dot(self._sums)
        return real if self.output_kind is _PROBABILITIES else to_probabilities(real, self.output_kind)

    def _fit(self, tensor: NDArray[Any]) -> NDArray[Any]:
        """Allocate the graph for this many images, or repeat the last of them up to the batch that it is bound to."""
        if self._max_batch == self._form.batch:
            return tensor.take(range(self._batch), axis=0, mode="clip")
        self._resize(len(tensor))
        return tensor

    def _resize(self, batch: int) -> None:
        self.interpreter.resize_tensor_input(self.input["index"], self._form.shape(batch))
        self.interpreter.allocate_tensors()
        self._batch = batch


def _trial(model: str, runtime: str) -> None:
    """Run a model on one image and on two, and print why it is refused. A missing runtime shows in the caller."""
    try:
        # Any pixels will do.
        classifier = Classifier(model, runtime=runtime or None, trained_on=Pixels(0.0, 1.0), digits_only=False)
        classifier.probabilities(np.zeros((2, 28, 28), np.uint8))
    except ModelError as error:
        print(printable(str(error)))
    except RuntimeMissing:
        pass


if __name__ == "__main__":
    _trial(*sys.argv[1:])
