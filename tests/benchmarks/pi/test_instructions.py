from typing import Any

import pytest

from mnist_edge.benchmarks.pi.instructions import drifted, main, slow_starts


def document(small: int, frame: int, runtime: str = "2.3.0") -> dict[str, Any]:
    return {
        "versions": {"bookworm": {"ai-edge-litert": runtime}},
        "invoke": {"bookworm": {"cortex-a72": {"small": small}}},
        "frame": {"bookworm": {"cortex-a72": {"ink": frame // 2, "all": frame}}},
    }


def test_a_hundredth_is_no_drift() -> None:
    assert drifted(document(1009, 991), document(1000, 1000)) == []


def test_more_than_a_hundredth_is_named() -> None:
    assert drifted(document(1020, 970), document(1000, 1000)) == [
        "invoke, bookworm, cortex-a72, small: 1,020 instructions, +2.0% of the 1,000 before",
        "frame, bookworm, cortex-a72, all: 970 instructions, -3.0% of the 1,000 before",
    ]


def test_other_versions_and_new_models_are_no_drift() -> None:
    assert drifted(document(2000, 2000, "2.4.0"), document(1000, 1000)) == []
    assert drifted(document(2000, 1000), {**document(1000, 1000), "invoke": {}}) == []


def test_a_start_may_take_1_6_times_what_it_needs() -> None:
    starts = {"cortex-a53": {"read": 160, "needs": 100}, "cortex-a72": {"read": 161, "needs": 100}}
    assert slow_starts({"start": {"bookworm": starts}}) == [
        "on bookworm, cortex-a72 `read` takes 1.61 times what it needs, not 1.6"
    ]
    assert slow_starts({}) == []


def test_an_unknown_part_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frames"]) == 2
    assert "no part frames; there are invoke, frame" in capsys.readouterr().err
