"""Read a file of TOML that a user wrote."""

import sys
from pathlib import Path
from typing import Any

from mnist_edge.errors import UsageError
from mnist_edge.optional_packages import require


def read_toml(file: Path, example: str) -> dict[str, Any]:
    """Read a file of TOML, also with the byte order mark that some editors write.

    Args:
        file: The file.
        example: A line as it should have; for the message.

    Raises:
        UsageError: It is not UTF-8 or not TOML.
        OSError: It cannot be read.
        PackageMissing: This Python reads no TOML, and tomli is not installed.
    """
    content = file.read_bytes()
    # Python 3.10 has none of its own.
    toml = require("tomllib" if sys.version_info >= (3, 11) else "tomli", extra="tomli")
    try:
        document: dict[str, Any] = toml.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError(f"{file} is not UTF-8 text; save it as that") from None
    # ValueError also: a number of more digits than Python converts. RecursionError: brackets nested too deep.
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file} is not TOML: {error}; write lines such as: {example}") from None
    return document
