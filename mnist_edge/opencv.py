"""Import OpenCV, with one clear line where it is missing, and check the names that it is given."""

from pathlib import Path
from typing import Any

from mnist_edge.errors import MnistEdgeError
from mnist_edge.optional_packages import require

cv2: Any = require("cv2", extra="camera")


def name_for_opencv(name: str | Path, error: type[MnistEdgeError], shown: str = "") -> str:
    """Check the name of a file or stream for OpenCV, where any that is not UTF-8 would crash the process.

    Args:
        name: Of the file or the stream.
        error: What to raise.
        shown: What the message calls it, where `name` may hold a secret.

    Raises:
        MnistEdgeError: It is not UTF-8, as an `error`.
    """
    try:
        return str(name).encode().decode()
    except UnicodeEncodeError:
        raise error(f"{shown or name} has a name that is not UTF-8, which OpenCV cannot open; rename it") from None
