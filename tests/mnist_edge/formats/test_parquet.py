import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_edge.dataset import load

pyarrow = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")

Few = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Error = Callable[[Path], str]
Same = Callable[..., bool]


def png(image: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()


def table(few: Few, names: list[str] | None = None) -> Any:
    """A table as Hugging Face writes it, with what its labels mean."""
    images = [{"bytes": png(image), "path": None} for image in few[0]]
    made = pyarrow.table({"image": images, "label": pyarrow.array(few[1].astype(np.int64))})
    features = {"label": {"names": names or [str(digit) for digit in range(10)], "_type": "ClassLabel"}}
    return made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})


def test_pieces_belong_together_in_their_order(tmp_path: Path, few: Few, same: Same) -> None:
    images, labels = few
    for number, piece in enumerate((slice(0, 30), slice(30, 80))):
        parquet.write_table(table((images[piece], labels[piece])), tmp_path / f"train-0000{number}-of-00002.parquet")
    parquet.write_table(table(few), tmp_path / "test-00000-of-00001.parquet")
    data = load(tmp_path)
    assert same(few, data.training, data.validation)
    assert np.array_equal(data.test.images[..., 0], images) and np.array_equal(data.test.labels, labels)


def test_labels_mean_what_the_file_says(tmp_path: Path, few: Few, same: Same) -> None:
    images, labels = few
    parquet.write_table(table((images, 9 - labels), list("9876543210")), tmp_path / "digits.parquet")
    data = load(tmp_path)
    assert same(few, data.training, data.validation, data.test)


@pytest.mark.parametrize(
    ("spoilt", "reason"),
    [
        (lambda made: made.drop_columns(["label"]), "has the columns image; it needs `label`"),
        (lambda made: made.drop_columns(["image"]), "has the columns label; it needs `label`"),
        (lambda made: made.set_column(1, "label", pyarrow.array([None] * 80, pyarrow.int64())), "without a label"),
        (lambda made: made.set_column(0, "image", [[{"bytes": b"no picture"}] * 80]), "row 0 of"),
        (lambda made: made.set_column(0, "image", [[{"path": "a.png"}] * 79 + [{"bytes": b""}]]), "no picture in it"),
        (lambda made: made.slice(0, 0), "has no rows"),
    ],
)  # fmt: skip
def test_tables_that_make_no_data_set(
    tmp_path: Path, few: Few, error: Error, spoilt: Callable[[Any], Any], reason: str
) -> None:
    parquet.write_table(spoilt(table(few)), tmp_path / "train.parquet")
    assert reason in error(tmp_path)


def test_a_damaged_file_is_named(tmp_path: Path, few: Few, error: Error) -> None:
    path = tmp_path / "train.parquet"
    parquet.write_table(table(few), path)
    path.write_bytes(path.read_bytes()[:-50])
    assert "train.parquet is damaged" in error(tmp_path)


def test_without_pyarrow_one_line_names_it(
    tmp_path: Path, few: Few, error: Error, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet.write_table(table(few), tmp_path / "train.parquet")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    assert "install pyarrow" in error(tmp_path)
