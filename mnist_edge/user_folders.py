"""Locate the user's own folders."""

import os
from pathlib import Path


def user_folder(variable: str, usual: str) -> Path | None:
    """Locate a folder of the XDG Base Directory Specification, existing or not; None if the user has no home.

    Args:
        variable: Environment variable that may name it, such as `XDG_CONFIG_HOME`; a relative path is ignored.
        usual: Its place otherwise, below the home folder.
    """
    given = Path(os.environ.get(variable, ""))
    if given.is_absolute():
        return given
    try:
        home = Path.home()
    except RuntimeError:
        # Some containers have neither HOME nor an entry for the user.
        return None
    return home / usual if home.is_absolute() else None
