"""Every form of input that people's networks have."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.release.brought_networks import IMAGE, layers, logits_of, sequential
from mnist_edge.training_stack import load_tensorflow


def resized(images: NDArray[np.uint8], side: int) -> NDArray[np.float32]:
    """Return images, shape (n, 28, 28, 1), as (n, side, side, 1), 0 to 1, as TensorFlow resizes them."""
    if side == images.shape[1]:
        return np.asarray(images / np.float32(255), np.float32)
    found = load_tensorflow().image.resize(images / np.float32(255), (side, side)).numpy()
    return np.asarray(found, np.float32)


@dataclass(frozen=True)
class Form:
    """The form of a network's input.

    Attributes:
        shape: Of one image.
        batch: None where it is free; 0 where the tensor has no such axis.
        fixed: Whether the graph itself is bound to its batch, so that it cannot be resized.
    """

    shape: tuple[int, ...]
    batch: int | None = None
    fixed: bool = False

    @property
    def side(self) -> int:
        """Of an image, in pixels."""
        sides = [size for size in self.shape if size not in (1, 3)]
        return sides[0] if len(sides) == 2 else int(sides[0] ** 0.5)

    @property
    def channels(self) -> int:
        """One, or three equal ones."""
        return 3 if 3 in self.shape else 1

    @property
    def in_keras(self) -> bool:
        """Whether a network of Keras can have it."""
        return self.batch != 0 and not self.fixed

    def shown(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return what plain TensorFlow is given, from images of shape (n, 28, 28, 1), 0 to 255."""
        found = np.repeat(resized(images, self.side), self.channels, axis=3)
        if self.turned:
            found = found.transpose(0, 3, 1, 2)
        return found.reshape(-1, *self.shape)

    @property
    def turned(self) -> bool:
        """Whether the channels come first."""
        return self.channels == 3 and self.shape[-1] != 3

    def network(self) -> Any:
        """Return a network of Keras."""
        first = layers().Permute((2, 3, 1)) if self.turned else layers().Reshape((self.side, self.side, self.channels))
        fitted = [layers().Resizing(*IMAGE[:2])] if self.side != IMAGE[0] else []
        head = [*logits_of(self.channels), layers().Softmax()]
        return sequential(first, *fitted, *head, shape=self.shape, batch=self.batch)

    def graph(self) -> Any:
        """Return the network as a function of TensorFlow, as PyTorch and others are converted."""
        tensorflow, head = load_tensorflow(), logits_of(self.channels)
        rows = self.batch if self.fixed and self.batch else -1
        square = (self.side, self.side)

        def call(images: Any) -> Any:
            values = tensorflow.reshape(images, (rows, 3, *square) if self.turned else (rows, *square, self.channels))
            values = tensorflow.transpose(values, (0, 2, 3, 1)) if self.turned else values
            values = tensorflow.image.resize(values, IMAGE[:2]) if self.side != IMAGE[0] else values
            for layer in head:
                values = layer(values)
            said = tensorflow.nn.softmax(values)
            return said if self.batch != 0 else said[0]

        shape = self.shape if self.batch == 0 else (self.batch, *self.shape)
        made = tensorflow.function(call, input_signature=[tensorflow.TensorSpec(shape, tensorflow.float32)])
        made.held = head  # The converter reads their variables.
        return made


FORMS = {
    "28x28": Form((28, 28)),
    "28x28, batch of 1": Form((28, 28), 1),
    "28x28, bound to a batch of 1": Form((28, 28), 1, fixed=True),
    "28x28, bound to a batch of 32": Form((28, 28), 32, fixed=True),
    "28x28, no batch": Form((28, 28), 0),
    "28x28x1, batch of 7": Form((28, 28, 1), 7),
    "28x28x1, no batch": Form((28, 28, 1), 0),
    "784": Form((784,)),
    "784, batch of 1": Form((784,), 1),
    "784, no batch": Form((784,), 0),
    "1x784": Form((1, 784)),
    "784x1": Form((784, 1)),
    "1x28x28": Form((1, 28, 28)),
    "1x28x28, bound to a batch of 1": Form((1, 28, 28), 1, fixed=True),
    "28x28x3": Form((28, 28, 3)),
    "3x28x28": Form((3, 28, 28)),
    "32x32x1": Form((32, 32, 1)),
    "32x32x3": Form((32, 32, 3)),
    # Not of three channels: the converter would drop a reshaping that changes nothing, and with it what binds.
    "32x32, bound to a batch of 1": Form((32, 32), 1, fixed=True),
    "64x64": Form((64, 64)),
    "1024": Form((1024,)),
    "20x20x1": Form((20, 20, 1)),
    "14x14x1, batch of 1": Form((14, 14, 1), 1),
}
