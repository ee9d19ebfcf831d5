"""Photographs of a form: each way to hold it, and what is no such form."""

from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release.sheets import KINDS, Drawn, fill, meter, photograph, write
from mnist_edge.camera.forms import FormReader, load_form
from mnist_edge.camera.reader import Reader
from mnist_edge.dataset import Dataset, Split
from mnist_edge.opencv import cv2
from tests.camera.forms.conftest import TRUTH

EXPECTED = TRUTH | {"q3": "0"}


@pytest.mark.parametrize("turn", [0, 180])
def test_a_bad_photograph_is_read_field_by_field(
    form_reader: FormReader, sheet: Drawn, hand: Split, turn: float
) -> None:
    rng = np.random.default_rng(3)
    page = form_reader.read(photograph(fill(sheet, TRUTH, hand, rng), rng, turn), "a photograph")
    values = {one.name: one.value for one in page.fields if one.settled}
    assert page.fits and page.fit > 0.9
    assert all(values[name] == EXPECTED[name] for name in values)
    assert len(values) >= 8


def test_what_is_no_such_form_is_said_and_not_guessed(form_reader: FormReader, sheet: Drawn, hand: Split) -> None:
    rng = np.random.default_rng(4)
    other = photograph(meter().picture, rng)
    plain = photograph(np.full_like(sheet.picture, 255), rng)
    for photo in (other, plain):
        page = form_reader.read(photo, "a photograph")
        assert not page.fits and page.reason and page.fields == ()


@pytest.mark.parametrize("shape", [(1, 1), (1, 3000), (3000, 2), (15, 20), (64, 64), (640, 64)])
def test_a_picture_of_any_size_has_an_answer(form_reader: FormReader, shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    for picture in (noise, np.zeros_like(noise)):
        assert not form_reader.read(picture, "a picture").fits


def test_a_field_cut_off_an_empty_one_a_value_beside_and_one_crossed_out(
    form_reader: FormReader, sheet: Drawn, hand: Split
) -> None:
    rng = np.random.default_rng(5)
    page = fill(sheet, TRUTH | {"student": "", "q1": ""}, hand, rng)
    x, y, width, height = sheet.boxes["q1"]
    write(page, (x + width + 8, y, 60, height), "8", hand, rng)
    x, y, width, height = sheet.boxes["q4"]
    for line in (20, 40):
        cv2.line(page, (x + 8, y + line), (x + width - 8, y + line + 8), (40, 40, 40), 5)
    photo = photograph(page, rng, badly=False)
    below = int(photo.shape[0] * 0.58)
    outcomes = {one.name: one.outcome for one in form_reader.read(photo[:below], "a photograph").fields}
    assert outcomes["total"] == "cut off"
    assert outcomes["student"] == "review"
    assert outcomes["q1"] == "beside"
    assert outcomes["q4"] in ("review", "unreadable")
    assert outcomes["q3"] == "empty"


def test_an_empty_form_has_what_its_file_says_and_no_digit(form_reader: FormReader, sheet: Drawn) -> None:
    for badly in (False, True):
        page = form_reader.read(photograph(sheet.picture, np.random.default_rng(8), badly=badly), "a photograph")
        assert page.fits and not any(one.digits for one in page.fields)
        told = {one.name: (one.value, one.outcome) for one in page.fields}
        assert told["student"] == ("", "review") and told["total"] == ("", "review")
        # What a bad photograph leaves of the frames is for a person to see.
        outcomes = {told[f"q{number}"] for number in range(1, 9)}
        assert outcomes <= {("0", "empty"), ("0", "review")} if badly else outcomes == {("0", "empty")}


def test_a_page_of_known_size_is_found_by_its_corners(tmp_path: Path, hand: Split) -> None:
    file = tmp_path / "note.toml"
    file.write_text('form = 1\npage = [200, 150]\n[[field]]\nname = "code"\nbox = [40, 50, 120, 40]\ndigits = 4\n')
    rng = np.random.default_rng(6)
    page = np.full((900, 1200, 3), 250, np.uint8)
    write(page, (300, 320, 500, 180), "3725", hand, rng)
    reader = FormReader(load_form(file), Reader())
    for photo in (photograph(page, rng), page):
        (code,) = reader.read(photo, "a photograph").fields
        assert code.value == "3725"
    assert not reader.read(page[:, :500], "half").fits


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["marks", "meter", "table"])
def test_most_fields_of_handwritten_forms_are_right_and_trust_is_earned(
    tmp_path: Path, digits: Dataset, kind: str
) -> None:
    if digits.name != "MNIST":
        pytest.skip("the figures are those of MNIST's digits")
    draw, truth_of = KINDS[kind]
    sheet = draw()
    form = load_form(sheet.save(tmp_path))
    reader = FormReader(form, Reader())
    right = settled = wrong = count = 0
    for number in range(4):
        rng = np.random.default_rng([7, number])
        truth = truth_of(rng)
        photo = photograph(fill(sheet, truth, digits.test, rng), rng, turn=90 * (number % 2))
        page = reader.read(photo, f"{kind} {number}")
        assert page.fits, page.reason
        for one, field in zip(page.fields, form.fields, strict=True):
            good = one.value == (truth[one.name] or field.empty or "")
            count, right, settled = count + 1, right + good, settled + one.settled
            wrong += one.settled and not good
    assert right >= 0.9 * count
    assert settled >= 0.8 * count
    assert wrong <= 1
