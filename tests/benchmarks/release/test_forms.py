"""The figures of forms are what they are said to be."""

from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release.forms import Score, right_at_precision
from mnist_edge.benchmarks.release.sheets import KINDS
from mnist_edge.camera.forms import load_form


def test_a_wrong_value_that_is_sure_costs_all_below_until_enough_are_right() -> None:
    sure = [(0.9, True, True)] * 100
    assert right_at_precision(sure) == 100
    assert right_at_precision([(0.99, False, True), *sure]) == 0, "one of 101 is more than one of 200"
    assert right_at_precision([(0.99, False, True), *sure, *sure]) == 200
    assert right_at_precision([*sure, (0.5, False, False)]) == 100
    assert right_at_precision([(0.9, True, True), (0.9, False, True)]) == 0, "one trust is one step"
    assert right_at_precision([]) == 0


def test_fields_of_refused_pages_count() -> None:
    read = Score(1, 0, 4, [(0.9, True, True)] * 3 + [(0.4, False, False)], [1.2, 1.4])
    whole = read.joined(Score(1, 1, 4, costs=[9.0])).to_json()
    assert whole["cost"] == 1.4
    assert (whole["pages"], whole["refused"], whole["fields"]) == (2, 1, 8)
    assert whole["right"] == whole["settled"] == whole["right_at_precision"] == 3 / 8
    assert whole["settled_wrong"] == 0


@pytest.mark.parametrize("kind", KINDS)
def test_each_form_has_a_valid_file_and_truths_that_obey_it(kind: str, tmp_path: Path) -> None:
    draw, truth_of = KINDS[kind]
    form = load_form(draw().save(tmp_path))
    for seed in range(20):
        truth = truth_of(np.random.default_rng(seed))
        assert truth.keys() == {one.name for one in form.fields}
        for one in form.fields:
            value = truth[one.name]
            assert (
                (one.fits(value) and one.pattern and len(value) in one.pattern.counts)
                if value
                else one.empty is not None
            )
        for rule in form.sums:
            assert sum(int(truth[part] or 0) for part in rule.parts) == int(truth[rule.total])
