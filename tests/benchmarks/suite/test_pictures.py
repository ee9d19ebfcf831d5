import json
from pathlib import Path
from typing import Any

import numpy as np

from mnist_edge.benchmarks.suite.pictures import FIRST_SEED, generated, photographs
from mnist_edge.dataset import Dataset
from mnist_edge.models.pages.pages import draw_page
from mnist_edge.opencv import cv2


def test_generated_pages_have_their_truth(digits: Dataset) -> None:
    first, second = generated(digits.test, 2)
    assert (first.kind, first.name, second.name) == ("generated pages", f"page {FIRST_SEED}", f"page {FIRST_SEED + 1}")
    truth, pixels = first.get()
    page = draw_page(digits.test, FIRST_SEED)
    assert np.array_equal(pixels, page.image)
    assert truth["reading_order_text"] == list(page.text)
    assert [tuple(digit["box"]) for digit in truth["digits"]] == [digit.box for digit in page.digits]


def test_photographs_are_those_of_the_labels(tmp_path: Path) -> None:
    for value, name in enumerate(("a.png", "b.png")):
        cv2.imwrite(str(tmp_path / name), np.full((4, 5, 3), value, np.uint8))
    rows: list[dict[str, Any]] = [{"file": name, "digits": []} for name in ("a.png", "b.png")]
    (tmp_path / "labels.json").write_text(json.dumps(rows))
    found = list(photographs(tmp_path))
    assert [one.name for one in found] == ["a.png", "b.png"]
    truth, pixels = found[1].get()
    assert truth == rows[1] and pixels.shape == (4, 5, 3) and (pixels == 1).all()
