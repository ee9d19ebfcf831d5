"""How the value of a field is written: `##`, `##:##`, `-?##.#`."""

from dataclasses import dataclass
from itertools import product

DIGIT, MINUS, OPTIONAL = "#", "-", "?"
# Characters that may be left out, of all: each doubles the ways to write a value.
MAX_OPTIONAL, MAX_CHARACTERS = 8, 40


@dataclass(frozen=True, slots=True)
class Pattern:
    """All ways in which a value may be written.

    Attributes:
        text: As in the file.
        layouts: By how many digits there are and whether a minus is: the value with `#` for each digit.
    """

    text: str
    layouts: dict[tuple[int, bool], str]

    @property
    def counts(self) -> list[int]:
        """How many digits a value may have, ascending."""
        return sorted({count for count, _ in self.layouts})

    @property
    def asks_for_minus(self) -> bool:
        """Whether the ink must tell if there is a minus."""
        return any((count, not minus) in self.layouts for count, minus in self.layouts)

    @property
    def is_number(self) -> bool:
        """Whether every value is a decimal number."""
        return all(_is_number(layout.replace(DIGIT, "0")) for layout in self.layouts.values())

    def fill(self, digits: str, minus: bool = False) -> str | None:
        """Write digits in this way; None where there are too few or too many. `minus` counts only if it is asked."""
        layout = self.layouts.get((len(digits), minus), self.layouts.get((len(digits), not minus)))
        if layout is None:
            return None
        left = iter(digits)
        return "".join(next(left) if character == DIGIT else character for character in layout)


def parse_pattern(text: str) -> Pattern:
    """Understand a pattern: `#` is a digit, `?` makes the character before it optional, all else stands for itself.

    What stands for itself is printed on the form, or follows from the pattern, and is not read; only a minus that is
    optional is looked for. So only digits and a minus may be optional.

    Raises:
        ValueError: It is no pattern, or two of its ways have the same digits; says what to do.
    """
    parts: list[tuple[str, bool]] = []
    for character in text:
        if character != OPTIONAL:
            parts.append((character, False))
        elif not parts or parts[-1] not in ((DIGIT, False), (MINUS, False)):
            raise ValueError("a ? follows the digit (#) or the minus that may be missing")
        else:
            parts[-1] = (parts[-1][0], True)
    if len(parts) > MAX_CHARACTERS or sum(optional for _, optional in parts) > MAX_OPTIONAL:
        raise ValueError(f"at most {MAX_CHARACTERS} characters, {MAX_OPTIONAL} of them optional")
    if not any(character == DIGIT for character, _ in parts):
        raise ValueError("it needs a # for each digit, such as ## or ##:##")
    layouts: dict[tuple[int, bool], str] = {}
    for taken in product(*((character, "") if optional else (character,) for character, optional in parts)):
        layout = "".join(taken)
        key = layout.count(DIGIT), MINUS in layout
        if layouts.setdefault(key, layout) != layout:
            raise ValueError(f"{layouts[key]} and {layout} have as many digits, so that the ink cannot tell which")
    if any(count == 0 for count, _ in layouts):
        raise ValueError("at least one digit must not be optional; `empty` says what an empty field means")
    return Pattern(text, layouts)


def _is_number(text: str) -> bool:
    whole, _, fraction = text.removeprefix(MINUS).partition(".")
    return whole.isdigit() and (fraction.isdigit() or "." not in text)
