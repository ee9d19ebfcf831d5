"""Fields on the live picture, in a real browser: drawn with mouse and finger, shown with their trust, taken once."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.benchmarks.harness.browser import Tab
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.camera.regions import RegionWatch, parse_regions
from mnist_edge.camera.rows import Row
from tests.helpers import wait_until

# Counts the tones, and how often the picture began to flash.
COUNT = """tones = flashes = 0; const make = AudioContext.prototype.createOscillator;
    AudioContext.prototype.createOscillator = function () { tones += 1; return make.call(this); };
    document.querySelector("#picture").addEventListener("animationstart", () => { flashes += 1; }); 0"""


class Desk:
    """A page with three digits before a served camera, as long as the block runs."""

    def __init__(self, served: Any, reader: Any, page: Any) -> None:
        self.served, self.rows = served, list[Row]()
        self.over = threading.Event()
        self.pages = [page, page]
        source = ArraySource(self._frames(), name="/dev/video0")
        web, controls = served.web, served.controls
        watch = RegionWatch(controls, self._take)
        more = {"controls": controls, "meter": served.meter, "watches": [watch]}
        self.thread = threading.Thread(target=lambda: run(source, reader, events=[web], views=[web], **more))
        self.thread.start()

    def _frames(self) -> Iterator[Any]:
        while not self.over.wait(0.04):
            yield self.pages[0].copy()

    def _take(self, rows: Sequence[Row]) -> None:
        self.rows.extend(rows)
        self.served.web.write(rows)

    def taken(self) -> list[str]:
        return [text for row in list(self.rows) for text in row.text]


@pytest.fixture
def desk(serve: Any, pages: Any, ink_reader: Any) -> Iterator[Desk]:
    made = Desk(serve(), ink_reader, pages(1, 3)[0])
    yield made
    made.over.set()
    made.thread.join()


def drag(tab: Tab, start: tuple[int, int], end: tuple[int, int], finger: bool = False) -> None:
    """Drag from one place in the picture to another, in the frame's own pixels."""
    (x, y), (right, bottom) = tab.run(f"""[{list(start)}, {list(end)}].map(([x, y]) => {{
        const point = new DOMPoint(x, y).matrixTransform(board.getScreenCTM()); return [point.x, point.y]; }})""")
    if finger:
        for kind, places in (("touchStart", [(x, y)]), ("touchMove", [(right, bottom)]), ("touchEnd", [])):
            touches = [{"x": across, "y": down} for across, down in places]
            tab.call("Input.dispatchTouchEvent", type=kind, touchPoints=touches)
        return
    about: dict[str, Any] = {"button": "left", "buttons": 1, "clickCount": 1}
    for kind, across, down in (("mousePressed", x, y), ("mouseMoved", right, bottom), ("mouseReleased", right, bottom)):
        tab.call("Input.dispatchMouseEvent", type=kind, x=across, y=down, **about)


def begin(tab: Tab, desk: Desk, width: int, height: int) -> None:
    tab.open(desk.served.web.url, width, height)
    wait_until(lambda: tab.text("#text") == "777")
    wait_until(lambda: tab.run("!!board.viewBox.baseVal?.width"))
    tab.run(COUNT)
    tab.click("#draw-fields")


def test_a_region_is_drawn_named_taken_with_flash_and_sound_and_can_be_kept(
    desk: Desk, tab: Tab, tmp_path: Path
) -> None:
    begin(tab, desk, 1280, 800)
    drag(tab, (10, 80), (190, 160))
    wait_until(lambda: desk.served.controls.regions)
    (region,) = desk.served.controls.regions
    assert region.name == "field 1" and max(abs(np.subtract(region.box, (10, 80, 180, 80)))) <= 1
    wait_until(lambda: desk.taken() == ["field 1 77"], "it has held")
    wait_until(lambda: tab.run("flashes") == 1 and "Taken: field 1: 77" in tab.text("#message"))
    assert tab.run("tones") == 0, "silent until somebody asks for the sound"
    tab.click("#sound")
    wait_until(lambda: tab.run("tones") == 1, "the sound, to hear what it is")
    # A name and a pattern: what is there does not fit it, and then it does.
    tab.run("document.querySelector('#region-name').focus(); document.querySelector('#region-name').select()")
    tab.call("Input.insertText", text="meter, left")
    tab.run("document.querySelector('#region-pattern').focus()")
    tab.call("Input.insertText", text="##.#")
    tab.press("Enter")
    wait_until(lambda: [one.name for one in desk.served.controls.regions] == ["meter, left"])
    wait_until(lambda: tab.text("#values li") == "meter, left–waiting")
    tab.run("document.querySelector('#region-pattern').focus(); document.querySelector('#region-pattern').select()")
    tab.call("Input.insertText", text="#.#")
    tab.press("Enter")
    wait_until(lambda: desk.taken()[-1] == "meter, left 7.7")
    wait_until(lambda: tab.run("[flashes, tones]") == [2, 2])
    wait_until(lambda: tab.text("#values li b") == "7.7" and "%" in tab.text("#values li"))
    tab.screenshot(tmp_path / "fields.png")
    # What is shown to be kept gives the same again.
    option, key = tab.text("#region-option"), tab.text("#region-key")
    assert option.startswith("--region 'meter, left=") and key.startswith('region = "meter, left=')
    assert parse_regions(json.loads(key.partition("= ")[2])) == desk.served.controls.regions
    tab.click("#region-done")
    assert tab.run("board.hasAttribute('hidden')") and tab.text("#values li b") == "7.7"
    assert tab.complaints == []


def test_a_finger_draws_moves_and_deletes_on_a_phone_and_other_pages_follow(
    desk: Desk, tab: Tab, tmp_path: Path
) -> None:
    begin(tab, desk, 390, 844)
    tab.call("Emulation.setTouchEmulationEnabled", enabled=True)
    drag(tab, (10, 80), (190, 160), finger=True)
    wait_until(lambda: len(desk.served.controls.regions) == 1)
    drag(tab, (100, 120), (190, 120), finger=True)
    wait_until(lambda: abs(desk.served.controls.regions[0].box.x - 100) <= 1)
    drag(tab, (5, 5), (60, 40), finger=True)
    wait_until(lambda: len(desk.served.controls.regions) == 2)
    tab.screenshot(tmp_path / "phone.png")
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    small = "[...document.querySelectorAll('button')].filter(e => e.offsetWidth && e.offsetHeight < 44).length"
    assert tab.run(small) == 0
    tab.run("document.querySelector('#region-delete').click()")
    wait_until(lambda: [one.name for one in desk.served.controls.regions] == ["field 1"])
    # Somebody else has drawn another one.
    desk.served.controls.regions = parse_regions("theirs=1,2,30,40:##")
    wait_until(lambda: tab.run("regions.map(one => one.name).join()") == "theirs")
    assert tab.complaints == []


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [({"regions": "a=1,2,3"}, 422, "no region"), ({"regions": "a=1,2,3,4;a=1,2,3,4"}, 422, "twice"),
     ({"regions": 7}, 400, "JSON object"), ({}, 400, "JSON object"), ([], 400, "JSON object"),
     ({"regions": ";".join(f"a{one}=1,2,3,4" for one in range(101))}, 422, "more than 100"),
     ({"regions": "a=1,2,3,4:?"}, 422, "does not serve"), ({"regions": "a=1,2,3," + "9" * 5000}, 422, "no region")],
)  # fmt: skip
def test_what_is_no_region_is_refused_and_changes_nothing(
    serve: Callable[..., Any], sent: Any, status: int, said: str
) -> None:
    served = serve()
    served.controls.regions = before = parse_regions("meter=1,2,3,4")
    answer = served.ask("/api/regions", json.dumps(sent).encode(), Content_Type="application/json")
    assert answer.status == status and said in answer.document["error"]
    assert served.controls.regions is before
    assert served.ask("/api/status").document["regions"] == "meter=1,2,3,4"
    answer = served.ask("/api/regions", b'{"regions": ""}', Content_Type="application/json")
    assert (answer.status, answer.document) == (200, {"regions": "", "option": "", "key": ""})
    assert list(served.controls.regions) == []
