"""Find the models that ship with the package by name."""

import os
from pathlib import Path
from typing import NamedTuple

from mnist_edge.errors import ModelError, UsageError, described
from mnist_edge.run_folders import RUN_MODEL, refuse_unfinished

DEFAULT = "small"
# The finder that ships: no classifier, so no `shipped_models` list it.
FINDER = "finder"
# Suffix of a model's Keras network, beside its precisions: `small.keras`.
WEIGHTS = "keras"
# Suffixes of Keras models; .h5 is the older form.
KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
# What a SavedModel, a folder, is known by.
SAVED_MODEL = "saved_model.pb"
# Files of other tools, and how to come from there.
OF_OTHERS = {
    ".onnx": "ONNX; make a .tflite of it where that is installed: onnx2tf -i FILE",
    ".pt": "PyTorch; make a .tflite of it where it is defined, with litert-torch (ai-edge-torch)",
    ".pth": "PyTorch; make a .tflite of it where it is defined, with litert-torch (ai-edge-torch)",
    ".pb": "TensorFlow; give the folder of its SavedModel, or make a .tflite of it with TensorFlow 1's converter",
    ".json": "Keras without its weights; load both where it is defined, and save them with model.save(FILE)",
    ".pkl": "Python's pickle, which may run anything; save the network with model.save(FILE)",
}


class ShippedModel(NamedTuple):
    """One network that ships.

    Attributes:
        name: What `--model` and MODEL accept.
        files: Path of the `.tflite` in each precision that ships.
        card: Its model card, Markdown.
        weights: The Keras network that the files were exported from, for further exports; None where it does not ship.
    """

    name: str
    files: dict[str, Path]
    card: Path
    weights: Path | None = None

    @property
    def default(self) -> Path:
        """The int8 file where there is one."""
        return self.files.get("int8") or next(iter(self.files.values()))


def shipped_folder() -> Path:
    """Locate the models that ship, inside the package."""
    return Path(__file__).parent / "models" / "shipped"


def shipped_models() -> dict[str, ShippedModel]:
    """List every classifier that ships, by name."""
    return {name: shipped for name, shipped in _shipped().items() if name != FINDER}


def _shipped() -> dict[str, ShippedModel]:
    folder = shipped_folder()
    found: dict[str, dict[str, Path]] = {}
    weights: dict[str, Path] = {}
    # A glob takes ten times as long, and every start asks several times.
    for file in sorted(os.listdir(folder)):
        name, *precision, suffix = file.split(".")
        if suffix == "tflite":
            found.setdefault(name, {})[".".join(precision)] = folder / file
        elif suffix == WEIGHTS:
            weights[name] = folder / file
    return {name: ShippedModel(name, paths, folder / f"{name}.md", weights.get(name)) for name, paths in found.items()}


def shipped_files() -> list[Path]:
    """List every `.tflite` that ships, in each precision, the finder's too."""
    return [path for shipped in _shipped().values() for path in shipped.files.values()]


def find_shipped(name: str) -> ShippedModel:
    """Look up the network called `name`, the finder too; raises `ModelError` if none that ships is."""
    found = _shipped().get(name)
    if found is None:
        raise ModelError(f"no model that ships is called {name!r}; there are: {_names()}")
    return found


def resolve_shipped(name: str) -> Path:
    """Locate the file behind `small` (int8), `small.float32` or `small.keras` (its weights).

    Raises:
        ModelError: There is no such network, or not in that precision.
    """
    stem, _, wanted = name.partition(".")
    shipped = find_shipped(stem)
    if not wanted:
        return shipped.default
    found = _kinds(shipped)
    if wanted not in found:
        raise ModelError(f"{stem} ships as {', '.join(found)}, not as {wanted}")
    return found[wanted]


def names_shipped(model: str | Path) -> bool:
    """Return whether a text names something that ships: `small`, `small.int8`, `small.keras`.

    Such a name means what ships, whatever the current folder holds; `./small` and any `Path` mean the file or folder.
    """
    stem, _, kind = str(model).partition(".")
    shipped = _shipped().get(stem) if isinstance(model, str) else None
    return shipped is not None and kind in ("", *_kinds(shipped))


def resolve(model: str | Path) -> Path:
    """The file behind MODEL: what ships by that name, a file, or a run folder's `model.keras`; a SavedModel's folder.

    Raises:
        ModelError: There is neither such a name nor such a file or run, or the run has not finished.
        UsageError: It is no text and no path.
    """
    if not isinstance(model, str | os.PathLike):
        raise UsageError(f"a model is named by a text or a path, not by {described(model)}")
    if isinstance(model, str) and names_shipped(model):
        return resolve_shipped(model)
    path = Path(model)
    path = path / RUN_MODEL if (path / RUN_MODEL).is_file() else path
    if path.is_file():
        if path.suffix in OF_OTHERS:
            raise ModelError(f"{path} is a model of {OF_OTHERS[path.suffix]}")
        refuse_unfinished(path)
        return path
    if (path / SAVED_MODEL).is_file():
        return path
    if path.is_dir():
        raise ModelError(
            f"{path} is a folder without {RUN_MODEL}, so it is no run; nor is it a SavedModel; {_advice()}"
        )
    if path.name == model and (path.suffix not in (*KERAS_SUFFIXES, ".tflite") or path.stem in _shipped()):
        return resolve_shipped(path.name)
    raise ModelError(f"there is no model {path}; {_advice()}")


def is_keras(path: Path) -> bool:
    """Return whether what `resolve` found is a Keras model: a file with its suffix, or a SavedModel."""
    return path.suffix in KERAS_SUFFIXES or path.is_dir()


def resolve_weights(model: str | Path) -> Path:
    """Locate a model as `resolve` does, but take the bare name of a model that ships for its Keras network."""
    shipped = _shipped().get(model) if isinstance(model, str) else None
    return shipped.weights if shipped and shipped.weights else resolve(model)


def is_shipped(path: Path) -> bool:
    """Return whether a file lies in the package, where nothing but a release may write."""
    return Path(os.path.realpath(path)).parent == Path(os.path.realpath(shipped_folder()))


def _kinds(shipped: ShippedModel) -> dict[str, Path]:
    return shipped.files | ({WEIGHTS: shipped.weights} if shipped.weights else {})


def _advice() -> str:
    return f"give a .keras, .h5 or .tflite file, a run folder, a SavedModel, or one of: {_names()}"


def _names() -> str:
    return ", ".join(_shipped()) or "(none)"
