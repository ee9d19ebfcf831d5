"""Kinds of networks that people bring: what they give, of what pixels, and how they are built."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.benchmarks.release.brought_networks import FLOAT, IMAGE, INT8, UINT8, layers, logits_of, sequential
from mnist_edge.training_stack import load_keras


@dataclass(frozen=True)
class Kind:
    """A kind of network.

    Attributes:
        build: From the layers that give logits, and a softmax, to the network.
        shown: What plain TensorFlow is given, from images of shape (n, 28, 28, 1), 0 to 255.
        gives: What the note says that it gives; None where it gives probabilities.
        untold: Whether nothing in its file tells its pixels, so that they are found out by trying.
        files: What people bring it as.
        int8: Whether its int8 can be run at all.
    """

    build: Callable[[list[Any], Any], Any]
    shown: Callable[[NDArray[np.uint8]], Any] = lambda images: images / np.float32(255)
    gives: str | None = None
    untold: bool = False
    files: Sequence[str] = (".keras", FLOAT, INT8)
    int8: bool = True

    def network(self) -> Any:
        """Return a network of Keras."""
        return self.build(logits_of(), layers().Softmax(dtype="float32"))


def _nested(logits: list[Any], softmax: Any) -> Any:
    return sequential(sequential(sequential(*logits[:2]), *logits[2:]), softmax)


def _subclassed(logits: list[Any], softmax: Any) -> Any:
    keras = load_keras()

    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="net")
            self.parts = [*logits, softmax]

        def call(self, images: Any) -> Any:
            for part in self.parts:
                images = part(images)
            return images

    network = Net()
    network(np.zeros((1, *IMAGE), np.float32))  # Builds it.
    return network


def _by_rows(logits: list[Any], softmax: Any) -> Any:
    """Recurrent, so that its graph takes one image at a time; its loop kills TensorFlow's converter for int8."""
    identity = layers().SimpleRNN(28, activation="linear", return_sequences=True)
    identity.build((None, 28, 28))
    identity.set_weights([np.eye(28), np.zeros((28, 28)), np.zeros(28)])
    return sequential(identity, layers().Reshape(IMAGE), *logits, softmax, shape=(28, 28))


def _in_float16(logits: list[Any], softmax: Any) -> Any:
    for layer in logits:
        layer.dtype_policy = "mixed_float16"
    return sequential(*logits, softmax)


def _scaled(logits: list[Any], scale: float, shift: float = 0.0) -> list[Any]:
    """The same layers for pixels of another scale, for ink times `scale` plus `shift`."""
    kernel, bias = logits[0].get_weights()
    logits[0].set_weights([kernel / scale, bias - shift * (kernel / scale).sum(axis=(0, 1, 2))])
    return logits


def _giving(outputs: Callable[[Any, Any], Any], dtype: str = "float32", name: str | None = None) -> Kind:
    """A functional network with an output of another structure, made of its probabilities and of its features."""

    def build(logits: list[Any], softmax: Any) -> Any:
        keras = load_keras()
        image = keras.Input(IMAGE, dtype=dtype)
        features = keras.Sequential(logits[:-1])(image)
        network = keras.Model([image], outputs(softmax(logits[-1](features)), features))
        network.name = name or network.name
        return network

    return Kind(build, files=(".keras",))


KINDS = {
    "logits": Kind(
        lambda logits, _: sequential(*logits),
        gives="logits",
        files=(".keras", ".h5", "SavedModel", FLOAT, INT8, UINT8),
    ),
    "log-softmax": Kind(
        lambda logits, _: sequential(*logits, layers().Activation("log_softmax")), gives="log-probabilities"
    ),
    "sigmoids": Kind(
        lambda logits, _: sequential(*logits, layers().Activation("sigmoid")), gives="independent scores from 0 to 1"
    ),
    "bytes": Kind(
        lambda logits, softmax: sequential(layers().Rescaling(1 / 255), *logits, softmax, dtype="uint8"),
        shown=lambda images: images,
        files=(".keras", FLOAT, INT8, UINT8),
    ),
    "rescaling": Kind(
        lambda logits, softmax: sequential(layers().Rescaling(1 / 255), *logits, softmax),
        shown=lambda images: images.astype(np.float32),
    ),
    "bytes that nobody tells": Kind(
        lambda logits, softmax: sequential(*_scaled(logits, 255), softmax),
        shown=lambda images: images.astype(np.float32),
        untold=True,
    ),
    "dark ink": Kind(
        lambda logits, softmax: sequential(*_scaled(logits, -1, 1), softmax),
        shown=lambda images: 1 - images / np.float32(255),
        untold=True,
    ),
    "nested": Kind(_nested),
    "a class of its own": Kind(_subclassed, files=("SavedModel", FLOAT, INT8)),
    # TensorFlow's converter makes nothing of these two that runs.
    "in float16": Kind(_in_float16, files=(".keras",)),
    "recurrent": Kind(_by_rows, lambda images: images[..., 0] / np.float32(255), files=(".keras",), int8=False),
}

# Probabilities as networks give them that were built with `Model(inputs=[...], outputs=[...])` and the like.
STRUCTURES = {
    "in a list": _giving(lambda probabilities, _: [probabilities]),
    "in a dictionary": _giving(lambda probabilities, _: {"digit": probabilities}),
    "beside features": _giving(lambda probabilities, features: [features, probabilities]),
    "in three axes": _giving(lambda probabilities, _: layers().Reshape((1, 1, 10))(probabilities)),
    "of a name with spaces": _giving(lambda probabilities, _: probabilities, name="my first model"),
    "of float64": _giving(lambda probabilities, _: probabilities, dtype="float64"),
}
