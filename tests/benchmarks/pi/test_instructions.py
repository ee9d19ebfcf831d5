from pathlib import Path
from typing import Any

import pytest

from mnist_edge import Classifier
from mnist_edge.benchmarks.pi.instructions import drifted, untrained_model
from mnist_edge.tflite_graph import count_macs


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


@pytest.mark.slow
def test_a_recipe_is_the_network_as_it_would_ship(tmp_path: Path) -> None:
    classifier = Classifier(untrained_model("mlp", tmp_path))
    assert count_macs(classifier.interpreter) == 784 * 128 + 128 * 10
    assert classifier.input["dtype"].__name__ == "int8"
