"""What Unix' `compress` packed comes out as it went in, whatever the width of its codes."""

import numpy as np
import pytest

from mnist_edge.lzw import uncompress
from tests.unix_compress import packed

LIMIT = 1 << 20


CONTENTS = {
    "nothing": b"",
    "one byte": b"a",
    "runs": b"a" * 5_000,
    "pairs": b"ab" * 5_000,
    "text": b".PEN_DOWN\n 273  323\n 272  327\n" * 900,
    "noise": np.random.default_rng(0).bytes(30_000),
}


@pytest.mark.parametrize("name", CONTENTS)
@pytest.mark.parametrize(("most_bits", "clear_after"), [(16, 0), (10, 0), (16, 700)])
def test_it_comes_out_as_it_went_in(name: str, most_bits: int, clear_after: int) -> None:
    assert uncompress(packed(CONTENTS[name], most_bits, clear_after), LIMIT) == CONTENTS[name]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "no .Z file"),
        (b"\x1f\x8b\x08", "no .Z file"),
        (b"\x1f\x9d", "no .Z file"),
        (b"\x1f\x9d\x88", "no .Z file"),
        (b"\x1f\x9d\x90\xff\xff\xff", "damaged"),
        (packed(b"a" * LIMIT * 2), "more than"),
    ],
)
def test_what_is_no_such_file_or_too_large_is_refused(content: bytes, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        uncompress(content, LIMIT)
