from pathlib import Path

import pytest

from mnist_edge import Classifier
from mnist_edge.benchmarks.pi.parts import PARTS, untrained_model
from mnist_edge.benchmarks.pi.systems import CPUS, SYSTEMS
from mnist_edge.tflite_graph import count_macs


def test_every_part_is_counted_on_systems_and_processors_that_there_are() -> None:
    assert list(PARTS) == ["invoke", "frame", "words", "levels", "peers", "start", "loop"]
    for part in PARTS.values():
        assert part.systems and set(part.systems) <= set(SYSTEMS)
        assert part.cpus and set(part.cpus) <= set(CPUS)


@pytest.mark.slow
def test_a_recipe_is_the_network_as_it_would_ship(tmp_path: Path) -> None:
    classifier = Classifier(untrained_model("mlp", tmp_path))
    assert count_macs(classifier.interpreter) == 784 * 128 + 128 * 10
    assert classifier.input["dtype"].__name__ == "int8"
