"""Run `.tflite` models by any of three runtimes, behind one adapter."""

import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from mnist_edge import native_stderr
from mnist_edge.errors import ModelError, RuntimeMissing, UsageError
from mnist_edge.optional_packages import installed_version


class Interpreter(Protocol):
    """The interface that ai-edge-litert, tflite-runtime and tensorflow share."""

    def allocate_tensors(self) -> None:
        """Plan memory; must come before `set_tensor` and after `resize_tensor_input`."""

    def resize_tensor_input(self, input_index: int, tensor_size: tuple[int, ...]) -> None:
        """Change an input's shape."""

    def get_input_details(self) -> list[dict[str, Any]]:
        """Describe each input: index, shape, dtype and quantization."""

    def get_output_details(self) -> list[dict[str, Any]]:
        """Describe each output: index, shape, dtype and quantization."""

    def set_tensor(self, tensor_index: int, value: NDArray[Any]) -> None:
        """Copy an array into a tensor."""

    def get_tensor(self, tensor_index: int) -> NDArray[Any]:
        """Copy a tensor into an array."""

    def reset_all_variables(self) -> None:
        """Forget what recurrent operators keep from one invoke to the next."""

    def invoke(self) -> None:
        """Run the network once."""


class Runtime(NamedTuple):
    """A package that can run a `.tflite`.

    Attributes:
        name: Its name on PyPI and for `--runtime`.
        module: The module that has `Interpreter`.
    """

    name: str
    module: str

    @property
    def label(self) -> str:
        """Name and version, such as `ai-edge-litert 2.3.0`."""
        # Of what is imported the package itself tells; to look it up takes longer than to build an interpreter.
        package = sys.modules.get(self.module.split(".")[0])
        version = getattr(package, "__version__", None) or installed_version(self.name)
        return " ".join(filter(None, (self.name, version)))

    @property
    def hint(self) -> str:
        """The likely reason why it does not run here, and the remedy; empty where none is known."""
        if self.name == "tflite-runtime" and int(np.__version__.split(".")[0]) >= 2:
            return f"it needs numpy < 2 and here is numpy {np.__version__}: pip install 'numpy<2'"
        return ""

    def build(self, model: bytes, threads: int = 1, shape: tuple[int, ...] | None = None) -> Interpreter:
        """Build an interpreter for `model` and allocate its tensors, for an input of another shape where one is given.

        Raises whatever the package raises.
        """
        with native_stderr.silenced():
            module = import_module(self.module)
            make: Callable[..., Interpreter] = (
                module.lite.Interpreter if self.name == "tensorflow" else module.Interpreter
            )
            interpreter = make(model_content=model, num_threads=threads)
            if shape is not None:
                interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], shape)
            interpreter.allocate_tensors()
        return interpreter


# More than any device has cores; a million threads would end the process.
MAX_THREADS = 256
# In the order of preference: the maintained one, the one of old devices, the one that comes with training.
RUNTIMES = {
    runtime.name: runtime
    for runtime in (
        Runtime("ai-edge-litert", "ai_edge_litert.interpreter"),
        Runtime("tflite-runtime", "tflite_runtime.interpreter"),
        Runtime("tensorflow", "tensorflow"),
    )
}


def is_flatbuffer(model: bytes) -> bool:
    """Return whether content has the identifier of a TFLite flatbuffer."""
    return model[4:8] == b"TFL3"


def build_interpreter(
    model: bytes, name: str, runtime: str | None = None, threads: int = 1
) -> tuple[Interpreter, Runtime]:
    """Build an interpreter in the first runtime that succeeds: a successful import proves nothing.

    Args:
        model: Content of a `.tflite`, metadata included or not.
        name: What to call the model in messages.
        runtime: One of `RUNTIMES`; None tries them in order.
        threads: CPU threads for one invoke.

    Raises:
        ModelError: `model` is no TFLite flatbuffer, or no installed runtime can run it.
        RuntimeMissing: There is no runtime, or not the one asked for.
        UsageError: `threads` is out of range.
    """
    if not is_flatbuffer(model):
        raise ModelError(f"{name} is no TFLite model (its identifier is missing); write one with: mnist-edge export")
    if runtime is not None and runtime not in RUNTIMES:
        raise RuntimeMissing(f"there is no runtime {runtime!r}; choose one of: {', '.join(RUNTIMES)}")
    if not isinstance(threads, int) or not 1 <= threads <= MAX_THREADS:
        raise UsageError(f"threads must be 1 to {MAX_THREADS}, not {threads}")
    refusals: list[str] = []
    for candidate in [RUNTIMES[runtime]] if runtime else RUNTIMES.values():
        try:
            return candidate.build(model, threads), candidate
        except ModuleNotFoundError as error:
            # Only the package itself may be missing; if it is there and lacks a part, it is broken.
            if error.name and error.name.partition(".")[0] == candidate.module.partition(".")[0]:
                continue
            refusals.append(f"{candidate.label}: {error}")
        # tflite-runtime with numpy 2 raises SystemError, a missing operator ValueError or RuntimeError, a
        # mismatched build ImportError or AttributeError: each is a reason to try the next runtime.
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            refusals.append(f"{candidate.label}: {reason}" + (f" ({candidate.hint})" if candidate.hint else ""))
    if refusals:
        raise ModelError(f"{name} cannot be run here: {'; '.join(refusals)}")
    wanted = runtime or "ai-edge-litert"
    raise RuntimeMissing(f"{wanted} is not installed; install it with: pip install {wanted}")
