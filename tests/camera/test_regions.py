"""Named regions: a number counts once it has held and fits its pattern."""

from collections.abc import Callable
from typing import Any

import pytest

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.regions import HELD_FRAMES, RegionWatch, parse_regions
from mnist_edge.camera.rows import Row
from mnist_edge.errors import UsageError
from mnist_edge.reading import Box, Digit


def digits(text: str, left: int = 10) -> tuple[Digit, ...]:
    return tuple(Digit(int(one), 0.9, Box(left + 10 * place, 20, 8, 12)) for place, one in enumerate(text))


def test_regions_are_what_the_flag_says() -> None:
    meter, clock = parse_regions("meter=0,10,100,40:##?#; wall clock = 200,10,50,40 ")
    assert (meter.name, meter.box, meter.pattern and meter.pattern.counts) == ("meter", Box(0, 10, 100, 40), [2, 3])
    assert (clock.name, clock.box, clock.pattern) == ("wall clock", Box(200, 10, 50, 40), None)


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "names none"), ("meter", "is no region"), ("a=1,2,3", "is no region"), ("a=1,2,0,4", "is no region"),
     ("a=1,2,3,4;a=1,2,3,4", "twice"), ("a=1,2,3,4:?", "does not serve"), ("a=-1,2,3,4", "is no region")],
)  # fmt: skip
def test_what_is_no_region_is_one_line(text: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse_regions(text)


def test_a_reading_counts_once_it_has_held_and_fits(view: Callable[..., Any]) -> None:
    taken: list[Row] = []
    watch = RegionWatch(Controls(0.5, regions=parse_regions("meter=0,10,100,40:##")), taken.extend)

    def show(text: str, frames: int) -> list[str]:
        before = len(taken)
        for _ in range(frames):
            seen = view(digits=digits(text))
            watch.look(seen)
            # The same view again is no further frame.
            watch.look(seen)
        return [row.values["meter"].text for row in taken[before:]]

    assert show("42", HELD_FRAMES - 1) == []
    assert show("4", 1) == [], "one frame without a digit begins anew"
    assert show("42", HELD_FRAMES + 20) == ["42"]
    assert show("427", HELD_FRAMES) == [], "no value of the pattern"
    assert show("42", HELD_FRAMES) == ["42"], "it came back"
    assert show("43", HELD_FRAMES) == ["43"]
    row = taken[-1].to_json()
    assert (row["event"], row["name"], row["text"]) == ("region", "meter", ["meter 43"])
    assert row["values"] == {"meter": {"value": "43", "trust": 0.81, "outcome": "read"}}


def test_digits_outside_are_not_part_of_it_and_still_pictures_count_at_once(view: Callable[..., Any]) -> None:
    taken: list[Row] = []
    watch = RegionWatch(Controls(0.5, regions=parse_regions("a=0,10,100,40;b=200,10,100,40")), taken.extend, still=True)
    for _ in range(2):
        watch.look(view(digits=(*digits("7"), *digits("5", 220), *digits("9", 400))))
    assert [row.text for row in taken] == [("a 7",), ("b 5",)] * 2
