"""28x28 images in, probabilities of the ten digits out, by a `.tflite` model."""

from pathlib import Path
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from mnist_edge.calibration import HIGHEST, LOWEST, apply_temperature
from mnist_edge.errors import ModelError
from mnist_edge.metadata import read_metadata
from mnist_edge.refusal import SCORE, digit_score
from mnist_edge.runtime import build_interpreter, dequantise, quantise
from mnist_edge.shipped import DEFAULT, resolve

# More gain nothing in speed and cost memory: 256 images of the largest recipe need some 30 MB of activations.
MAX_BATCH = 256
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
        ValueError: Another shape, dtype or range, or NaN.
    """
    images = _four_dimensional(images)
    if images.dtype == np.uint8:
        return images.astype(np.float32) / np.float32(255)
    if images.dtype.kind != "f":
        raise ValueError(f"images must be uint8 (0 to 255) or floating point (0 to 1), not {images.dtype}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):
        raise ValueError(f"floating point images must lie in 0 to 1, these span {images.min()} to {images.max()}")
    return images.astype(np.float32)


def _four_dimensional(images: NDArray[Any]) -> NDArray[Any]:
    if images.ndim == 3:
        images = images[..., None]
    if images.shape[1:] != (28, 28, 1):
        raise ValueError(f"images must have shape (n, 28, 28) or (n, 28, 28, 1), not {images.shape}")
    return images


class Classifier:
    """A `.tflite` model, ready to run.

    It reads scale and zero point from the model, quantises with rounding and clipping, runs any number of images in
    batches and dequantises. One object serves one thread at a time.

    Attributes:
        path: The `.tflite` file.
        name: The model's name from its metadata, else the file's.
        runtime: The runtime that runs it and its version.
        metadata: What the file says of itself; empty where it says nothing.
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
        """
        self.path = resolve(model)
        self.metadata = read_metadata(self.path)
        self.name = str(self.metadata.get("name", self.path.name.split(".")[0]))
        self.calibrated = calibrated
        self.temperature = _temperature(self.metadata, self.path.name)
        self.refusal_threshold = _refusal_threshold(self.metadata, self.path.name)
        self.interpreter, found = build_interpreter(self.path.read_bytes(), self.path.name, runtime, threads)
        self.runtime = found.label
        self.input = self.interpreter.get_input_details()[0]
        self.output = self.interpreter.get_output_details()[0]
        self._check_shapes()
        self._batch = 1
        grey = np.arange(256, dtype=np.float32) / np.float32(255)
        # A uint8 pixel has 256 values: quantising is one look-up, and so is dequantising a one-byte output. Next to
        # a network of 25 us every microsecond counts, and `take` is twice as fast as indexing.
        self._quantised = quantise(grey, self.input)
        self._dequantised = _one_byte_table(self.output)
        self._exponent = np.float32(1 / self.temperature) if calibrated and self.temperature != 1 else None
        if self._dequantised is not None and self._exponent is not None:
            self._dequantised = np.maximum(self._dequantised, 0) ** self._exponent

    def probabilities(self, images: NDArray[Any]) -> NDArray[np.float32]:
        """Classify images.

        Args:
            images: As `as_input` takes them.

        Returns:
            Shape (n, 10), 0 to 1, one column a digit; calibrated, or as the network gives them where the classifier
            was made with `calibrated=False`.

        Raises:
            ValueError: Another shape, dtype or range.
        """
        if images.dtype == np.uint8:
            tensor = self._quantised.take(_four_dimensional(images))
        else:
            tensor = quantise(as_input(images), self.input)
        if len(tensor) == self._batch:
            return self._invoke(tensor)
        chunks = [self._invoke(tensor[k : k + MAX_BATCH]) for k in range(0, len(tensor), MAX_BATCH)]
        return np.concatenate(chunks) if chunks else np.empty((0, 10), np.float32)

    def is_digit(self, probabilities: NDArray[np.float32]) -> NDArray[np.bool_]:
        """Which images show a digit, as far as the network can tell; all, where its file has no threshold.

        Args:
            probabilities: Shape (n, 10), as this classifier gave them.

        Returns:
            Shape (n,).
        """
        if self.refusal_threshold is None:
            return np.ones(len(probabilities), np.bool_)
        if not self.calibrated:
            # The threshold was chosen on calibrated ones.
            probabilities = apply_temperature(probabilities, self.temperature)
        return digit_score(probabilities) >= self.refusal_threshold

    def _invoke(self, tensor: NDArray[Any]) -> NDArray[np.float32]:
        if len(tensor) != self._batch:
            self._resize(len(tensor))
        self.interpreter.set_tensor(self.input["index"], tensor)
        self.interpreter.invoke()
        values = self.interpreter.get_tensor(self.output["index"])
        if self._dequantised is None:
            real = dequantise(values, self.output)
            if self._exponent is not None:
                real **= self._exponent
        else:
            # Already to the power.
            real = self._dequantised.take(values)
        if self._exponent is not None:
            real /= real.dot(_SUMS)
        return real

    def _resize(self, batch: int) -> None:
        self.interpreter.resize_tensor_input(self.input["index"], (batch, 28, 28, 1))
        try:
            self.interpreter.allocate_tensors()
        except RuntimeError as error:
            raise ModelError(
                f"{self.path.name} was exported for one image at a time ({error}); "
                "export it again with: mnist-edge export"
            ) from None
        self._batch = batch

    def _check_shapes(self) -> None:
        shapes = tuple(tuple(int(n) for n in tensor["shape"]) for tensor in (self.input, self.output))
        if shapes != ((1, 28, 28, 1), (1, 10)):
            raise ModelError(
                f"{self.path.name} maps {shapes[0]} to {shapes[1]}; a digit model maps (1, 28, 28, 1) to (1, 10)"
            )


def _temperature(metadata: dict[str, Any], name: str) -> float:
    found = metadata.get("temperature")
    if found is None:
        return 1.0
    if not _is_number(found) or not LOWEST <= found <= HIGHEST:
        raise ModelError(
            f"{name} says its temperature is {found!r}, which is none from {LOWEST} to {HIGHEST}; "
            "export it again with: mnist-edge export"
        )
    return float(found)


def _refusal_threshold(metadata: dict[str, Any], name: str) -> float | None:
    found = metadata.get("refusal")
    if found is None:
        return None
    score, threshold = (found.get("score"), found.get("threshold")) if isinstance(found, dict) else (None, found)
    if score != SCORE or not _is_number(threshold) or not 0 <= threshold <= 1:
        raise ModelError(
            f"{name} says it refuses by {score!r} below {threshold!r}, but must by {SCORE!r} below a threshold "
            "from 0 to 1; export it again with: mnist-edge export"
        )
    return float(threshold)


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _one_byte_table(details: dict[str, Any]) -> NDArray[np.float32] | None:
    dtype = np.dtype(details["dtype"])
    if dtype.itemsize != 1:
        return None
    # In the order of the bytes, so that int8's negative values index from the end, as Python's do.
    return dequantise(np.arange(256, dtype=np.uint8).view(dtype), details)
