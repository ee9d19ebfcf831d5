"""The models that ship with the package, found by name."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from mnist_edge.errors import ModelError

DEFAULT = "small"


@dataclass(frozen=True, slots=True)
class ShippedModel:
    """One network that ships.

    Attributes:
        name: What `--model` and MODEL accept.
        files: Path of the `.tflite` in each precision that ships.
        card: Its model card, Markdown.
    """

    name: str
    files: dict[str, Path]
    card: Path

    @property
    def default(self) -> Path:
        """The int8 file where there is one."""
        return self.files.get("int8") or next(iter(self.files.values()))


def shipped_models() -> dict[str, ShippedModel]:
    """Every network that ships, by name."""
    folder = Path(str(files("mnist_edge.models"))) / "shipped"
    found: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.glob("*.*.tflite")):
        name, precision, _ = path.name.split(".")
        found.setdefault(name, {})[precision] = path
    return {name: ShippedModel(name, paths, folder / f"{name}.md") for name, paths in found.items()}


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
    """The file behind `small` (int8) or `small.float32`.

    Raises:
        ModelError: No such network, or not in that precision.
    """
    stem, _, precision = name.partition(".")
    shipped = find_shipped(stem)
    if precision and precision not in shipped.files:
        raise ModelError(f"{stem} ships as {', '.join(shipped.files)}, not as {precision}")
    return shipped.files[precision] if precision else shipped.default


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
    if path.suffix in (".keras", ".tflite") or path.name != str(model) or path.is_dir():
        raise ModelError(
            f"there is no model {path}; give a .keras or .tflite file, a run folder, or one of: {_names()}"
        )
    return resolve_shipped(str(model))


def _names() -> str:
    return ", ".join(shipped_models()) or "(none)"
