"""Read handwritten digits on a small machine.

Examples:
    >>> from mnist_edge import read
    >>> read("page.jpg").text
    ('372', '20')

The public names load on first use, so that `import mnist_edge` (and `mnist-edge --help`) costs nothing:
NumPy comes with `Classifier`, OpenCV with `Reader`, TensorFlow only with training and export.

Public is what reads a picture: `read`, `Reader` and what they return, the network (`Classifier`) and its input
(`normalise`), and the errors that these raise. The camera, export and training are used from the command line; other
programs follow a camera by its events, MQTT or web API.
"""

import logging
from importlib import import_module

# That of `typing`, whose import would be the longest part of ours.
TYPE_CHECKING = False

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mnist_edge.camera.reader import Reader, read
    from mnist_edge.classifier import Classifier
    from mnist_edge.errors import (
        ImageError,
        MnistEdgeError,
        ModelError,
        ModelWarning,
        PackageMissing,
        RuntimeMissing,
        UsageError,
    )
    from mnist_edge.normalisation import normalise
    from mnist_edge.reading import Box, Digit, Guess, Reading, Rejected

_MODULES = {
    "camera.reader": ("Reader", "read"),
    "classifier": ("Classifier",),
    "errors": (
        "ImageError", "MnistEdgeError", "ModelError", "ModelWarning", "PackageMissing", "RuntimeMissing", "UsageError",
    ),
    "normalisation": ("normalise",),
    "reading": ("Box", "Digit", "Guess", "Reading", "Rejected"),
}  # fmt: skip
_HOME = {name: f"mnist_edge.{module}" for module, names in _MODULES.items() for name in names}

# Written out, since type checkers follow no `list(_HOME)`.
__all__ = [
    "Box",
    "Classifier",
    "Digit",
    "Guess",
    "ImageError",
    "MnistEdgeError",
    "ModelError",
    "ModelWarning",
    "PackageMissing",
    "Reader",
    "Reading",
    "Rejected",
    "RuntimeMissing",
    "UsageError",
    "normalise",
    "read",
]


# A program that imports the package sees nothing of its log unless it sets up logging itself.
logging.getLogger(__name__).addHandler(logging.NullHandler())


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'mnist_edge' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
