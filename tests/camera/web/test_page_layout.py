"""The page on screens of all sizes: nothing sticks out, is too small or is hidden unsaid."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.reading import Box, Digit
from tests.helpers import wait_until

SIZES = ((390, 844), (800, 480), (1280, 800), (1920, 1080))
PLACES = """[...document.querySelectorAll(".card, #picture, #dock")].map(e =>
    Object.values(e.getBoundingClientRect().toJSON()))"""
# What sticks out of the window sideways, is too small for a finger, or is a control that is not in sight.
STICKING_OUT = """[...document.querySelectorAll("body > :not(dialog, script, #drop, #message) *")].filter(e => {
    const r = e.getBoundingClientRect(); return r.width && (r.right > innerWidth + 1 || r.left < -1) }).length"""
SMALL = """[...document.querySelectorAll("button")].filter(e =>
    e.offsetWidth && (e.offsetHeight < 44 || e.offsetWidth < 44)).length"""
OUT_OF_SIGHT = """[...document.querySelectorAll("header button, #dock button, #dock input, #picture")].filter(e => {
    const r = e.getBoundingClientRect(); return !(r.height && r.top >= 0 && r.bottom <= innerHeight + 1) }).length"""
# Digits that end below what can be seen of the reading, by the browser's own hit test at their middle.
HIDDEN = """[...document.querySelectorAll("#digits button")].filter(e => {
    const r = e.getBoundingClientRect(), there = document.elementFromPoint(r.x + r.width / 2, r.y + r.height - 2);
    return !(there && (e === there || e.contains(there) || there.id === "more")) }).length"""


def crowd(count: int) -> dict[str, Any]:
    """A view's digits and text: so many digits in rows of eight."""
    digits = tuple(Digit(n % 10, 0.9, Box(n, n, 5, 8), track=n + 1) for n in range(count))
    rows = [digits[start : start + 8] for start in range(0, count, 8)]
    return {"digits": digits, "text": tuple("".join(str(one.label) for one in row) for row in rows)}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_every_screen_shows_all_or_says_that_there_is_more(
    serve: Any, view: Any, tab: Any, tmp_path: Path, width: int, height: int
) -> None:
    served = serve()
    image = np.zeros((480, 640, 3), np.uint8)
    served.web.show(view(image))
    tab.open(served.web.url, width, height, dark=width in (390, 1920))
    wait_until(lambda: tab.text("#state") == "live")
    wait_until(lambda: tab.text("#reading_fps") != "–")
    before = tab.run(PLACES)
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    picture = tab.run("document.querySelector('#picture').getBoundingClientRect().toJSON()")
    # As wide as the window, or as high as it can be beside the reading.
    assert picture["width"] >= min(width, 0.98 * (height - 130) * 4 / 3, width - 290)
    for count in (0, 5, 40):
        served.web.show(replace(view(image), **crowd(count)))
        wait_until(partial(tab.run, f"document.querySelectorAll('#digits button').length == {count}"))
        assert (tab.run(STICKING_OUT), tab.run(SMALL), tab.run(OUT_OF_SIGHT)) == (0, 0, 0), count
        hidden = tab.run(HIDDEN)
        said = "" if tab.run("document.querySelector('#more').hidden") else tab.text("#more")
        assert not hidden or f"{hidden} more digit" in said, (count, hidden, said)
        tab.screenshot(tmp_path / f"{width}-{count}.png")
        if count < 40:
            assert not hidden and tab.run(PLACES) == before, "nothing jumps"
    if hidden:
        # Pressing it goes there, a part of a screen at a time.
        last = """(r => r.bottom <= document.querySelector("#side").getBoundingClientRect().bottom + 1 && r.bottom <=
            innerHeight)([...document.querySelectorAll("#digits button")].at(-1).getBoundingClientRect())"""
        wait_until(lambda: tab.run("document.querySelector('#more').click()") or tab.run(last), "the last digit")
    served.controls.paused = True
    wait_until(lambda: tab.text("#state") == "paused")
    assert "stands still" in tab.text("#banner")
    assert tab.complaints == []


def test_the_picture_fills_the_screen_with_and_without_the_browsers_help(serve: Any, view: Any, tab: Any) -> None:
    served = serve()
    served.web.show(view())
    tab.open(served.web.url, 390, 844)
    wait_until(lambda: tab.text("#state") == "live")
    # Before the picture is there, its place may have another size.
    wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 64)
    area = "(r => r.width * r.height)(document.querySelector('#picture').getBoundingClientRect())"
    small = tab.run(area)
    tab.click("#full")
    wait_until(lambda: tab.run("!!document.fullscreenElement"))
    wait_until(lambda: tab.run(area) > 2 * small)
    tab.click("#full")
    wait_until(lambda: not tab.run("!!document.fullscreenElement"))
    wait_until(lambda: tab.run(area) == small)
    # As on a phone by Apple. The page is opened anew: the browser's own event of leaving may still be on its way.
    tab.open(served.web.url, 390, 844)
    wait_until(lambda: tab.text("#state") == "live")
    wait_until(lambda: tab.run("document.querySelector('#frame').naturalWidth") == 64)
    tab.run("Element.prototype.requestFullscreen = undefined")
    tab.press("f")
    wait_until(lambda: tab.run(area) > 2 * small)
    assert tab.text("#full") == "Leave"
    tab.press("Escape")
    wait_until(lambda: tab.run(area) == small)
    assert tab.complaints == []


@pytest.mark.parametrize("width", [390, 360])
def test_the_longest_state_fits_a_phone(serve: Any, view: Any, tab: Any, width: int) -> None:
    served = serve()
    served.web.show(view())
    tab.open(served.web.url, width, 844)
    wait_until(lambda: tab.text("#state") == "live")
    served.web.__exit__(None, None, None)
    wait_until(lambda: tab.text("#state") == "connection lost")
    # A page that is too wide widens the window of a phone.
    assert tab.run("[document.documentElement.scrollWidth, innerWidth]") == [width, width]
    assert tab.run("(state => state.scrollWidth <= state.clientWidth)(document.querySelector('#state'))")
