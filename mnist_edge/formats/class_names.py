"""What the labels of known data sets mean."""

import string
from collections.abc import Mapping
from pathlib import Path

from mnist_edge.errors import DataError

_DIGITS, _UPPER, _LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase
# A mapping of EMNIST has 62 lines of a few numbers.
MAX_BYTES = 100_000
# In a user's own folder.
LIST = "classes.txt"
# By a part of the name of the files or their folder; the first label is 0, or 1 for EMNIST's letters.
KNOWN: dict[str, Mapping[int, str]] = {
    "emnist-byclass": dict(enumerate(_DIGITS + _UPPER + _LOWER)),
    # Small letters that look like capitals are one class with them.
    "emnist-bymerge": dict(enumerate(_DIGITS + _UPPER + "abdefghnqrt")),
    "emnist-balanced": dict(enumerate(_DIGITS + _UPPER + "abdefghnqrt")),
    "emnist-letters": dict(enumerate(_UPPER, 1)),
    "sign-mnist": dict(enumerate(_UPPER)),
    "fashion": dict(
        enumerate(
            ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
        )
    ),
    "kmnist": dict(enumerate(("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"))),
}


def known_names(name: str, folder: Path) -> Mapping[int, str]:
    """What the labels mean: by `classes.txt` in the folder, a name a line from label 0 on, else by what is known.

    Args:
        name: What the files' names have in common.
        folder: Where they lie; its name and that of the folder above may tell which data set it is.

    Raises:
        DataError: `classes.txt` is no text.
    """
    if (path := folder / LIST).is_file():
        return dict(enumerate(_lines(path)))
    here = folder.resolve()
    for text in (name, here.name, here.parent.name):
        for key, classes in KNOWN.items():
            if key in text.lower().replace("_", "-"):
                return classes
    return {}


def _lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        content = file.read(MAX_BYTES)
    try:
        return [line.strip() for line in content.decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise DataError(f"{path} is no text in UTF-8; it has the name of a class in each line") from None


def read_mapping(folder: Path, prefix: str) -> Mapping[int, str]:
    """Read the file of EMNIST that tells what its labels mean, `emnist-letters-mapping.txt`; empty if there is none.

    A line has a label and the characters that it stands for, as numbers; the first, a capital, names the class.

    Raises:
        DataError: It is something else.
    """
    path = folder / f"{prefix}-mapping.txt"
    if not prefix or not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            lines = [line.split() for line in file.read(MAX_BYTES).splitlines() if line.strip()]
        return {int(line[0]): chr(int(line[1])) for line in lines}
    except (IndexError, ValueError, OverflowError):
        raise DataError(f"{path} is no mapping of EMNIST: a line is a label and numbers of characters") from None
