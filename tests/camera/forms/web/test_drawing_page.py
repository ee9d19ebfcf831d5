"""Fields are drawn in a real browser, with mouse and finger, and make a form's file."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.harness.browser import Tab
from mnist_edge.benchmarks.release.sheets import marks, table
from mnist_edge.camera.forms import load_form
from mnist_edge.camera.forms.table_lines import find_cells
from mnist_edge.camera.forms.web import drawing_server
from mnist_edge.camera.web.serving import WebServer
from mnist_edge.opencv import cv2
from tests.helpers import wait_until

GROUPS = "groups.map(({ name, box, rows }) => ({ name, box, rows }))"


@pytest.fixture
def drawing(tmp_path: Path) -> Iterator[WebServer]:
    """The page over the empty table, whose form goes to `sheet.toml`."""
    cv2.imwrite(str(tmp_path / "sheet.png"), table().picture)
    with drawing_server(tmp_path / "sheet.png", tmp_path / "sheet.toml", "127.0.0.1:0", None) as server:
        yield server


def drag(tab: Tab, start: tuple[int, int], end: tuple[int, int], finger: bool = False) -> None:
    """Drag from one place on the sheet to another, in its own pixels."""
    points = tab.run(f"""[{list(start)}, {list(end)}].map(([x, y]) => {{
        const point = new DOMPoint(x, y).matrixTransform(sheet.getScreenCTM()); return [point.x, point.y]; }})""")
    (x, y), (right, bottom) = points
    if finger:
        for kind, places in (("touchStart", [(x, y)]), ("touchMove", [(right, bottom)]), ("touchEnd", [])):
            touches = [{"x": across, "y": down} for across, down in places]
            tab.call("Input.dispatchTouchEvent", type=kind, touchPoints=touches)
        return
    for kind, across, down in (("mousePressed", x, y), ("mouseMoved", right, bottom), ("mouseReleased", right, bottom)):
        about: dict[str, Any] = {"button": "left", "buttons": 1, "clickCount": 1}
        tab.call("Input.dispatchMouseEvent", type=kind, x=across, y=down, **about)


def open_drawing(tab: Tab, server: WebServer, width: int = 1280) -> None:
    tab.open(server.url, width, 900)
    wait_until(lambda: tab.run("typeof groups === 'object' && !!sheet.getScreenCTM()"))


def test_fields_are_drawn_named_repeated_and_saved(drawing: WebServer, tab: Tab, tmp_path: Path) -> None:
    open_drawing(tab, drawing)
    drag(tab, (200, 300), (400, 700))
    tab.call("Input.insertText", text="age, size")
    for selector, text in (("#pattern", "##?"), ("#rows", "2"), ("#columns", "2"), ("#gap-x", "10")):
        tab.run(f"document.querySelector('{selector}').focus(); document.querySelector('{selector}').select()")
        tab.call("Input.insertText", text=text)
    drag(tab, (500, 900), (640, 980))
    tab.call("Input.insertText", text="age 1")
    tab.run("document.querySelector('#save').click()")
    wait_until(lambda: "two fields have the name 'age 1'" in tab.text("#message"))
    assert not (tmp_path / "sheet.toml").exists()
    tab.run("document.querySelector('#undo').click(); document.querySelector('#undo').click()")
    assert len(tab.run(GROUPS)) == 1
    tab.run("document.querySelector('#save').click()")
    wait_until(lambda: "Saved" in tab.text("#message"))
    form = load_form(tmp_path / "sheet.toml")
    assert [field.name for field in form.fields] == ["age 1", "size 1", "age 2", "size 2"]
    assert all(field.pattern and field.pattern.text == "##?" for field in form.fields)
    (x, y), _, (right, bottom), _ = form.fields[3].corners
    assert abs(x - 305) <= 2 and abs(y - 500) <= 2 and abs(right - 400) <= 2 and abs(bottom - 700) <= 2
    tab.screenshot(tmp_path / "drawing.png")
    # The browser itself logs the answer that a form with a mistake got.
    assert [one for one in tab.complaints if "/api/form" not in one] == []


def test_a_finger_draws_moves_and_changes_the_size(drawing: WebServer, tab: Tab) -> None:
    open_drawing(tab, drawing, width=390)
    tab.call("Emulation.setTouchEmulationEnabled", enabled=True)
    drag(tab, (200, 300), (500, 400), finger=True)
    wait_until(lambda: len(tab.run(GROUPS)) == 1)
    drag(tab, (300, 350), (340, 370), finger=True)
    wait_until(lambda: abs(tab.run(GROUPS)[0]["box"][0] - 240) < 5)
    drag(tab, (540, 420), (600, 500), finger=True)
    wait_until(lambda: abs(tab.run(GROUPS)[0]["box"][2] - 360) < 10)
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")


def test_a_tables_own_lines_are_a_first_draft(drawing: WebServer, tab: Tab, tmp_path: Path) -> None:
    open_drawing(tab, drawing)
    tab.click("#lines")
    wait_until(lambda: tab.run("groups.length") > 0)
    found = tab.run(GROUPS)
    assert sum(one["rows"] for one in found) >= 24
    tab.run("document.querySelector('#save').click()")
    wait_until(lambda: "Saved" in tab.text("#message"))
    form = load_form(tmp_path / "sheet.toml")
    drawn = table()
    centres = {name: (x + width / 2, y + height / 2) for name, (x, y, width, height) in drawn.boxes.items()}
    for name, centre in centres.items():
        corners = [np.array(one.corners, np.float32) for one in form.fields]
        assert sum(cv2.pointPolygonTest(one, centre, False) > 0 for one in corners) == 1, name


def test_frames_of_single_fields_are_found_and_labels_are_none() -> None:
    drawn = marks()
    found = find_cells(drawn.picture)
    for name, (x, y, width, height) in drawn.boxes.items():
        centre = x + width / 2 + (5 if name == "student" else 0), y + height / 2
        assert any(one.box.contains(*centre) for one in found), name
    assert len(found) <= len(drawn.boxes) + 6


@pytest.mark.parametrize(
    ("document", "said"),
    [({"fields": [], "sums": []}, "0 fields"), ({"fields": [{"name": "a"}], "sums": []}, "give either box"),
     ({"fields": [7], "sums": []}, "field must be"),
     ({"fields": [{"name": "a", "box": [1, 1, 9, 9], "pattern": "?"}], "sums": []}, "pattern")],
)  # fmt: skip
def test_what_is_no_form_is_one_line_and_writes_nothing(
    drawing: WebServer, tab: Tab, tmp_path: Path, document: dict[str, Any], said: str
) -> None:
    open_drawing(tab, drawing)
    answer = tab.run(
        f"""fetch("/api/form", {{ method: "POST", headers: {{ "Content-Type": "application/json" }},
        body: {json.dumps(json.dumps(document))} }}).then((answer) => answer.json())"""
    )
    assert said in answer["error"] and not (tmp_path / "sheet.toml").exists()
