"""The surroundings take back what looks like a digit only by itself."""

from dataclasses import replace

import numpy as np
import pytest

from mnist_edge.camera.reader.candidate import Candidate, Classified
from mnist_edge.camera.reader.context import refuse_by_context
from mnist_edge.reading import Box, Guess


def classified(x: int, y: int, width: int = 24, height: int = 40) -> Classified:
    ink = np.full((height, width), 255, np.uint8)
    candidate = Candidate(Box(x, y, width, height), ink, frozenset([x * 10_000 + y]), 0.0, 255.0)
    return Classified(candidate, 7, 0.99, 1.0, Guess(1, 0.01), np.zeros((28, 28), np.uint8))


def refused(x: int, y: int, width: int = 24, height: int = 40) -> Classified:
    return replace(classified(x, y, width, height), reason="low confidence")


def row(count: int, y: int = 100, pitch: int = 34) -> list[Classified]:
    return [classified(100 + pitch * k, y) for k in range(count)]


def reasons(accepted: list[Classified], others: list[Classified]) -> dict[Classified, str]:
    """What is refused now and why; checks that nothing gets lost or comes twice."""
    kept, out = refuse_by_context(accepted, others)
    of = {one.original: one for one in accepted}
    assert sorted(id(one.original) for one in kept + out) == sorted(map(id, of))
    assert kept == [one for one in accepted if one in kept]
    return {of[one.original]: one.reason for one in out}


def test_a_row_of_digits_stays() -> None:
    assert reasons(row(8), []) == {}
    assert reasons([classified(50, 50)], []) == {}
    assert reasons([], []) == {}
    assert reasons([], [refused(0, 0)]) == {}


def test_ink_inside_another_digit_is_part_of_it() -> None:
    hole = classified(206, 115, 10, 14)
    assert reasons([classified(200, 100), hole], []) == {hole: "part of another digit"}
    # Half as tall but beside it rather than inside: a digit of its own.
    assert reasons([classified(200, 100), classified(240, 115, 12, 18)], []) == {}
    # Overlapping digits of one height are two digits.
    assert reasons([classified(200, 100), classified(210, 104)], []) == {}
    assert reasons([classified(200, 100, 40, 40), classified(210, 102, 20, 30)], []) == {}


def test_fragments_beside_digits_are_refused() -> None:
    fragment = classified(400, 130, 8, 12)
    assert reasons([*row(3), fragment], []) == {fragment: "too small beside the others"}
    # A page of small digits is none of fragments.
    assert reasons([classified(100 + 20 * k, 130, 8, 12) for k in range(4)], []) == {}


def test_many_fragments_do_not_outvote_a_few_digits() -> None:
    fragments = [classified(20 * k, 400, 6, 8) for k in range(10)]
    digits = [classified(100 + 80 * k, 100, 50, 80) for k in range(3)]
    assert reasons([*fragments, *digits], []) == dict.fromkeys(fragments, "too small beside the others")


def test_a_digit_among_letters_is_a_letter() -> None:
    letters = [refused(100, 100), refused(168, 100)]
    middle = classified(134, 100)
    assert reasons([middle], letters) == {middle: "in a word"}
    assert reasons([middle], [letters[0], refused(66, 100)]) == {middle: "in a word"}
    # One letter alone makes no word: 2x.
    assert reasons([middle], letters[:1]) == {}
    # One beside a digit that has a digit on its other side proves nothing.
    assert reasons([middle, classified(168, 100)], letters[:1]) == {}


@pytest.mark.parametrize(
    "letter",
    [refused(240, 100), refused(134, 180), refused(170, 20, 24, 120), refused(134, 30, 24, 30)],
    ids=["far off", "below", "much taller", "above"],
)
def test_what_does_not_stand_beside_it_is_no_neighbour(letter: Classified) -> None:
    assert reasons([classified(134, 100)], [letter]) == {}


def test_a_word_in_one_component_counts_as_many_letters() -> None:
    pair = [classified(100, 100), classified(134, 100)]
    word = refused(164, 100, 130, 40)
    assert reasons(pair, [word]) == {pair[1]: "in a word"}
    assert reasons(pair, [refused(164, 100, 30, 40)]) == {}


def text(count: int) -> list[Classified]:
    """Letters, each too far from the next to make a word."""
    return [refused(60 * (k % 10), 200 + 100 * (k // 10)) for k in range(count)]


def test_a_few_digits_on_a_page_of_text_are_accidents() -> None:
    few, many = row(5, y=50, pitch=90), row(30, y=50, pitch=90)
    assert reasons(few, text(40)) == dict.fromkeys(few, "among text")
    assert reasons(few, text(20)) == {}
    assert reasons(many, text(40)) == {}


def test_text_of_another_size_is_another_matter() -> None:
    headline = [classified(100 + 200 * k, 50, 80, 160) for k in range(3)]
    assert reasons(headline, text(40)) == {}


def test_thousands_are_refused_alike() -> None:
    grid = [classified(60 * (k % 60), 70 * (k // 60)) for k in range(3000)]
    hole = classified(6, 12, 10, 14)
    assert reasons([*grid, hole], []) == {hole: "part of another digit"}
