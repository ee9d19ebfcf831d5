import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.dataset import load

Few = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Error = Callable[[Path], str]
Same = Callable[..., bool]
HEADINGS = "label," + ",".join(f"pixel{number}" for number in range(784))


def rows(few: Few) -> list[str]:
    return [",".join(map(str, (label, *image.ravel()))) for image, label in zip(*few, strict=True)]


@pytest.mark.parametrize("headings", [[], [HEADINGS], ["\ufeff" + HEADINGS]])
def test_kaggles_table_with_headings_or_without(tmp_path: Path, few: Few, same: Same, headings: list[str]) -> None:
    (tmp_path / "train.csv").write_text("\r\n".join([*headings, *rows(few), ""]), "utf-8")
    # What Kaggle gives to be labelled, and an example of an answer.
    (tmp_path / "test.csv").write_text("\n".join(row.partition(",")[2] for row in rows(few)))
    (tmp_path / "sample_submission.csv").write_text("ImageId,Label\n1,0\n")
    data = load(tmp_path)
    assert same(few, data.training, data.validation, data.test)
    assert "test.csv has no labels and is left out" in data.notes


def test_train_and_test_of_one_set_belong_together(tmp_path: Path, few: Few, same: Same) -> None:
    lines = "\n".join(rows(few))
    (tmp_path / "mnist_train.csv").write_text(lines)
    (tmp_path / "mnist_test.csv.gz").write_bytes(gzip.compress(lines.encode()))
    for path in (tmp_path, tmp_path / "mnist_train.csv"):
        assert same(few, load(path).test)


def test_labels_may_be_the_last_column_under_their_heading(tmp_path: Path, few: Few, same: Same) -> None:
    headings = ",".join([*(f'"pixel{number}"' for number in range(1, 785)), '"class"'])
    lines = [",".join(map(str, (*image.ravel(), f'"{label}"'))) for image, label in zip(*few, strict=True)]
    (tmp_path / "mnist_784.csv").write_text("\n".join([headings, *lines]))
    data = load(tmp_path)
    assert same(few, data.training, data.validation, data.test)


def test_two_tables_are_two_candidates(tmp_path: Path, few: Few, error: Error) -> None:
    for name in ("first.csv", "second.csv"):
        (tmp_path / name).write_text("\n".join(rows(few)))
    assert "2 data sets (first.csv; second.csv)" in error(tmp_path)
    assert len(load(tmp_path / "first.csv").test) == 16


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1," + "0," * 783 + "256", "line 81: '256' is no whole number"),
        ("1," + "0," * 783 + "0.5", "line 81: '0.5' is no whole number"),
        ("1," + "0," * 783 + "-1", "line 81: '-1' is no whole number"),
        ("1," + "0," * 700 + "0", "line 81: 702 columns, where the first line has 785"),
        ("a," + "0," * 783 + "0", "line 81: 'a' is no whole number"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, few: Few, error: Error, row: str, reason: str) -> None:
    (tmp_path / "train.csv").write_text("\n".join([*rows(few), row]))
    assert reason in error(tmp_path)


def test_a_truncated_table_is_named(tmp_path: Path, few: Few, error: Error) -> None:
    packed = gzip.compress("\n".join(rows(few)).encode())
    (tmp_path / "train.csv.gz").write_bytes(packed[: len(packed) // 2])
    assert "train.csv.gz is damaged" in error(tmp_path)


def test_a_table_without_labels_teaches_nothing(tmp_path: Path, few: Few, error: Error) -> None:
    (tmp_path / "train.csv").write_text("\n".join(row.partition(",")[2] for row in rows(few)))
    assert "train.csv has no labels" in error(tmp_path)


def test_other_tables_are_no_data_set(tmp_path: Path, error: Error) -> None:
    (tmp_path / "train.csv").write_text("name,age\na,1\n")
    assert "holds no data set" in error(tmp_path)
