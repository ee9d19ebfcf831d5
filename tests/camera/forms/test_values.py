"""What the marks in a field say: the pattern, the range and the checks choose among what the ink may be."""

from dataclasses import replace

import pytest

from mnist_edge.camera.forms.form import Field, Sum
from mnist_edge.camera.forms.pattern import parse_pattern
from mnist_edge.camera.forms.sums import MAX_CHOICES, _choices, apply_sum
from mnist_edge.camera.forms.values import FieldReading, Ink, read_value, settle
from mnist_edge.reading import Box, Digit, Guess, Rejected

CORNERS = ((0.0, 0.0), (200.0, 0.0), (200.0, 40.0), (0.0, 40.0))


def field(pattern: str, **rules: object) -> Field:
    return replace(Field("a field", CORNERS, parse_pattern(pattern)), **rules)  # type: ignore[arg-type]


def digit(label: int, place: int, confidence: float = 0.99, other: tuple[int, float] | None = None) -> Digit:
    return Digit(label, confidence, Box(10 + 30 * place, 5, 20, 30), runner_up=Guess(*other) if other else None)


def refused(place: int, label: int = 1, probability: float = 0.02, height: int = 30) -> Rejected:
    return Rejected(Box(10 + 30 * place, 5, 20, height), "not a digit", label, 0.1, 0.2, probability)


def ink(*marks: Digit | Rejected, dark: float = 0.05) -> Ink:
    digits = tuple(mark for mark in marks if isinstance(mark, Digit))
    return Ink(digits, tuple(mark for mark in marks if isinstance(mark, Rejected)), dark)


def test_digits_that_fit_the_pattern_are_the_value() -> None:
    read = read_value(field("##:##"), ink(*(digit(label, place) for place, label in enumerate((0, 7, 3, 0)))))
    assert (read.value, read.outcome) == ("07:30", "read")
    assert read.trust == pytest.approx(0.99**4, abs=0.01)


def test_the_pattern_takes_refused_ink_where_a_digit_is_missing_and_says_that_it_is_not_sure() -> None:
    read = read_value(field("##"), ink(digit(4, 0), refused(1, 2, 0.7)))
    assert read.value == "42" and read.trust < 0.9
    assert settle(read, 0.9).outcome == "review"


def test_the_range_turns_a_reading_down_that_cannot_be() -> None:
    doubtful = ink(digit(7, 0, 0.6, (1, 0.38)), digit(5, 1))
    assert read_value(field("##"), doubtful).value == "75"
    ranged = read_value(field("##", most=59.0), doubtful)
    assert ranged.value == "15" and ranged.trust > 0.9


def test_a_check_digit_makes_a_value_sure_or_chooses_another() -> None:
    doubtful = ink(digit(7, 0), digit(9, 1, 0.6, (4, 0.35)), digit(5, 2))
    plain, checked = read_value(field("###"), doubtful), read_value(field("###", check="luhn"), doubtful)
    assert (plain.value, checked.value) == ("795", "745")
    assert checked.trust > 0.9 > plain.trust


def test_a_value_that_nothing_allows_is_left_to_a_person_with_what_was_seen() -> None:
    read = read_value(field("##", most=20.0), ink(digit(9, 0), digit(9, 1)))
    assert (read.value, read.trust, read.outcome) == ("99", 0.0, "unreadable")
    assert "range" in read.reason


@pytest.mark.parametrize(("rule", "outcome", "value"), [(None, "review", ""), ("", "empty", ""), ("0", "empty", "0")])
def test_an_empty_field_is_what_the_form_says(rule: str | None, outcome: str, value: str) -> None:
    read = read_value(field("##", empty=rule), ink(dark=0.0))
    assert (read.outcome, read.value) == (outcome, value)


def test_ink_that_is_no_digit_is_not_taken_for_an_empty_field() -> None:
    assert read_value(field("##", empty="0"), ink(refused(0))).outcome == "unreadable"


def test_a_value_that_was_crossed_out_and_written_again_goes_to_a_person() -> None:
    again = read_value(field("##"), ink(refused(0, 8, 0.2), digit(4, 2), digit(2, 3)))
    assert again.value == "42" and settle(again, 0.9).outcome == "review"


def test_what_the_reader_was_only_unsure_of_is_a_digit_of_the_field() -> None:
    mark = Rejected(Box(40, 5, 20, 30), "low confidence", 2, 0.5, 0.8, 0.99)
    read = read_value(field("##"), ink(digit(4, 0), mark))
    assert read.value == "42" and read.trust > 0.94


def test_ink_that_the_reader_did_not_find_goes_to_a_person() -> None:
    read = read_value(field("##?"), replace(ink(digit(4, 0)), loose=0.4))
    assert read.value == "4" and settle(read, 0.9).outcome == "review"


def test_a_speck_takes_no_trust() -> None:
    assert read_value(field("##"), ink(digit(4, 0), digit(2, 1), refused(2, height=4))).trust > 0.97


def test_a_minus_is_read_where_the_pattern_asks_for_it() -> None:
    dash = Rejected(Box(2, 18, 14, 3), "not a digit", 1, 0.01, 0.03, 0.2)
    digits = (digit(1, 1), digit(2, 2), digit(5, 3))
    assert read_value(field("-?##.#"), ink(dash, *digits)).value == "-12.5"
    assert read_value(field("-?##.#"), ink(*digits)).value == "12.5"
    assert read_value(field("##.#"), ink(dash, *digits)).value == "12.5"


def test_free_rows_keep_their_lines() -> None:
    rows = ink(replace(digit(1, 0), row=3), replace(digit(2, 1), row=3), replace(digit(5, 0), row=4))
    assert read_value(Field("a field", CORNERS, None), rows).value == "12\n5"


def readings(*values: tuple[str, float, tuple[tuple[str, float], ...]]) -> dict[str, FieldReading]:
    names = ("a", "b", "total")
    return {
        name: FieldReading(name, value, trust, "read", alternatives=others)
        for name, (value, trust, others) in zip(names, values, strict=True)
    }


SUM = Sum(("a", "b"), "total")


def test_what_adds_up_is_surer() -> None:
    added = apply_sum(SUM, readings(("3", 0.9, ()), ("4", 0.9, ()), ("7", 0.9, ())))
    assert {name: one.value for name, one in added.items()} == {"a": "3", "b": "4", "total": "7"}
    assert all(one.trust > 0.96 for one in added.values())


def test_the_value_that_adds_up_is_chosen() -> None:
    added = apply_sum(SUM, readings(("3", 0.6, (("8", 0.35),)), ("4", 0.98, ()), ("12", 0.98, ())))
    assert added["a"].value == "8" and added["a"].trust > 0.85
    assert added["a"].reason == "chosen since it adds up"


def test_a_sum_that_does_not_hold_makes_its_doubtful_values_suspect() -> None:
    sure = apply_sum(SUM, readings(("3", 0.99, ()), ("4", 0.99, ()), ("9", 0.99, ())))
    assert {settle(one, 0.95).outcome for one in sure.values()} == {"review"}
    assert all("add up" in one.reason for one in sure.values())
    one_doubtful = apply_sum(SUM, readings(("3", 0.999, ()), ("4", 0.6, ()), ("9", 0.999, ())))
    assert [settle(one, 0.95).outcome for one in one_doubtful.values()] == ["read", "review", "read"]


def test_an_uncertain_label_does_not_make_a_digit_vanish() -> None:
    read = read_value(field("##?"), ink(digit(5, 0, 0.65, (9, 0.3)), digit(2, 1)))
    assert read.value == "52" and dict(read.alternatives)["92"] > dict(read.alternatives)["2"]


def test_one_wrong_value_in_a_long_column_is_found_among_few_choices() -> None:
    names = tuple(f"f{number}" for number in range(100))
    others = (("3", 0.03), ("9", 0.01), ("4", 0.005))
    column = {name: FieldReading(name, "7", 0.95, "read", "", others) for name in names}
    wrong = FieldReading("f40", "1", 0.6, "read", "", (("7", 0.39),))
    total = FieldReading("total", "700", 0.99, "read")
    found = apply_sum(Sum(names, "total"), column | {"f40": wrong, "total": total})
    assert found["f40"].value == "7" and found["f40"].reason == "chosen since it adds up"
    assert len(list(_choices([*column.values(), total]))) <= MAX_CHOICES
