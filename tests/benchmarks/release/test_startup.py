import json

import pytest

from mnist_edge.child_process import run_module


@pytest.mark.slow
def test_help_costs_about_what_its_libraries_cost() -> None:
    outcome = run_module("mnist_edge.benchmarks.release", "startup", "3", timeout_s=120)
    assert outcome.failure is None
    document = json.loads(outcome.output)
    assert document["help_us"]["samples"] == document["libraries_us"]["samples"] == 3
    # Far above what is measured on an idle machine: this is a test of the measurement, not of the speed.
    assert 0.5 < document["ratio"] < 4
    assert document["ratio"] == round(document["help_us"]["median"] / document["libraries_us"]["median"], 3)
