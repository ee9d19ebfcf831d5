import pytest

from mnist_edge.camera.forms.checks import luhn, mod97
from mnist_edge.camera.forms.pattern import parse_pattern


@pytest.mark.parametrize(
    ("pattern", "digits", "minus", "value"),
    [
        ("##", "07", False, "07"),
        ("##", "7", False, None),
        ("##?", "7", False, "7"),
        ("##:##", "0730", False, "07:30"),
        ("##?.#", "125", False, "12.5"),
        ("##?.#", "25", False, "2.5"),
        ("-?##.#", "125", True, "-12.5"),
        ("-?##.#", "125", False, "12.5"),
        ("##-##", "1234", False, "12-34"),
    ],
)
def test_a_pattern_writes_digits_as_its_value(pattern: str, digits: str, minus: bool, value: str | None) -> None:
    assert parse_pattern(pattern).fill(digits, minus) == value


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("", "needs a #"),
        ("?#", "follows the digit"),
        ("#??", "follows the digit"),
        (":?#", "follows the digit"),
        ("#?", "must not be optional"),
        ("#?:##?", "as many digits"),
        ("#?" * 9 + "#", "8 of them optional"),
    ],
)
def test_a_pattern_that_cannot_be_read_is_refused(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_pattern(pattern)


def test_only_numbers_are_numbers() -> None:
    assert [parse_pattern(text).is_number for text in ("##?", "-?##.#", "##:##", "##-##", "20##")] == [
        True, True, False, False, True,
    ]  # fmt: skip


def test_check_digits_hold_for_numbers_that_were_published_with_them() -> None:
    # The example of Luhn's formula with its check digit 3, and of MOD 97-10 in the standard for the IBAN.
    assert luhn("79927398713")
    assert not any(luhn(f"7992739871{last}") for last in "012456789")
    assert mod97("3214282912345698765432161182")
    assert not mod97("3214282912345698765432161183")
