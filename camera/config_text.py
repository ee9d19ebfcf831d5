"""A camera's settings as the text of a configuration file that would give them again."""

from dataclasses import Field
from pathlib import Path
from typing import Any

from mnist_edge.camera.config import Configuration, located
from mnist_edge.camera.settings import by_group, masked
from mnist_edge.safe_text import printable, to_json


def as_toml(configuration: Configuration) -> str:
    """Every key with its value and where it comes from, as TOML.

    What is not set is a comment, and so is what holds a token or a password, which stays hidden. Paths are absolute, as
    they would count from another folder in a file.
    """
    lines = ["# mnist-edge camera: what is in effect. Flags win over a file, a file over the defaults."]
    for heading, options in by_group().items():
        lines += ["", f"# {heading}"]
        lines += [_line(option, configuration) for option in options]
    return "\n".join(lines) + "\n"


def _line(option: "Field[Any]", configuration: Configuration) -> str:
    value, origin = getattr(configuration.settings, option.name), printable(configuration.origins[option.name])
    if value is None:
        return f"# {option.name} = {_example(option)}  # {origin}: not set"
    seen = masked(option, value)
    if seen != value:
        return f"# {option.name} = {_literal(seen)}  # {origin}: hidden here, write the secret in yourself"
    return f"{option.name} = {_literal(located(option, value, Path()))}  # {origin}"


def _example(option: "Field[Any]") -> str:
    metavar = option.metadata["metavar"]
    return _literal(metavar) if option.type == str | None else metavar or "true"


def _literal(value: Any) -> str:
    # TOML's text and numbers are JSON's, but for halves of surrogate pairs.
    return to_json(value.encode("utf-8", "replace").decode() if isinstance(value, str) else value)
