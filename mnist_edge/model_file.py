"""Open a `.tflite` file of whatever origin: what it says of itself, and a trial of what is not ours."""

import sys
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple

from mnist_edge.errors import ModelError
from mnist_edge.metadata import carries_checksum, metadata_of
from mnist_edge.runtime import Interpreter, Runtime, build_interpreter, is_flatbuffer
from mnist_edge.safe_text import quoted
from mnist_edge.shipped_models import is_keras, resolve

# A trial takes half a second with ai-edge-litert; TensorFlow alone takes some 20 s to import on a Raspberry Pi.
TRIAL_SECONDS = 60.0


class Kind(Enum):
    """What a network is for. The metadata names it as `kind`; classifiers' leave it out."""

    CLASSIFIER = "classifier"
    FINDER = "finder"


class ModelFile(NamedTuple):
    """A `.tflite` file that was read.

    Attributes:
        path: Where it lies.
        content: The whole file.
        metadata: Its metadata; empty where it has none.
    """

    path: Path
    content: bytes
    metadata: dict[str, Any]

    @property
    def name(self) -> str:
        """The model's name from its metadata, else the file's."""
        return str(self.metadata.get("name", self.path.name.split(".")[0]))

    def build(self, module: str, runtime: str | None, threads: int) -> tuple[Interpreter, Runtime]:
        """Build an interpreter; a file without our checksum is first tried in a child process.

        A damaged graph can crash the process that runs it.

        Args:
            module: The caller's `__name__`; as a program, `python -m MODULE FILE RUNTIME`, it must run the file and
                print why it is refused. `__main__`, so that very program, gets no trial.
            runtime: As `build_interpreter` takes it.
            threads: Likewise.

        Raises:
            ModelError: The file fails its trial, or no runtime here can run it.
            RuntimeMissing: There is no runtime, or not the one asked for.
            UsageError: `threads` is out of range.
        """
        if module != "__main__" and is_flatbuffer(self.content) and not carries_checksum(self.content):
            self._try_in_child(module, runtime)
        return build_interpreter(self.content, self.path.name, runtime, threads)

    def _try_in_child(self, module: str, runtime: str | None) -> None:
        # A program that embeds or freezes Python has no Python to start.
        if not sys.executable or getattr(sys, "frozen", False):
            return
        from mnist_edge.child_process import run_module

        child = run_module(module, str(self.path), runtime or "", timeout_s=TRIAL_SECONDS)
        if child.failure:
            raise ModelError(
                f"{self.path.name} cannot be run here (trial run: {child.failure}); export it again with: "
                "mnist-edge export"
            )
        if child.output:
            raise ModelError(child.output.strip())


def read_model(model: str | Path, wanted: Kind | None = None) -> ModelFile:
    """Read the `.tflite` file behind MODEL, as `resolve` finds it; of any kind where none is wanted.

    Raises:
        ModelError: It is missing, damaged, or a Keras model, or its metadata says that it is of another kind.
        UsageError: `model` is no text and no path.
    """
    path = resolve(model)
    if is_keras(path):
        raise ModelError(f"{path} is a Keras model, which must be made a .tflite first: mnist-edge export {path}")
    content = path.read_bytes()
    metadata = metadata_of(content, path.name)
    if wanted is None:
        return ModelFile(path, content, metadata)
    # Where there is no metadata, whoever runs it goes by its shapes.
    kind = metadata.get("kind", Kind.CLASSIFIER.value) if metadata else wanted.value
    if kind != wanted.value:
        raise ModelError(f"{path.name} is no {wanted.value}: by its metadata it is a {quoted(kind)}")
    return ModelFile(path, content, metadata)
