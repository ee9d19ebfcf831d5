import pytest

from mnist_edge.converters.parity import Tolerance
from mnist_edge.converters.precisions import PRECISIONS, choose_io, find_precision
from mnist_edge.errors import UsageError


def test_none_is_float32() -> None:
    assert find_precision("none") is PRECISIONS["float32"]


def test_int8_is_full_integer_unless_told_otherwise() -> None:
    assert {name: choose_io(row, None) for name, row in PRECISIONS.items()} == {
        "float32": "float32",
        "float16": "float32",
        "dynamic": "float32",
        "int8": "int8",
        "int16x8": "float32",
    }


def test_int8_may_lose_a_tenth_of_a_point() -> None:
    assert PRECISIONS["int8"].parity == Tolerance(0.001, 0.998, max_class_drop=0.005, min_p=0.01)


def test_what_is_exported_may_be_less_exact_than_what_is_verified() -> None:
    for row in PRECISIONS.values():
        assert row.sanity.max_drop > row.parity.max_drop and row.sanity.min_agreement < row.parity.min_agreement


def test_unknown_ones_are_refused_with_the_choice() -> None:
    with pytest.raises(UsageError, match="choose one of: none, float32, float16"):
        find_precision("int4")
    with pytest.raises(UsageError, match="int8 takes --io int8 or uint8 or float32, not int16"):
        choose_io(PRECISIONS["int8"], "int16")
