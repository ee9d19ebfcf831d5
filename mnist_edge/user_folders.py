"""Where the user's own files are; nowhere, where the user has no home."""

import os
from pathlib import Path


def user_folder(variable: str, usual: str) -> Path | None:
    """A folder of the XDG Base Directory Specification, whether it exists or not; None where there is no home.

    Args:
        variable: What may name it, such as `XDG_CONFIG_HOME`; the specification has relative paths ignored.
        usual: Where it is otherwise, below the home folder.
    """
    given = Path(os.environ.get(variable, ""))
    if given.is_absolute():
        return given
    try:
        home = Path.home()
    except RuntimeError:
        # Neither HOME nor an entry in the system's list of users, as in some containers.
        return None
    return home / usual if home.is_absolute() else None
