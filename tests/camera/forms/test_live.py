"""A page that is held still and complete before the camera is taken once."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.release.sheets import Drawn, fill, photograph
from mnist_edge.camera.forms import FormReader
from mnist_edge.camera.forms.following import Following
from mnist_edge.camera.forms.live import AGAIN_SECONDS, HELD_SECONDS, FormWatch
from mnist_edge.camera.forms.read_page import PageReading
from mnist_edge.camera.forms.values import FieldReading
from mnist_edge.camera.frames import Frame
from mnist_edge.camera.rows import Row
from mnist_edge.camera.run_camera import run_camera
from mnist_edge.camera.settings import Settings
from mnist_edge.dataset import Split
from mnist_edge.errors import UsageError
from mnist_edge.opencv import cv2
from tests.camera.forms.conftest import TRUTH
from tests.helpers import wait_until

OUTLINES = np.array([[(10, 10), (30, 10), (30, 20), (10, 20)]], np.float32)


class Script:
    """A reader that says of each frame what its first pixel stands for: 0 no page, 1 and 2 pages, 9 one cut off."""

    def __init__(self, form: Any) -> None:
        self.form, self.read_frames = form, 0

    def read(self, photo: Any, source: str) -> PageReading:
        self.read_frames += 1
        kind = int(photo[0, 0, 0])
        marks = np.random.default_rng(kind).integers(0, 256, 100, np.uint8).tobytes()
        outcome = "cut off" if kind == 9 else "read"
        fields = (FieldReading("mark", str(kind), 0.9, outcome),)
        return PageReading(source, kind > 0, "", 0.9, fields, marks, outlines=OUTLINES)


def test_a_page_is_taken_once_while_it_lies_there(form_reader: FormReader, view: Callable[..., Any]) -> None:
    taken: list[Row] = []
    script: Any = Script(form_reader.form)
    seconds = 0.0

    with FormWatch(lambda: script, taken.extend) as watch:

        def show(kind: int, length: float, moving: bool = False) -> list[str]:
            nonlocal seconds
            before, frames = len(taken), round(length / 0.1)
            for number in range(frames):
                image = np.full((60, 80, 3), 200, np.uint8)
                left = 40 * (number % 2) * moving
                image[:, left : left + 40] = 90
                image[0, 0] = kind
                seconds += 0.1
                seen = view(image)
                seen = replace(seen, frame=Frame(image, number, seconds, "camera"))
                watch.look(seen)
                wait_until(lambda: not watch.worker.busy)
                watch.look(seen)
            return [row.values["mark"].text for row in taken[before:]]

        assert show(1, 2.0, moving=True) == [] and script.read_frames == 0
        assert show(1, 3 * (HELD_SECONDS + AGAIN_SECONDS)) == ["1"] and script.read_frames == 1
        assert show(0, 0.5, moving=True) == [] and show(1, 2.0) == [], "the same page again"
        show(0, 0.5, moving=True)
        assert show(9, 3.0) == [] and script.read_frames >= 4, "not complete, and looked at again"
        show(0, 0.5, moving=True)
        assert show(2, 2.0) == ["2"]
    assert taken[-1].to_json()["event"] == "page" and taken[-1].name == form_reader.form.name


def test_fields_stay_on_a_page_that_moves_and_go_with_it(view: Callable[..., Any]) -> None:
    rng = np.random.default_rng(5)
    page = cv2.resize(rng.integers(0, 256, (60, 80, 3), np.uint8), (400, 300), interpolation=cv2.INTER_CUBIC)
    desk = np.full((480, 640, 3), 60, np.uint8)
    outlines = np.array([[(200, 150), (280, 150), (280, 190), (200, 190)]], np.float32)

    def placed(right: int, down: int) -> Any:
        image = desk.copy()
        image[80 + down : 380 + down, 120 + right : 520 + right] = page
        return image

    following = Following(placed(0, 0), outlines)
    for step in range(0, 60, 6):
        found = following.outlines_in(placed(step, step // 2))
        assert found is not None and np.abs(found - outlines - (step, step // 2)).max() < 2
    assert following.outlines_in(desk) is None
    assert Following(desk, outlines).outlines_in(desk) is None, "nothing to hold on to"


@pytest.mark.slow
def test_the_camera_writes_a_row_for_each_page(form_file: Path, sheet: Drawn, hand: Split, tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    pages = tmp_path / "pages"
    pages.mkdir()
    cv2.imwrite(str(pages / "a.jpg"), photograph(fill(sheet, TRUTH, hand, rng), rng))
    cv2.imwrite(str(pages / "b.jpg"), np.full((400, 300, 3), 200, np.uint8))
    events = tmp_path / "events.jsonl"
    settings = Settings(source=str(pages), form=str(form_file), events=str(events), window=False)
    run_camera(settings)
    rows = [line for line in map(json.loads, events.read_text().splitlines()) if line["event"] == "page"]
    assert len(rows) == 1 and rows[0]["source"].endswith("a.jpg")
    values = {name: one["value"] for name, one in rows[0]["values"].items()}
    assert values["total"] == TRUTH["total"] and values["student"] == TRUTH["student"]


def test_wrong_settings_are_told_before_anything_runs(tmp_path: Path) -> None:
    for wrong, said in (
        ({"post": "https://example.org/rows"}, "name what to take"),
        ({"region": "meter"}, "is no region"),
        ({"mqtt_commands": True}, "name it with --mqtt"),
        ({"form": str(tmp_path / "missing.toml")}, "cannot be read"),
    ):
        with pytest.raises(UsageError, match=said):
            run_camera(Settings(source="fake", window=False, max_frames=1, **wrong))
