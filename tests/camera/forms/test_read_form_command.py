"""`mnist-edge read --form`, as scripts use it."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release.sheets import Drawn, fill, photograph
from mnist_edge.dataset import Split
from mnist_edge.opencv import cv2
from tests.camera.conftest import Run
from tests.camera.forms.conftest import TRUTH

Read = Callable[..., Run]


@pytest.fixture(scope="module")
def scans(sheet: Drawn, hand: Split, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`a.jpg` is a filled sheet, `b.jpg` a white one."""
    folder = tmp_path_factory.mktemp("scans")
    rng = np.random.default_rng(3)
    cv2.imwrite(str(folder / "a.jpg"), photograph(fill(sheet, TRUTH, hand, rng), rng))
    cv2.imwrite(str(folder / "b.jpg"), photograph(np.full_like(sheet.picture, 255), rng))
    return folder


def test_a_table_has_a_row_for_each_page_and_names_what_a_person_must_see(
    read: Read, form_file: Path, scans: Path, tmp_path: Path
) -> None:
    table = tmp_path / "marks.csv"
    ran = read("--form", form_file, scans, "--csv", table)
    assert ran.code == 1 and ran.out == ""
    assert f"{scans / 'b.jpg'} does not fit the form form: " in ran.err and f"wrote {table}" in ran.err
    with table.open(newline="") as file:
        first, second = csv.DictReader(file)
    assert list(first)[:4] == ["source", "outcome", "review", "student"]
    assert (first["source"], first["outcome"]) == (str(scans / "a.jpg"), "read")
    unsettled = first["review"].split("; ") if first["review"] else []
    expected = TRUTH | {"q3": "0"}
    assert {name: first[name] for name in TRUTH} == expected | dict.fromkeys(unsettled, "")
    assert len(unsettled) < 3
    assert second["outcome"] == "does not fit" and not any(second[name] for name in TRUTH)
    again = read("--form", form_file, scans / "a.jpg", "--csv", table)
    assert again.code == 1 and "exists already" in again.err


def test_json_has_the_trust_of_each_value(read: Read, form_file: Path, scans: Path) -> None:
    ran = read("--form", form_file, scans / "a.jpg", "--json", "--min-trust", 1)
    assert ran.code == 0
    (page,) = map(json.loads, ran.out.splitlines())
    total = page["fields"]["total"]
    assert page["fits"] and page["fit"] > 0.9
    assert total["value"] == TRUTH["total"] and 0.9 < total["trust"] <= 1


def test_wrong_use_is_one_line_and_reads_nothing(read: Read, form_file: Path, scans: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("form = 1\npage = [200, 100]\nfields = 3\n")
    for arguments, said in (
        (("--form", wrong, scans), "there are 0 fields"),
        (("--form", form_file, scans, "marks.csv"), "name one file"),
        (("--form", form_file, "--csv", "marks.csv"), "no pictures to read"),
        (("--form", form_file, scans, "--text"), "leave the other ways"),
        (("--min-trust", 0.9, scans), "name the form"),
    ):
        ran = read(*arguments)
        assert ran.code == 2 and ran.out == ""
        assert said in ran.err and len(ran.err.splitlines()) == 1
