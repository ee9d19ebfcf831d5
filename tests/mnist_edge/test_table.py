"""Tables as they lie on the screen: whatever the width, no figure is broken and nothing is lost."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mnist_edge.cli.markdown import render
from mnist_edge.cli.table import lay_out, plain
from mnist_edge.shipped_models import shipped_models

WIDTHS = st.integers(40, 200)
FIGURES = st.one_of(
    st.integers(-10_000, 100_000_000).map("{:,}".format),
    st.floats(0, 1).map("{:.2%}".format),
    st.floats(0, 100_000).map("{:.1f}".format),
)
WORDS = st.lists(st.text("abcdefgh", min_size=1, max_size=14), min_size=1, max_size=9).map(" ".join)


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    kinds = draw(st.lists(st.sampled_from([FIGURES, WORDS]), min_size=1, max_size=14))
    headings = [draw(WORDS) for _ in kinds]
    return headings, draw(st.lists(st.tuples(*kinds).map(list), min_size=1, max_size=4))


@given(tables(), WIDTHS)
@example((["digit", *map(str, range(10))], [["0", *["1,000"] * 10]]), 40)
def test_no_figure_is_broken_and_no_line_is_too_long(table: tuple[list[str], list[list[str]]], width: int) -> None:
    headings, rows = table
    shown = lay_out(headings, rows, width=width)
    assert max(map(len, shown.splitlines())) <= width
    tokens = shown.split()
    for cell in (cell for row in rows for cell in row):
        assert all(word in tokens for word in cell.split()), cell


@given(tables())
def test_in_a_pipe_a_row_is_a_line(table: tuple[list[str], list[list[str]]]) -> None:
    headings, rows = table
    lines = lay_out(headings, rows).splitlines()
    assert [line.split() for line in lines[1:]] == [" ".join(row).split() for row in rows]
    assert len(lines) == len(rows) + 1


def test_figures_stand_right_and_text_left() -> None:
    rows = [["a", "1.0", "one"], ["bb", "10.0", "ten"], ["c", "", "-"]]
    assert lay_out(["name", "figure", "word"], rows).splitlines() == [
        "  name  figure  word",
        "  a        1.0  one",
        "  bb      10.0  ten",
        "  c             -",
    ]


def test_a_path_at_the_right_edge_stays_whole() -> None:
    path = "/home/someone/" + "folder/" * 12 + "model.tflite"
    assert path in lay_out(["", ""], [["model", path]], width=60)


@pytest.mark.parametrize("name", shipped_models())
@pytest.mark.parametrize("width", [40, 80, 200])
def test_a_card_on_a_terminal_has_every_figure_and_no_markup(name: str, width: int) -> None:
    card = shipped_models()[name].card.read_text(encoding="utf-8")
    shown = render(card, width, plain)
    assert not any(mark in shown for mark in ("```", "| ", "**", "# "))
    figures = [word for word in card.replace("|", " ").replace("*", "").split() if word[0].isdigit()]
    assert len(figures) > 100 and not [word for word in figures if word not in shown.replace("`", "").split()]
    assert max(map(len, shown.splitlines())) <= width
