"""Values are reviewed in a real browser, by keyboard."""

import json
import sqlite3
import urllib.error
import urllib.request
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from mnist_edge.benchmarks.harness.browser import Tab, new_tab
from mnist_edge.camera.web.serving import WebServer
from tests.camera.forms.web.conftest import Serve
from tests.helpers import wait_until

SHOWN = "document.querySelector('#value').value"
SELECTED = "document.activeElement.id === 'value' && document.querySelector('#value').selectionEnd > 0"
IS_SHOWN = "!document.querySelector('{}').hidden"
# Requests for fields wait until the page is told to go on, or fail while `offline`.
SLOW_FIELDS = """(() => { const direct = window.fetch; window.offline = false;
    const going = new Promise((resolve) => { window.goOn = resolve; });
    window.fetch = async (address, options) => {
        if (address.startsWith("/api/fields")) await going;
        if (window.offline) throw new Error("no connection");
        return direct(address, options);
    }; })()"""
KEPT = "SELECT source, answer FROM readings JOIN pages ON pages.number = page WHERE answer IS NOT NULL"


def kept(folder: Path) -> dict[str, str]:
    """What is in the file, as another process sees it."""
    with closing(sqlite3.connect(folder / "marks.sqlite")) as database:
        return dict(database.execute(KEPT).fetchall())


def open_review(tab: Tab, server: WebServer) -> None:
    tab.open(server.url)
    wait_until(lambda: tab.run("!!document.querySelector('#value')") and tab.run(IS_SHOWN.format("#review")))


def post(server: WebServer, document: dict[str, Any]) -> tuple[int, Any]:
    body, headers = json.dumps(document).encode(), {"Content-Type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{server.url}/api/answer", body, headers)) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_a_key_keeps_digits_correct_arrows_move_and_all_can_be_taken_back(
    review: Serve, tab: Tab, tmp_path: Path
) -> None:
    open_review(tab, review(12))
    assert tab.run(SHOWN) == "11" and tab.run(SELECTED), "the least sure first, ready to be typed over"
    assert tab.run("document.querySelector('#crop').naturalWidth") == 90
    tab.press("Enter")
    wait_until(lambda: kept(tmp_path) == {"011.jpg": "11"})
    assert tab.run(SHOWN) == "10"
    for key in ("1", "7", "Enter"):
        tab.press(key)
    wait_until(lambda: kept(tmp_path) == {"011.jpg": "11", "010.jpg": "17"})
    tab.press("ArrowRight")
    assert tab.text("#place") == "008.jpg"
    tab.press("ArrowLeft")
    tab.press("ArrowLeft")
    assert tab.text("#place") == "010.jpg" and tab.run(SHOWN) == "17"
    tab.press("u")
    wait_until(lambda: kept(tmp_path) == {"011.jpg": "11"})
    assert tab.text("#place") == "010.jpg" and tab.run(SHOWN) == "10"
    tab.press("u")
    wait_until(lambda: kept(tmp_path) == {})
    tab.press("e")
    wait_until(lambda: kept(tmp_path) == {"011.jpg": ""})
    tab.screenshot(tmp_path / "review.png")
    assert tab.complaints == []


def test_a_value_that_breaks_a_rule_is_asked_for_twice(review: Serve, tab: Tab, tmp_path: Path) -> None:
    open_review(tab, review(3))
    for key in ("9", "9", "Enter"):
        tab.press(key)
    wait_until(lambda: "99 breaks its range" in tab.text("#message"))
    assert tab.text("#place") == "002.jpg" and kept(tmp_path) == {}
    tab.press("Enter")
    wait_until(lambda: kept(tmp_path) == {"002.jpg": "99"})


def test_nothing_is_lost_when_the_page_is_closed_and_the_end_is_said(
    review: Serve, browser: int, tmp_path: Path
) -> None:
    server = review(4)
    with new_tab(browser) as first:
        open_review(first, server)
        first.press("Enter")
        first.press("Enter")
        # At once, whatever is on its way.
        first.open("about:blank")
    wait_until(lambda: len(kept(tmp_path)) == 2)
    with new_tab(browser) as second:
        server_says = "document.querySelector('#done')?.hidden === false"
        second.open(server.url)
        # The two that the first tab still had belong to it for a while; it is the same person, by a new name.
        wait_until(lambda: second.run(server_says))
        assert second.text("#left") == "2 of 4 left"


def test_keys_pressed_before_the_next_field_is_there_keep_nothing(review: Serve, tab: Tab, tmp_path: Path) -> None:
    open_review(tab, review(40))
    tab.run(SLOW_FIELDS)
    for _ in range(30):
        tab.press("Enter")
    assert tab.run(IS_SHOWN.format("#waiting")) and not tab.run(IS_SHOWN.format("#review"))
    for key in ("1", "8", "Enter", "e"):
        tab.press(key)
    tab.run("goOn()")
    wait_until(lambda: tab.run(IS_SHOWN.format("#review")))
    for _ in range(10):
        tab.press("Enter")
    wait_until(lambda: tab.run(IS_SHOWN.format("#done")))
    wait_until(lambda: len(kept(tmp_path)) == 40)
    assert all(answer == str(int(source[:3]) % 21) for source, answer in kept(tmp_path).items())
    assert tab.complaints == []


def test_fields_that_do_not_come_are_asked_for_again(review: Serve, tab: Tab, tmp_path: Path) -> None:
    open_review(tab, review(31))
    tab.run(SLOW_FIELDS)
    for _ in range(30):
        tab.press("Enter")
    wait_until(lambda: len(kept(tmp_path)) == 30)
    tab.run("(() => { offline = true; goOn(); })()")
    wait_until(lambda: tab.run(IS_SHOWN.format("#failed")))
    assert tab.text("#failed-why") == "no connection"
    tab.run("offline = false")
    tab.click("#again")
    wait_until(lambda: tab.run(IS_SHOWN.format("#review")))
    tab.press("Enter")
    wait_until(lambda: len(kept(tmp_path)) == 31)


def test_two_people_never_overwrite_each_other(review: Serve, tab: Tab, tmp_path: Path) -> None:
    server = review(2)
    open_review(tab, server)
    said = {"field": 3, "value": "5", "seen": 0, "reviewer": "another", "sure": False}
    assert post(server, said)[0] == 200
    assert post(server, said | {"value": "6"})[0] == 409
    tab.press("Enter")
    wait_until(lambda: "somebody else says 5" in tab.text("#message"))
    assert kept(tmp_path) == {"001.jpg": "5"}


@pytest.mark.parametrize(
    ("change", "status"),
    [({"field": -1}, 400), ({"field": 99}, 404), ({"value": 7}, 400), ({"more": 1}, 400), ({"sure": 1}, 400),
     ({"value": "1" * 300}, 400), ({"value": "99"}, 422), ({"field": 2**70}, 400)],
)  # fmt: skip
def test_what_is_no_answer_is_refused(review: Serve, change: dict[str, Any], status: int) -> None:
    said = {"field": 1, "value": "5", "seen": 0, "reviewer": "me", "sure": False}
    answer = post(review(2), said | change)
    assert answer[0] == status and answer[1]["error"]


@pytest.mark.slow
def test_a_hundred_fields_take_few_keys_and_none_is_lost(review: Serve, tab: Tab, tmp_path: Path) -> None:
    open_review(tab, review(100))
    for number in range(100):
        # Every fifth is corrected; nobody waits until an answer is kept, only for a field to look at.
        wait_until(lambda: tab.run(IS_SHOWN.format("#review")))
        for key in (*("18" if number % 5 == 4 else ""), "Enter"):
            tab.press(key)
    wait_until(lambda: len(kept(tmp_path)) == 100)
    wait_until(lambda: tab.run(IS_SHOWN.format("#done")))
    corrected = [int(source[:3]) for source, answer in kept(tmp_path).items() if answer != str(int(source[:3]) % 21)]
    assert corrected == [number for number in range(100) if number % 5 == 0 and number % 21 != 18]
