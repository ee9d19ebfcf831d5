"""Import TensorFlow and Keras late and quietly; all functions raise `PackageMissing` where one is not installed."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from mnist_edge import native_stderr
from mnist_edge.optional_packages import require


@cache
def load_tensorflow() -> Any:
    """Import TensorFlow without its start-up messages."""
    with native_stderr.silenced():
        tensorflow = require("tensorflow", extra="train")
    if native_stderr.silencing_enabled:
        tensorflow.get_logger().setLevel("ERROR")
    return tensorflow


@cache
def load_tflite_schema() -> Any:
    """Import the Python classes of a `.tflite` file's parts, which TensorFlow generates from TFLite's schema."""
    load_tensorflow()
    return require("tensorflow.lite.python.schema_py_generated", extra="train")


@cache
def load_keras() -> Any:
    """Import Keras 3 without its backend's start-up messages; `KERAS_BACKEND` chooses the backend."""
    if os.environ.get("KERAS_BACKEND", "tensorflow") == "tensorflow":
        load_tensorflow()
    with native_stderr.silenced():
        return require("keras", extra="train")


@contextmanager
def without_prints() -> Iterator[None]:
    """Have Keras log what it would print to standard output, such as where it saved something; in this thread only."""
    settings = load_keras().config
    interactive = settings.is_interactive_logging_enabled()
    settings.disable_interactive_logging()
    try:
        yield
    finally:
        if interactive:
            settings.enable_interactive_logging()
