"""Conditions are what people bring, within the ranges that are documented."""

import hashlib
from collections import Counter
from dataclasses import fields

import numpy as np
import pytest

from mnist_edge.errors import UsageError
from mnist_edge.models.pages.conditions import LINES, SURFACES, Conditions
from mnist_edge.models.pages.random_conditions import random_conditions

MANY = [random_conditions(np.random.default_rng(seed)) for seed in range(600)]


def test_the_same_stream_gives_the_same_conditions() -> None:
    assert MANY[7] == random_conditions(np.random.default_rng(7))
    assert len(set(MANY)) == len(MANY)


def test_the_hand_of_a_plain_page_is_as_it_is_written() -> None:
    assert {(c.slant, c.stretch, c.wobble, c.sway, c.layout) for c in MANY} == {(0.0, 1.0, 0.0, 0.0, "")}
    # Pages that are measured are drawn with these streams: what they give may not change.
    digest = hashlib.sha256("".join(f"{c.rows} {c.size:.5f} {c.ink} {c.jpeg} {c.text} " for c in MANY).encode())
    assert digest.hexdigest()[:12] == "19c2119f1b9a"


def test_about_one_page_in_six_has_no_digits() -> None:
    assert 0.12 < np.mean([conditions.rows == 0 for conditions in MANY]) < 0.22


def test_every_surface_and_every_kind_of_line_comes_up() -> None:
    surfaces, lines = (Counter(getattr(c, name) for c in MANY) for name in ("surface", "lines"))
    assert set(surfaces) == set(SURFACES) and min(surfaces.values()) > 10
    assert set(lines) == set(LINES) and min(lines.values()) > 10
    assert surfaces["paper"] > 0.6 * len(MANY)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("size", 0.02, 0.9),
        ("pen", 0.02, 0.2),
        ("grain", 0, 0.8),
        ("opacity", 0.3, 1),
        ("touching", 0, 1),
        ("tilt", -10, 10),
        ("perspective", 0, 0.1),
        ("exposure", 0.3, 1.1),
        ("shadow", 0, 0.7),
        ("cast", 0, 0.3),
        ("bleed", 0, 0.3),
        ("blur", 0, 5),
        ("noise", 0, 12),
        ("jpeg", 20, 100),
    ],
)
def test_settings_stay_in_their_range_and_vary(name: str, low: float, high: float) -> None:
    values = [getattr(conditions, name) for conditions in MANY]
    assert low <= min(values) and max(values) <= high
    assert len(set(values)) >= 4


def test_sizes_run_from_small_to_the_whole_frame() -> None:
    sizes = [conditions.size for conditions in MANY if conditions.rows]
    assert min(sizes) < 0.025 and max(sizes) > 0.8


@pytest.mark.parametrize(
    "wrong", [{"surface": "sand"}, {"lines": "waves"}, {"rows": -1}, {"columns": 0}, {"size": 0.0}, {"pen": -1.0}]
)
def test_nonsense_is_one_line(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError, match=r"must be one of|a page needs"):
        Conditions(**wrong)  # type: ignore[arg-type]


def test_every_setting_is_documented() -> None:
    text = Conditions.__doc__ or ""
    assert all(f"        {field.name}: " in text for field in fields(Conditions))
