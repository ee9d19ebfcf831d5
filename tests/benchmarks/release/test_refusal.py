import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release import refusal
from mnist_edge.benchmarks.release.refusal import Refusal, held_out_non_digits, measure_refusal, plot_refusal
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset
from mnist_edge.metadata import strip_metadata
from mnist_edge.models.non_digits import KINDS


@pytest.fixture(scope="module")
def strangers(digits: Dataset) -> refusal.NonDigits:
    return held_out_non_digits(digits, count=20)


@pytest.fixture(scope="module")
def found(exported: dict[str, Path], digits: Dataset, strangers: refusal.NonDigits) -> Refusal:
    return measure_refusal(exported["int8"], digits.test.images[:300], strangers)


def test_the_threshold_is_the_files_own(found: Refusal, exported: dict[str, Path], digits: Dataset) -> None:
    classifier = Classifier(exported["int8"])
    assert found.from_file and found.chosen.threshold == classifier.refusal_threshold
    accepted = classifier.is_digit(classifier.probabilities(digits.test.images[:300]))
    assert found.chosen.refused_digits == pytest.approx(1 - accepted.mean())
    assert (found.digits, found.non_digits) == (300, 20 * len(KINDS))


def test_kinds_add_up_to_the_whole(found: Refusal) -> None:
    assert set(found.by_kind) == set(KINDS)
    assert np.mean(list(found.by_kind.values())) == pytest.approx(found.chosen.refused_non_digits)


def test_more_digits_buy_more_non_digits(found: Refusal) -> None:
    pairs = [(row.refused_digits, row.refused_non_digits) for row in found.curve]
    assert pairs == sorted(pairs) and len(set(pairs)) > 2


def test_without_a_threshold_one_is_taken_that_holds(
    exported: dict[str, Path], digits: Dataset, strangers: refusal.NonDigits, tmp_path: Path
) -> None:
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(strip_metadata(exported["int8"].read_bytes()))
    found = measure_refusal(bare, digits.test.images[:300], strangers)
    assert not found.from_file
    assert found.holds


def test_too_many_refused_digits_do_not_hold(found: Refusal) -> None:
    assert replace(found, chosen=replace(found.chosen, refused_digits=0.003)).holds
    assert not replace(found, chosen=replace(found.chosen, refused_digits=0.0031)).holds


def test_the_tool_prints_a_list(
    digits: Dataset, exported: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    few = replace(digits, test=digits.test.take(np.arange(200)))
    monkeypatch.setattr(refusal, "load", lambda: few)
    monkeypatch.setattr(refusal, "held_out_non_digits", lambda data: held_out_non_digits(data, count=5))
    code = refusal.main([str(exported["int8"]), str(exported["float32"])])
    documents = json.loads(capsys.readouterr().out)
    assert [one["file"] for one in documents] == ["two-conv.int8.tflite", "two-conv.float32.tflite"]
    assert code == (0 if all(one["holds"] for one in documents) else 3)
    assert set(documents[0]["curve"][0]) == {"threshold", "refused_digits", "refused_non_digits"}


def test_the_curve_is_drawn(found: Refusal, tmp_path: Path) -> None:
    from PIL import Image

    plot_refusal([found, replace(found, file="other.int8.tflite")], tmp_path / "refusal.png")
    with Image.open(tmp_path / "refusal.png") as picture:
        assert np.asarray(picture.convert("L")).std() > 5
