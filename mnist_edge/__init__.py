"""Read handwritten digits on a small machine.

The public names load on first use, so that `import mnist_edge` (and `mnist-edge --help`) costs nothing:
NumPy comes with `Classifier`, OpenCV with `Reader`, TensorFlow only with training and export.
"""

from importlib import import_module

# That of `typing`, whose import would be the longest part of ours.
TYPE_CHECKING = False

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mnist_edge.camera.reader import Reader, read
    from mnist_edge.classifier import Classifier
    from mnist_edge.errors import MnistEdgeError
    from mnist_edge.normalisation import normalise
    from mnist_edge.reading import Digit, Guess, Reading, Rejected

_HOME = {
    "Classifier": "mnist_edge.classifier",
    "Digit": "mnist_edge.reading",
    "Guess": "mnist_edge.reading",
    "MnistEdgeError": "mnist_edge.errors",
    "Reader": "mnist_edge.camera.reader",
    "Reading": "mnist_edge.reading",
    "Rejected": "mnist_edge.reading",
    "normalise": "mnist_edge.normalisation",
    "read": "mnist_edge.camera.reader",
}

__all__ = ["Classifier", "Digit", "Guess", "MnistEdgeError", "Reader", "Reading", "Rejected", "normalise", "read"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'mnist_edge' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)
