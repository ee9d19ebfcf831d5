"""The models that ship with the package, found by name."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mnist_edge.errors import ModelError

DEFAULT = "small"
# Beside the precisions of a model: `small.keras`.
WEIGHTS = "keras"


@dataclass(frozen=True, slots=True)
class ShippedModel:
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
    """Where the models that ship lie, inside the package."""
    return Path(str(files("mnist_edge.models"))) / "shipped"


def shipped_models() -> dict[str, ShippedModel]:
    """Every network that ships, by name."""
    folder = shipped_folder()
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.glob("*.*.tflite")):
        name, precision, _ = path.name.split(".")
        found.setdefault(name, {})[precision] = path
    weights = {path.stem: path for path in folder.glob(f"*.{WEIGHTS}")}
    return {name: ShippedModel(name, paths, folder / f"{name}.md", weights.get(name)) for name, paths in found.items()}


def find_shipped(name: str) -> ShippedModel:
    """The network called `name`.

    Raises:
        ModelError: None that ships is.
    """
    found = shipped_models().get(name)
    if found is None:
        raise ModelError(f"no model that ships is called {name!r}; there are: {_names()}")
    return found


def resolve_shipped(name: str) -> Path:
    """The file behind `small` (int8), `small.float32` or `small.keras` (its weights).

    Raises:
        ModelError: No such network, or not in that precision.
    """
    stem, _, wanted = name.partition(".")
    shipped = find_shipped(stem)
    if not wanted:
        return shipped.default
    found = shipped.files | ({WEIGHTS: shipped.weights} if shipped.weights else {})
    if wanted not in found:
        raise ModelError(f"{stem} ships as {', '.join(found)}, not as {wanted}")
    return found[wanted]


def resolve(model: str | Path) -> Path:
    """The file behind MODEL: a path as it is, a run folder's `model.keras`, or the name of a model that ships.

    Raises:
        ModelError: Neither a file nor such a name.
    """
    path = Path(model)
    if (path / "model.keras").is_file():
        return path / "model.keras"
    if path.is_file():
        return path
    if _is_weights_name(str(model)):
        return resolve_shipped(str(model))
    if path.suffix in (".keras", ".tflite") or path.name != str(model) or path.is_dir():
        raise ModelError(
            f"there is no model {path}; give a .keras or .tflite file, a run folder, or one of: {_names()}"
        )
    return resolve_shipped(str(model))


def resolve_weights(model: str | Path) -> Path:
    """As `resolve`, but the bare name of a model that ships is its Keras network, so `small` is `small.keras`.

    Where that network does not ship, it is the `.tflite` as ever.

    Raises:
        ModelError: Neither a file nor such a name.
    """
    path = resolve(model)
    shipped = shipped_models().get(str(model))
    # A file of that name goes before the name.
    return shipped.weights if shipped and shipped.weights and path == shipped.default else path


def is_shipped(path: Path) -> bool:
    """Whether a file lies in the package, where nothing but a release may write."""
    return path.resolve().parent == shipped_folder().resolve()


def _is_weights_name(name: str) -> bool:
    stem, _, ending = name.rpartition(".")
    return ending == WEIGHTS and stem in shipped_models()


def _names() -> str:
    return ", ".join(shipped_models()) or "(none)"
