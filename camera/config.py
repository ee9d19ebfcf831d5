"""The settings of a camera from its configuration file and its flags, the origin of each, and all of them as TOML."""

import difflib
import logging
import os
import re
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

from mnist_edge.camera.settings import Settings, accept, by_group, flag, masked, shown
from mnist_edge.errors import UsageError
from mnist_edge.safe_text import printable, shortened, to_json
from mnist_edge.shipped_models import names_shipped
from mnist_edge.toml_file import read_toml
from mnist_edge.user_folders import user_folder

# Characters that no camera's number and no model's name has.
PLAINLY_A_PATH = re.compile(r"[/*?~]")
# The permissions of a file that let its group and all others read it.
OTHERS_MAY_READ = 0o044

logger = logging.getLogger(__name__)
FIELDS = {option.name: option for option in fields(Settings)}


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings in effect, and where they come from.

    Attributes:
        settings: Defaults, overridden by the file, overridden by the flags.
        origins: By the name of each setting: `default`, `flag`, or the file's path.
    """

    settings: Settings
    origins: dict[str, str]


def settings_folder() -> Path | None:
    """Return the folder of the user's configuration files; None where the user has no home."""
    return user_folder("XDG_CONFIG_HOME", ".config")


def default_file() -> Path | None:
    """Return the configuration file that is read without `--config`; None where the user has no home."""
    folder = settings_folder()
    return folder / "mnist-edge" / "camera.toml" if folder else None


def load_settings(file: Path | None, flags: Mapping[str, Any]) -> Configuration:
    """Combine flags, configuration file and defaults; flags win over the file, the file over the defaults.

    Relative paths in the file are relative to the file's folder, and `~` is the user's home.

    Args:
        file: The configuration file; None for `default_file`, if it exists.
        flags: The flags that were given, by the names of the fields of `Settings`.

    Raises:
        UsageError: The file is missing or not TOML, or a key or a value, of the file or a flag, is not valid.
        PackageMissing: This Python reads no TOML, and tomli is not installed.
    """
    found = file or default_file()
    given: dict[str, Any] = {}
    try:
        given = _read(found) if found else {}
    except FileNotFoundError:
        if file:
            raise UsageError(f"there is no {file}; write one with: mnist-edge camera --show-config > {file}") from None
    except OSError as error:
        raise UsageError(f"{found} cannot be read: {error.strerror}; choose another with --config") from None
    if found and given:
        _warn_of_secrets(found, given)
    origins = dict.fromkeys(FIELDS, "default") | dict.fromkeys(given, str(found)) | dict.fromkeys(flags, "flag")
    return Configuration(Settings(**{**given, **flags}), origins)


def located(option: "Field[Any]", value: Any, folder: Path) -> Any:
    """Make a setting absolute where it is a relative path; return any other value as it is.

    A source or a model is a path where it has a slash or a wildcard, or where there is a file of that name; otherwise
    it is a camera's number or a model's name. The name of a model that ships is never a path.

    Args:
        option: The field of `Settings`.
        value: Its value.
        folder: The folder that a relative path is relative to.
    """
    if not isinstance(value, str) or value in ("", "-") or "://" in value:
        return value
    if option.name in ("model", "finder") and names_shipped(value):
        return value
    try:
        path = folder / Path(value).expanduser()
    except RuntimeError:
        raise UsageError(f"{flag(option)} {value}: there is no such home folder; give the whole path") from None
    perhaps = option.metadata.get("perhaps_path") and (PLAINLY_A_PATH.search(value) or path.is_file())
    return os.path.abspath(path) if option.metadata.get("path") or perhaps else value


def _read(file: Path) -> dict[str, Any]:
    document = read_toml(file, 'source = "0"')
    read: dict[str, Any] = {}
    for key, value in document.items():
        name = key.replace("-", "_")
        if name in read:
            raise UsageError(f"{file}: {shortened(key)} is given twice; leave one out")
        read[name] = _accepted(file, key, name, value)
    return read


def _accepted(file: Path, key: str, name: str, value: Any) -> Any:
    if name not in FIELDS:
        raise UsageError(f"{file}: there is no key {shortened(key)}; {_instead(name, value)}")
    option = FIELDS[name]
    try:
        accepted = accept(option, value)
    except ValueError as wanted:
        text = shown(option, value)
        text = repr(text) if isinstance(value, str | bool) else text
        raise UsageError(f"{file}: {key} = {text} does not serve: {wanted}") from None
    return located(option, accepted, file.absolute().parent)


def _instead(name: str, value: Any) -> str:
    if isinstance(value, dict):
        return "there are no [tables], all keys stand at the top"
    near = difflib.get_close_matches(name, FIELDS, n=1)
    return f"did you mean {near[0]}?" if near else "mnist-edge camera --show-config lists them all"


def _warn_of_secrets(file: Path, given: Mapping[str, Any]) -> None:
    secrets = [name for name, value in given.items() if masked(FIELDS[name], value) != value]
    # The permission bits of other systems do not decide who may read.
    if os.name == "posix" and secrets and file.stat().st_mode & OTHERS_MAY_READ:
        advice = "others may read %s, and with it the secret in %s; keep it private: chmod 600 %s"
        logger.warning(advice, file, secrets[0], file)


def as_toml(configuration: Configuration) -> str:
    """Format every setting with its origin as a configuration file that gives the same settings again.

    A setting without a value is a comment. So is one that holds a secret, which is masked. Paths are absolute, as
    relative ones would depend on where the file is saved.
    """
    lines = ["# mnist-edge camera: what is in effect. Flags win over a file, a file over the defaults."]
    for heading, options in by_group().items():
        lines += ["", f"# {heading}"]
        lines += [_line(option, configuration) for option in options]
    return "\n".join(lines) + "\n"


def _line(option: "Field[Any]", configuration: Configuration) -> str:
    value, origin = getattr(configuration.settings, option.name), printable(configuration.origins[option.name])
    if value is None:
        metavar = option.metadata["metavar"]
        example = _literal(metavar) if option.type == str | None else metavar or "true"
        return f"# {option.name} = {example}  # {origin}: not set"
    seen = masked(option, value)
    if seen != value:
        return f"# {option.name} = {_literal(seen)}  # {origin}: hidden here, write the secret in yourself"
    return f"{option.name} = {_literal(located(option, value, Path()))}  # {origin}"


def _literal(value: Any) -> str:
    # JSON's text and numbers are TOML's too, except for halves of surrogate pairs.
    return to_json(value.encode("utf-8", "replace").decode() if isinstance(value, str) else value)
