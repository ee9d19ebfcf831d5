"""A made-up token that outlives the process, in a file that only its owner may read."""

import os
import secrets
from pathlib import Path

from mnist_edge.atomic_files import write_text
from mnist_edge.errors import UsageError
from mnist_edge.user_folders import user_folder

TOKEN_BYTES = 16
NAME = "web-token"
OTHERS = 0o077


def made_up_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def kept_token() -> tuple[str, Path]:
    """The token of this user's pages, and the file that it is in; made where there is none that only the user may read.

    Raises:
        UsageError: There is no home to keep it in.
        OSError: It cannot be written.
    """
    file = _folder() / NAME
    token = _read(file)
    if not token:
        token = made_up_token()
        write_text(file, f"{token}\n", mode=0o600)
    return token, file


def _folder() -> Path:
    """Where systemd has a service keep its state (STATE_DIRECTORY, systemd.exec), else where the user's programs do."""
    given = Path(os.environ.get("STATE_DIRECTORY", "").partition(":")[0])
    if given.is_absolute():
        return given
    folder = user_folder("XDG_STATE_HOME", ".local/state")
    if folder is None:
        raise UsageError("there is no home folder to keep the web page's token in; give one with --token or --config")
    return folder / "mnist-edge"


def _read(file: Path) -> str:
    """The token there; empty where there is none, or one that others may have read."""
    try:
        private = os.name != "posix" or not file.stat().st_mode & OTHERS
        return file.read_text(encoding="ascii").strip() if private else ""
    except (OSError, ValueError):
        return ""
