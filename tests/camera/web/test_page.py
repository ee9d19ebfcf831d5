"""The page in a real browser, over a running loop."""

import itertools
import threading
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import Correction
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.loop import run
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit
from tests.helpers import wait_until

Image = NDArray[np.uint8]


class Scene:
    """A page with so many digits, which move, until it is over."""

    def __init__(self, pages: Callable[..., list[Image]]) -> None:
        self.pages = [pages(1, digits)[0] for digits in (0, 1, 2, 3)]
        self.digits = 2
        self.over = threading.Event()

    def __iter__(self) -> Iterator[Image]:
        for step in itertools.count():
            if self.over.wait(0.04):
                return
            yield np.roll(self.pages[self.digits], int(6 * np.sin(step / 5)), axis=0)


class Alive:
    """A served loop that runs until the test ends."""

    def __init__(self, served: Any, scene: Scene, reader: Any) -> None:
        self.served, self.scene, self.reader = served, scene, reader
        self.source = ArraySource(scene, name="/dev/video0")
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        web = self.served.web
        controls, meter = self.served.controls, self.served.meter
        run(self.source, self.reader, events=[web], views=[web], controls=controls, meter=meter)

    def end(self) -> None:
        self.scene.over.set()
        self.served.controls.paused = False
        self.thread.join()


@pytest.fixture
def alive(serve: Any, pages: Any, ink_reader: Any) -> Iterator[Alive]:
    running = Alive(serve(), Scene(pages), ink_reader)
    yield running
    running.end()


def picture_of(tab: Any) -> str:
    """The live picture's pixels, small."""
    return str(
        tab.run("""(() => { const c = document.createElement("canvas"); c.width = 64; c.height = 48;
        c.getContext("2d").drawImage(document.querySelector("#frame"), 0, 0, 64, 48); return c.toDataURL(); })()""")
    )


def test_moving_digits_are_shown(alive: Alive, tab: Any, tmp_path: Path) -> None:
    tab.open(alive.served.web.url)
    wait_until(lambda: tab.text("#text") == "77", "two digits")
    first = picture_of(tab)
    wait_until(lambda: picture_of(tab) != first, "the picture moves")
    alive.scene.digits = 3
    wait_until(lambda: tab.text("#text") == "777", "a third digit")
    wait_until(lambda: tab.run("document.querySelectorAll('#digits button').length") == 3)
    assert tab.text("#digits button span") == "90 %"
    wait_until(lambda: "7 appeared" in tab.text("#history li:first-child"), "the third in the history")
    wait_until(lambda: float(tab.text("#reading_fps")) > 0, "a rate")
    assert tab.text("#state") == "live"
    assert tab.text("#about") == "/dev/video0 · ink"
    assert tab.run("document.querySelector('#frame').naturalWidth") == 320
    picture = cv2.imread(str(tab.screenshot(tmp_path / "desktop.png")))
    assert picture.shape == (900, 1280, 3)
    # The dark blue of boxes that are sure, in the live picture alone, which ends where its proportions say.
    width = (900 - 56 - 68) * 4 / 3 + 12
    assert tab.run("document.querySelector('#picture').getBoundingClientRect().right") <= width
    assert tab.run("document.querySelector('#picture').getBoundingClientRect().width") > 900
    assert tab.complaints == []


def test_controls_change_the_running_loop(alive: Alive, tab: Any) -> None:
    controls, reader = alive.served.controls, alive.reader
    tab.open(alive.served.web.url)
    wait_until(lambda: tab.text("#text") == "77")
    tab.run("document.querySelector('#min_confidence').focus()")
    for _ in range(5):
        tab.press("ArrowRight")
    wait_until(lambda: controls.min_confidence == 0.55, "the slider by keyboard")
    wait_until(lambda: reader.min_confidence == 0.55, "the loop's reader has it")
    assert tab.text("#threshold") == "55 %"
    tab.click("#details")
    wait_until(lambda: alive.served.web.state.view.details, "refused ink is drawn")
    tab.click("#recording")
    wait_until(lambda: controls.recording)
    tab.click("#snapshot")
    wait_until(lambda: controls.snapshot)
    tab.click("#paused")
    wait_until(lambda: controls.paused)
    wait_until(lambda: tab.text("#state") == "paused")
    read = alive.served.meter.reading.total
    alive.scene.digits = 3
    tab.run("document.querySelector('#paused').focus()")
    assert alive.served.meter.reading.total <= read + 1
    tab.press("Enter")
    wait_until(lambda: not controls.paused, "going on by keyboard")
    wait_until(lambda: tab.text("#text") == "777")
    # What others change is shown too.
    controls.min_confidence = 0.25
    wait_until(lambda: tab.text("#threshold") == "25 %")
    assert tab.complaints == []


def test_a_wrong_digit_is_corrected(alive: Alive, tab: Any, tmp_path: Path) -> None:
    alive.served.controls.corrections = waiting = deque[Correction]()
    tab.open(alive.served.web.url, dark=True)
    wait_until(lambda: tab.run("document.querySelectorAll('#digits button').length") == 2)
    tracks = [
        int(track) for track in tab.run("[...document.querySelectorAll('#digits button')].map(e => e.dataset.track)")
    ]
    tab.click("#digits button:nth-child(2)")
    wait_until(lambda: tab.text("#dialog[open] #dialog-title") == "Read as 7. What is it?")
    tab.screenshot(tmp_path / "dialog.png")
    tab.click("#labels button:nth-child(4)")
    wait_until(lambda: waiting)
    assert (waiting[0].track, waiting[0].label) == (tracks[1], 3)
    waiting[0].answer.set_result("kept as 3")
    wait_until(lambda: tab.text("#message") == "kept as 3")
    assert not tab.run("document.querySelector('#dialog').open")
    # By keyboard, and what is no digit at all.
    tab.run("document.querySelector('#digits button').focus()")
    tab.press("Enter")
    wait_until(lambda: tab.run("document.querySelector('#dialog').open"))
    tab.press("9")
    wait_until(lambda: len(waiting) == 2)
    waiting[1].answer.set_result("kept as 9")
    tab.click("#digits button")
    wait_until(lambda: tab.run("document.querySelector('#dialog').open"))
    tab.click("#labels .wide")
    wait_until(lambda: len(waiting) == 3)
    waiting[2].answer.set_result("kept as no digit")
    assert [(one.track, one.label) for one in waiting][1:] == [(tracks[0], 9), (tracks[0], -1)]
    wait_until(lambda: tab.text("#message") == "kept as no digit")
    assert tab.complaints == []


def test_a_digit_can_be_clicked_while_readings_come(alive: Alive, tab: Any) -> None:
    tab.open(alive.served.web.url)
    wait_until(lambda: tab.run("document.querySelectorAll('#digits button').length") == 2)
    # Browsers give no click to a button that is taken out and put back between press and release.
    tab.run(
        """window.counted = { moved: 0, updated: 0 };
        { const list = document.querySelector("#digits");
          new MutationObserver((all) => counted.moved += all.length).observe(list, { childList: true });
          new MutationObserver((all) => counted.updated += all.length)
            .observe(list, { attributes: true, subtree: true }); }"""
    )
    wait_until(lambda: tab.run("counted.updated") > 20)
    assert tab.run("counted.moved") == 0


def test_a_correction_that_nobody_keeps_is_refused(alive: Alive, tab: Any) -> None:
    tab.open(alive.served.web.url)
    wait_until(lambda: tab.run("document.querySelectorAll('#digits button').length") == 2)
    tab.click("#digits button")
    tab.press("9")
    assert wait_until(
        lambda: tab.text("#message").startswith("Not done: corrections are kept where digits are collected")
    )


def test_what_the_server_refuses_and_what_the_reader_left_out_is_said(serve: Any, view: Any, tab: Any) -> None:
    served = serve()
    limited = view()
    served.web.show(replace(limited, reading=replace(limited.reading, limited=True)))
    tab.open(served.web.url)
    wait_until(lambda: "digits may be missing" in tab.text("#banner"))
    tab.run("change({ min_confidence: 7 })")
    wait_until(lambda: tab.text("#message") == "Not done: min_confidence must be a number from 0 to 1")
    assert "bad" in tab.run("document.querySelector('#message').className")


def test_a_lost_camera_and_a_lost_server_are_told_and_mended(serve: Any, view: Any, tab: Any, tmp_path: Path) -> None:
    first = serve()
    first.web.show(view())
    tab.open(first.web.url)
    wait_until(lambda: tab.text("#state") == "live")
    wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 64)
    first.web.show(view(outage="the camera is unplugged"))
    wait_until(lambda: tab.text("#state") == "camera lost")
    wait_until(lambda: tab.run("getComputedStyle(document.querySelector('#veil')).opacity") == "1")
    assert tab.text("#veil-why") == "the camera is unplugged"
    tab.screenshot(tmp_path / "away.png")
    first.web.show(view())
    wait_until(lambda: tab.text("#state") == "live")
    first.web.__exit__()
    wait_until(lambda: tab.text("#state") == "connection lost")
    # A browser draws its own mark in the place of a picture that it could not load.
    loaded = "(frame => frame.naturalWidth > 0 || !frame.hasAttribute('src'))(document.querySelector('#frame'))"
    wait_until(lambda: tab.run(loaded), "no broken picture behind the veil", seconds=10)
    again = serve(f"127.0.0.1:{first.port}")
    again.web.show(view(np.zeros((40, 80, 3), np.uint8)))
    wait_until(lambda: tab.text("#state") == "live", "it comes back by itself")
    wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 80, "the picture too")


def test_with_a_token_the_page_gets_everything_by_its_cookie(serve: Any, view: Any, tab: Any, tmp_path: Path) -> None:
    served = serve(token="sesame & co")
    served.web.show(view())
    tab.open(served.web.url, 360, 740)
    wait_until(lambda: tab.text("h1") == "This page asks for a token")
    tab.screenshot(tmp_path / "locked.png")
    tab.click("input")
    tab.call("Input.insertText", text="sesame & co")
    tab.click("button")
    wait_until(lambda: tab.text("#state") == "live")
    wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 64)
    assert tab.run("location.href") == served.web.url + "/"
    assert tab.run("document.cookie") == ""
    tab.click("#paused")
    wait_until(lambda: served.controls.paused)
    tab.open(served.web.url)
    wait_until(lambda: tab.text("#state") == "paused", "the cookie is enough")
    served.web.__exit__()
    serve(f"127.0.0.1:{served.port}", token="another")
    wait_until(lambda: tab.text("h1") == "This page asks for a token", "it comes back with another token")


def test_classes_are_shown_and_corrected_by_name(serve: Any, view: Any, tab: Any, tmp_path: Path) -> None:
    served = serve()
    served.controls.classes = ("T-shirt/top", "Trouser", "Bag", "x")
    served.controls.corrections = waiting = deque[Correction]()
    digits = tuple(
        Digit(label, 0.9, Box(20 * label + 1, 10, 15, 20), track=label + 1, name=served.controls.classes[label])
        for label in (0, 1, 3)
    )
    shown = view(np.full((48, 64, 3), 255, np.uint8))
    served.web.show(replace(shown, digits=digits, text=("T-shirt/top Trouser x",)))
    tab.open(served.web.url, 390, 844)
    labels = "[...document.querySelectorAll('#digits b')].map(e => e.textContent)"
    wait_until(lambda: tab.run(labels) == ["T-shirt/top", "Trouser", "x"])
    assert tab.text("#count") == "3 symbols" and tab.run("document.documentElement.scrollWidth <= innerWidth")
    wide = "[...document.querySelectorAll('#digits button')].every(e => e.scrollWidth <= e.offsetWidth)"
    assert tab.run(wide), "names fit their tiles"
    wait_until(lambda: tab.run("document.querySelectorAll('#labels button').length") == 6)
    tab.screenshot(tmp_path / "names.png")
    tab.click("#digits button:nth-of-type(2)")
    wait_until(lambda: tab.text("#dialog[open] #dialog-title") == "Read as Trouser. What is it?")
    tab.screenshot(tmp_path / "names-dialog.png")
    tab.click("#labels button:nth-child(3)")
    wait_until(lambda: waiting)
    waiting[0].answer.set_result("kept as Bag")
    tab.click("#digits button:nth-of-type(1)")
    wait_until(lambda: tab.run("document.querySelector('#dialog').open"))
    tab.press("x")
    wait_until(lambda: len(waiting) == 2)
    waiting[1].answer.set_result("kept as x")
    assert [(one.track, one.label) for one in waiting] == [(2, 2), (1, 3)]
    assert tab.complaints == []
