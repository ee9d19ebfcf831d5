"""The file of a form: what is right in it, and one line for what is not."""

from pathlib import Path

import pytest

from mnist_edge.camera.forms import load_form
from mnist_edge.errors import ImageError, UsageError

HEAD = "form = 1\npage = [200, 100]\n"
FIELD = '[[field]]\nname = "age"\nbox = [10, 10, 30, 12]\n'


def test_a_form_is_what_its_file_says(tmp_path: Path) -> None:
    file = tmp_path / "visit.toml"
    more = '[[field]]\nname = "free"\ncorners = [[50, 10], [90, 12], [90, 30], [50, 28]]\nempty = "blank"\n'
    file.write_text(HEAD + FIELD + 'pattern = "##?"\nmax = 120\nempty = "0"\n' + more)
    form = load_form(file)
    age, free = form.fields
    assert (form.name, form.size, form.blank) == ("visit", (200, 100), None)
    assert (age.corners[2], age.most, age.empty) == ((40, 22), 120, "0")
    assert age.fits("99") and not age.fits("121")
    assert (free.pattern, free.empty, free.corners[1]) == (None, "", (90, 12))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "form is missing; write form = 1"),
        ("form = 2\n", "newer form"),
        ("form = true\n", "form must be form = 1, not True"),
        ("form = 1\n", "give either blank"),
        ("form = 1\npage = [200]\n", "page must be [width, height] in millimetres"),
        ("form = 1\npage = [200, 1e9]\n", "sides are 10 to 5000"),
        ("form = 1\npage = [200, 10]\n", "at most 10 times the other"),
        (HEAD, "there are 0 fields"),
        (HEAD + FIELD + FIELD, "two fields have the name 'age'"),
        (HEAD + "feild = 1\n" + FIELD, "no key feild; did you mean field?"),
        (HEAD + FIELD + "digits = 0\n", "field 1 ('age'): digits = 0 does not serve"),
        (HEAD + FIELD + 'digits = 2\npattern = "##"\n', "leave one out"),
        (HEAD + FIELD + 'pattern = "#?"\n', "field 1 ('age'): pattern = '#?' does not serve"),
        (HEAD + FIELD + "min = 3\n", "min and max need digits"),
        (HEAD + FIELD + "digits = 2\nmin = 9\nmax = 3\n", "min = 9 is above max = 3"),
        (HEAD + FIELD + "digits = 2\nmax = nan\n", "max must be a number, not nan"),
        (HEAD + FIELD + 'digits = 2\ncheck = "lun"\n', "check = 'lun' is not known; there are luhn, mod97"),
        (HEAD + FIELD + 'check = "luhn"\n', "a check needs digits"),
        (HEAD + FIELD + 'digits = 2\nempty = "123"\n', "empty = '123' is no value of ##"),
        (HEAD + FIELD.replace("30, 12", "300, 12"), "beyond the sheet, which is 200 wide and 100 high"),
        (HEAD + FIELD.replace("30, 12", "-30, 12"), "surround nothing"),
        (HEAD + FIELD.replace("box = [10, 10, 30, 12]", ""), "give either box"),
        (HEAD + FIELD.replace('"age"', '"review"'), "choose another"),
        (HEAD + FIELD + 'digits = 2\n[[sum]]\nof = ["ago"]\nis = "age"\n', "sum 1: 'ago' is no field"),
        (HEAD + FIELD + 'digits = 2\n[[sum]]\nof = ["age"]\nis = "age"\n', "none of its parts"),
        ("form = \n", "is not TOML"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text)
    with pytest.raises(UsageError) as raised:
        load_form(file)
    assert said in str(raised.value)
    assert str(raised.value).startswith(str(file)) and "\n" not in str(raised.value)


def test_a_file_or_a_sheet_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"nowhere\.toml cannot be read"):
        load_form(tmp_path / "nowhere.toml")
    file = tmp_path / "form.toml"
    file.write_text('form = 1\nblank = "blank.png"\n' + FIELD)
    with pytest.raises(ImageError, match=r"form.toml: blank: .*blank.png cannot be read"):
        load_form(file)
