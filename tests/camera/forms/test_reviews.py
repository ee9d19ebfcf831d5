"""Several people review at once: each field once, and nobody overwrites another."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_edge.camera.forms.collect_reviews import collect_reviews
from mnist_edge.camera.forms.page_file import PageFile, open_pages
from mnist_edge.camera.forms.reviews import BATCH, Conflict, Doubtful, Reviews
from mnist_edge.errors import UsageError
from mnist_edge.models.collected import read_collected
from tests.camera.forms.page_files import doubtful_pages


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[PageFile]:
    with doubtful_pages(tmp_path / "a.sqlite", 50, doubtful=45) as pages:
        yield pages


def test_the_doubtful_come_first_and_nobody_gets_what_another_has(
    pages: PageFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    reviews = Reviews(pages)
    mine, theirs = reviews.batch("me")["fields"], reviews.batch("they")["fields"]
    assert len(mine) == BATCH and len(theirs) == 45 - BATCH
    assert not {one["id"] for one in mine} & {one["id"] for one in theirs}
    trusts = [one["trust"] for one in mine + theirs]
    assert trusts == sorted(trusts) and not any(one["name"] == "time" for one in mine + theirs)
    # Whoever lost the page gets their own again; others once it is clear that they will not come back.
    assert reviews.batch("me")["fields"] == mine
    assert reviews.batch("they", known=frozenset(one["id"] for one in theirs))["fields"] == []
    monkeypatch.setattr(time, "monotonic", lambda: 1e9)
    assert reviews.batch("they")["fields"] == mine
    assert reviews.progress() == {"doubtful": 45, "left": 45, "reviewed": 0}


def test_nobody_overwrites_what_another_said_meanwhile(pages: PageFile) -> None:
    reviews, number = Reviews(pages), 1
    first = reviews.answer(number, "12", seen=0, reviewer="me")
    with pytest.raises(Conflict, match="somebody else says 12") as conflict:
        reviews.answer(number, "13", seen=0, reviewer="they")
    assert conflict.value.current | {"changed": []} == first
    # Also of another process.
    with open_pages(pages.path) as again:
        second = Reviews(again).answer(number, "13", seen=first["review"], reviewer="they")
    with pytest.raises(Conflict, match="13"):
        reviews.answer(number, None, seen=first["review"], reviewer="me")
    assert reviews.answer(number, None, seen=second["review"], reviewer="they")["answer"] is None
    said = pages.database.execute("SELECT value, reviewer FROM reviews ORDER BY number").fetchall()
    assert said == [("12", "me"), ("13", "they"), (None, "they")], "what was said once is never lost"


def test_what_is_typed_is_written_as_the_field_has_it(pages: PageFile) -> None:
    reviews = Reviews(pages)
    assert reviews.answer(2, "0815", seen=0, reviewer="me")["answer"] == "08:15"
    assert reviews.answer(4, " 08:15 ", seen=0, reviewer="me")["answer"] == "08:15"
    assert reviews.answer(6, "", seen=0, reviewer="me")["answer"] == ""
    for number, value in ((1, "21"), (1, "123"), (8, "8-15")):
        with pytest.raises(Doubtful, match="breaks"):
            reviews.answer(number, value, seen=0, reviewer="me")
    assert reviews.answer(1, "21", seen=0, reviewer="me", sure=True)["answer"] == "21"
    with pytest.raises(UsageError, match="characters"):
        reviews.answer(3, "1" * 1000, seen=0, reviewer="me")
    with pytest.raises(LookupError):
        reviews.answer(10**9, "1", seen=0, reviewer="me")


def test_corrections_become_training_data_once(pages: PageFile, tmp_path: Path) -> None:
    reviews = Reviews(pages)
    # The page of number 12 has the mark 12, and 13 has 13: one is corrected, one confirmed, one has another count.
    number = {source: n for n, source in pages.database.execute(
        "SELECT readings.number, source FROM readings JOIN pages ON pages.number = page WHERE field = 0")}  # fmt: skip
    first = reviews.answer(number["012.jpg"], "17", seen=0, reviewer="me")
    reviews.answer(number["013.jpg"], "13", seen=0, reviewer="me")
    reviews.answer(number["014.jpg"], "1", seen=0, reviewer="me")
    folder = tmp_path / "collected"
    for source in ("015.jpg", "016.jpg", "018.jpg"):
        reviews.answer(number[source], source[1:3], seen=0, reviewer="me")
    assert collect_reviews(pages, folder) == 10
    assert collect_reviews(pages, folder) == 0
    reviews.answer(first["id"], "18", seen=first["review"], reviewer="me")
    assert collect_reviews(pages, folder) == 2
    latest = {line["item"]: line for line in map(json.loads, (folder / "collected.jsonl").read_text().splitlines())}
    assert sorted(line["corrected"] for line in latest.values()) == [1, 1, 1, 1, 1, 3, 5, 6, 8, 8]
    collected = read_collected(folder)
    assert sorted(collected.labels.tolist()) == [1, 1, 1, 1, 1, 3, 5, 6, 8, 8] and collected.corrected == 10
