"""What people say of one field tells something of others where a sum must hold."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mnist_edge.camera.forms.form import Field, Form, Sum
from mnist_edge.camera.forms.page_file import PageFile, create_pages
from mnist_edge.camera.forms.pattern import parse_pattern
from mnist_edge.camera.forms.reviews import Doubtful, Reviews
from tests.camera.forms.page_files import CORNERS, reading

NAMES = ("a", "b", "total")
FORM = Form(
    "sums", None, (100.0, 100.0), tuple(Field(name, CORNERS, parse_pattern("##?")) for name in NAMES),
    (Sum(("a", "b"), "total"),),
)  # fmt: skip
A, B, TOTAL = 1, 2, 3


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[PageFile]:
    """A page that says 7 + 5 = 13, of which the 5 may be a 6."""
    values = {"a": ("7", 0.99, []), "b": ("5", 0.6, [["6", 0.35]]), "total": ("13", 0.97, [["12", 0.01]])}
    fields = {
        name: reading(value, trust) | {"own": [value, trust, "read", "", others]}
        for name, (value, trust, others) in values.items()
    }
    page = {"source": "a.jpg", "fits": True, "reason": "", "fit": 0.9, "fingerprint": "", "fields": fields}
    with create_pages(tmp_path / "a.sqlite", FORM, "small", 0.9) as pages:
        pages.add({"source": "a.jpg", "pages": [page]})
        yield pages


def values(pages: PageFile) -> list[tuple[str, bool]]:
    found = pages.database.execute("SELECT value, settled FROM readings ORDER BY number")
    return [(value, bool(settled)) for value, settled in found]


def test_a_correction_settles_what_now_adds_up(pages: PageFile) -> None:
    answer = Reviews(pages).answer(TOTAL, "13", seen=0, reviewer="me")
    assert values(pages)[:2] == [("7", True), ("6", True)]
    assert [(one["id"], one["value"], one["settled"]) for one in answer["changed"]] == [(A, "7", 1), (B, "6", 1)]
    assert answer["changed"][1]["reason"] == "chosen since it adds up"


def test_a_correction_doubts_what_no_longer_adds_up_and_is_taken_back(pages: PageFile) -> None:
    reviews = Reviews(pages)
    first = reviews.answer(TOTAL, "13", seen=0, reviewer="me")
    second = reviews.answer(TOTAL, "50", seen=first["review"], reviewer="me")
    assert values(pages)[:2] == [("7", True), ("5", False)], "the doubtful one is doubted"
    assert {one["reason"] for one in second["changed"]} == {"total does not add up"}
    assert reviews.progress() == {"doubtful": 2, "left": 1, "reviewed": 1}
    third = reviews.answer(TOTAL, "12", seen=second["review"], reviewer="me")
    assert values(pages)[:2] == [("7", True), ("5", True)]
    reviews.answer(TOTAL, None, seen=third["review"], reviewer="me")
    assert values(pages) == [("7", True), ("6", True), ("13", True)], "as it would have been read"


def test_what_people_have_said_themselves_is_asked_for_twice_and_never_changed(pages: PageFile) -> None:
    reviews = Reviews(pages)
    for number, value in ((A, "7"), (B, "6")):
        reviews.answer(number, value, seen=0, reviewer="me")
    with pytest.raises(Doubtful, match="with 14, total does not add up"):
        reviews.answer(TOTAL, "14", seen=0, reviewer="me")
    kept = reviews.answer(TOTAL, "14", seen=0, reviewer="me", sure=True)
    assert (kept["answer"], kept["changed"]) == ("14", [])
    answers = pages.database.execute("SELECT value FROM answers ORDER BY rowid").fetchall()
    assert sorted(value for (value,) in answers) == ["14", "6", "7"]


def test_what_is_no_number_says_nothing_of_the_sum(pages: PageFile) -> None:
    before = values(pages)
    answer = Reviews(pages).answer(A, "8-15", seen=0, reviewer="me", sure=True)
    assert answer["answer"] == "8-15" and values(pages)[1] == before[1]
