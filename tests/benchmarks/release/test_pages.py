"""Generated pages are scored like photographs."""

import json
from dataclasses import replace

import pytest

from mnist_edge.benchmarks.photos import PhotoScore
from mnist_edge.benchmarks.release import pages
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page


def test_plain_pages_are_read_almost_wholly(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    if digits.name != "MNIST":
        pytest.skip("the bundled 8x8 digits are too coarse to be written large: set MNIST_EDGE_DATA")
    plain = Conditions(rows=3, columns=5, tilt=2.0, shadow=0.3, noise=3.0)
    monkeypatch.setattr(pages, "draw_page", lambda split, seed: draw_page(split, seed, plain))
    score = PhotoScore.of(pages.read_pages(Reader(), digits.validation, range(6)))
    assert score.digits > 50
    assert score.f1 > 0.9
    assert score.rows_exact > 0.6


def test_pages_without_digits_have_few(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Conditions(rows=0, text=6, lines="ruled", line_strength=0.6)
    monkeypatch.setattr(pages, "draw_page", lambda split, seed: draw_page(split, seed, replace(empty, tilt=seed - 2.0)))
    score = PhotoScore.of(pages.read_pages(Reader(), digits.validation, range(5)))
    assert (score.negatives, score.photos) == (5, 0)
    assert score.false_per_negative <= 6


def test_the_document(digits: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(pages, "load", lambda: digits)
    assert pages.main(["3"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["photos"] + document["negatives"] == 3
    assert {"f1", "rows_exact", "tags", "first_seed", "data"} <= set(document)
    assert "pictures" not in document
