"""The table of controls: what keys do, and that the documentation says the same."""

from pathlib import Path

import pytest

from mnist_edge.camera.controls import CONTROLS, Controls

DOCS = Path(__file__).parents[2] / "docs"


def test_keys_change_what_the_table_says() -> None:
    controls = Controls(0.5)
    assert all(map(controls.press, " srd"))
    assert controls.paused and controls.snapshot and controls.recording and controls.details
    assert all(map(controls.press, " srd"))
    assert controls.snapshot and not (controls.paused or controls.recording or controls.details)
    assert all(map(controls.press, "+=-"))
    assert controls.min_confidence == 0.55


@pytest.mark.parametrize(("key", "end"), [("+", 1.0), ("-", 0.0)])
def test_the_least_confidence_stays_between_0_and_1(key: str, end: float) -> None:
    controls = Controls(0.5)
    for _ in range(30):
        controls.press(key)
    assert controls.min_confidence == end


@pytest.mark.parametrize("key", ["", "q", "7", "x", "\xff"])
def test_other_keys_change_nothing(key: str) -> None:
    controls = Controls(0.5)
    assert not controls.press(key)
    assert controls == Controls(0.5, stop=controls.stop)


def test_each_control_is_documented_with_its_keys() -> None:
    page = (DOCS / "web.md").read_text()
    for control in CONTROLS:
        assert control.kind == "correction" or f"| {control.label} | {control.shown_keys} | {control.help} |" in page
