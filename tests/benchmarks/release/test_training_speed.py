from pathlib import Path

import pytest

from mnist_edge.benchmarks.harness.tool import ROOT
from mnist_edge.benchmarks.release.training_speed import main, measure_recipe
from mnist_edge.errors import UsageError
from mnist_edge.progress import no_progress


def test_a_folder_without_the_package_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path)]) == 2
    assert capsys.readouterr().err == f"error: {tmp_path} is no checkout of mnist-edge\n"


def test_epochs_of_two_checkouts_are_compared_in_turns() -> None:
    reports = []
    found = measure_recipe("mlp", (ROOT, ROOT), 1, lambda done, total, note="": reports.append(done))
    assert reports == [0, 1]
    assert len(found["images_per_second"]) == 2 and min(found["images_per_second"]) > 0
    least, greatest = found["ratio_range"]
    assert 0 < least <= found["ratio"] <= greatest


def test_what_a_training_says_as_it_fails_is_told() -> None:
    with pytest.raises(UsageError, match="there is no recipe 'none'"):
        measure_recipe("none", (ROOT, ROOT), 1, no_progress)
