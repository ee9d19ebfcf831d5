"""The finder's network as a `.tflite`: from an ink level of any size to what `mnist_edge.detection` decodes."""

import sys
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from mnist_edge.confidence import Confidence
from mnist_edge.detection import CHANNELS, MULTIPLE, STRIDE, Floats
from mnist_edge.errors import ModelError, RuntimeMissing, UsageError, described
from mnist_edge.finder_output import OutputScaling
from mnist_edge.model_file import Kind, read_model
from mnist_edge.runtime import Interpreter
from mnist_edge.safe_text import printable
from mnist_edge.shipped_models import FINDER
from mnist_edge.tensors import quantise

# Sizes that stay prepared: a pyramid of a picture has five or six. Preparing one takes as long as a run of all five of
# 640x480 together, and each holds 11 bytes for a pixel, 0.4 MB besides: 6 MB for those five.
SIZES = 8
# Pixels between two places of the output.
PLACE = 2 * STRIDE
_GREY = np.arange(256, dtype=np.float32) / np.float32(255)


class _Prepared(NamedTuple):
    """An interpreter for one size, and its input."""

    interpreter: Interpreter
    image: NDArray[Any]


class FinderNetwork:
    """A finder's `.tflite`, ready to run on ink levels of any size.

    A file without our checksum is first tried in a child process. One object serves one thread at a time.

    Examples:
        >>> network = FinderNetwork()
        >>> network(ink_level(frame)).shape  # of a frame of 640x480
        (60, 80, 60)

    Attributes:
        path: The `.tflite` file.
        name: The model's name from its metadata, else the file's.
        runtime: Name and version of the runtime.
        metadata: The file's metadata; empty where it has none.
        confidence: What its scores and a classifier's probabilities are worth together.
    """

    def __init__(self, model: str | Path = FINDER, *, runtime: str | None = None, threads: int = 1) -> None:
        """Load a finder.

        Args:
            model: A `.tflite` file or the name of a finder that ships.
            runtime: `ai-edge-litert`, `tflite-runtime` or `tensorflow`; None takes the first that works.
            threads: CPU threads for one invoke.

        Raises:
            ModelError: The file is missing, damaged, no finder, or no runtime here can run it.
            RuntimeMissing: There is no runtime, or not the one asked for.
            UsageError: `model` is no text and no path, or `threads` no number from 1 to 256.
        """
        self._file, self._threads = read_model(model, Kind.FINDER), threads
        self.path, self.metadata, self.name = self._file.path, self._file.metadata, self._file.name
        self.confidence = Confidence.from_metadata(self.metadata, self.path.name)
        scaling = OutputScaling.from_metadata(self.metadata, self.path.name)
        first, self._runtime = self._file.build(__name__, runtime, threads)
        self.runtime = self._runtime.label
        self.input, self.output = first.get_input_details()[0], first.get_output_details()[0]
        self._check_shapes()
        self._values = quantise(_GREY, self.input)
        self._paper = _byte_of_paper(self._values)
        scale, zero_point = self.output["quantization"]
        # Of each channel of the four cells, together with what the file's own scaling takes back.
        self._factors = np.tile(scaling.halves * np.float32(scale or 1), 4)
        self._offsets = np.tile(scaling.middles, 4) - np.float32(zero_point) * self._factors
        self._sizes: OrderedDict[tuple[int, int], _Prepared] = OrderedDict()

    def __call__(self, level: NDArray[np.uint8]) -> Floats:
        """Run the network.

        Args:
            level: Shape (height, width), as `ink_level` makes it: 0 = paper, 255 = full ink.

        Returns:
            Shape (height / 8, width / 8, 60), the sides rounded up, as `decode` takes it.

        Raises:
            UsageError: It is no array, or of another shape or dtype.
        """
        if not isinstance(level, np.ndarray) or level.ndim != 2 or level.dtype != np.uint8 or not level.size:
            raise UsageError(f"an ink level must be a uint8 array of shape (height, width), not {described(level)}")
        height, width = level.shape
        prepared = self._prepared(-(-height // MULTIPLE) * MULTIPLE, -(-width // MULTIPLE) * MULTIPLE)
        image = prepared.image[0, :, :, 0]
        self._fill(image[:height, :width], level)
        # The level before may have been larger.
        image[height:], image[:, width:] = self._values[0], self._values[0]
        prepared.interpreter.set_tensor(self.input["index"], prepared.image)
        prepared.interpreter.invoke()
        values = prepared.interpreter.get_tensor(self.output["index"])[0, : -(-height // PLACE), : -(-width // PLACE)]
        output = values.astype(np.float32)
        output *= self._factors
        output += self._offsets
        return output

    def _fill(self, image: NDArray[Any], level: NDArray[np.uint8]) -> None:
        if self._paper is None:
            np.take(self._values, level, out=image, mode="clip")
        else:
            # Thirty times as fast as a look-up of each pixel. It may overflow: int8's values follow those of uint8.
            np.add(level, self._paper, out=image.view(np.uint8))

    def _prepared(self, height: int, width: int) -> _Prepared:
        """The interpreter for a size; of those prepared, the one not used for longest makes room."""
        size = height, width
        if size not in self._sizes:
            if len(self._sizes) == SIZES:
                self._sizes.popitem(last=False)
            self._sizes[size] = self._prepare(height, width)
        self._sizes.move_to_end(size)
        return self._sizes[size]

    def _prepare(self, height: int, width: int) -> _Prepared:
        shape = (1, height, width, 1)
        try:
            interpreter = self._runtime.build(self._file.content, self._threads, shape)
        except (RuntimeError, ValueError) as error:
            raise ModelError(f"{self.path.name} cannot take {width}x{height} pixels: {error}") from None
        return _Prepared(interpreter, np.empty(shape, self._values.dtype))

    def _check_shapes(self) -> None:
        taken, given = (tuple(int(n) for n in tensor["shape"]) for tensor in (self.input, self.output))
        places = tuple(side // PLACE for side in taken[1:3])
        if len(taken) != 4 or taken[::3] != (1, 1) or given != (1, *places, 4 * CHANNELS):
            raise ModelError(
                f"{self.path.name} maps {taken} to {given}; a finder maps (1, height, width, 1) to "
                f"(1, height / {PLACE}, width / {PLACE}, {4 * CHANNELS})"
            )


def _byte_of_paper(values: NDArray[Any]) -> np.uint8 | None:
    """The byte of a pixel of 0 where adding it gives those of all others too; None where it does not."""
    if values.itemsize > 1:
        return None
    found = values.view(np.uint8)
    return np.uint8(found[0]) if (found - found[0] == np.arange(256, dtype=np.uint8)).all() else None


def _trial(model: str, runtime: str) -> None:
    """Run a finder on two sizes, and print why it is refused. A missing runtime shows in the caller."""
    try:
        network = FinderNetwork(model, runtime=runtime or None)
        for shape in ((MULTIPLE, MULTIPLE), (3 * MULTIPLE, 2 * MULTIPLE)):
            network(np.zeros(shape, np.uint8))
    except ModelError as error:
        print(printable(str(error)))
    except RuntimeMissing:
        pass


if __name__ == "__main__":
    _trial(*sys.argv[1:])
