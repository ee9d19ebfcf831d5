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


def resolve(model: str | Path, precision: str | None = None) -> Path:
    """The file behind MODEL: a path as it is, or the name of a model that ships.

    Args:
        model: A path, `small`, or `small.float32`.
        precision: Of a model that ships; None takes int8.

    Raises:
        ModelError: Neither a file nor such a name.
    """
    path = Path(model)
    if path.suffix in (".keras", ".tflite") or path.exists():
        if path.is_dir() and (path / "model.keras").is_file():
            return path / "model.keras"
        if not path.is_file():
            raise ModelError(f"there is no file {path}; give a .keras or .tflite file, or one of: {_names()}")
        return path
    name, _, suffix = str(model).partition(".")
    shipped = shipped_models().get(name)
    if shipped is None:
        raise ModelError(f"no model is called {str(model)!r}; give a .keras or .tflite file, or one of: {_names()}")
    precision = suffix or precision
    if precision and precision not in shipped.files:
        raise ModelError(f"{name} ships as {', '.join(shipped.files)}, not as {precision}")
    return shipped.files[precision] if precision else shipped.default


def _names() -> str:
    return ", ".join(shipped_models()) or "(none ships)"
