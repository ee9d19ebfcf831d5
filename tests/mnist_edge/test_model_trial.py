"""A `.tflite` without our checksum is tried in a child process first, which a damaged one may crash."""

from pathlib import Path

import numpy as np
import pytest

from mnist_edge import model_file
from mnist_edge.classifier import Classifier
from mnist_edge.errors import ModelError, RuntimeMissing
from mnist_edge.metadata import strip_metadata
from mnist_edge.shipped_models import resolve

# With these seeds `damaged` makes networks that end the process of ai-edge-litert 2.x by SIGSEGV.
CRASHING_SEEDS = (6394, 21090)
FLIPPED_BITS = 16


@pytest.fixture
def network() -> bytes:
    """A network that ships, without its metadata and checksum."""
    return strip_metadata(resolve("nano").read_bytes())


def damaged(network: bytes, seed: int) -> bytes:
    rng, content = np.random.default_rng(seed), bytearray(network)
    for at in rng.integers(8, len(content), FLIPPED_BITS):
        content[at] ^= 1 << int(rng.integers(8))
    return bytes(content)


@pytest.mark.parametrize("seed", CRASHING_SEEDS)
def test_a_network_that_crashes_the_runtime_is_one_line(network: bytes, seed: int, tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(damaged(network, seed))
    with pytest.raises(ModelError, match=r"^a\.tflite cannot be run here \(trial run: killed by SIG.*export"):
        Classifier(path, runtime="ai-edge-litert")


def test_a_network_that_hangs_is_one_line(network: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(network)
    monkeypatch.setattr(model_file, "TRIAL_SECONDS", 0.0)
    with pytest.raises(ModelError, match=r"trial run: no answer within 0 s"):
        Classifier(path)


def test_a_sound_network_runs_after_its_trial(network: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(network)
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28), np.uint8)
    found = Classifier(path).probabilities(images)
    assert np.array_equal(found, Classifier("nano", calibrated=False).probabilities(images))


def test_what_the_trial_refuses_is_refused_with_its_reason(network: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(network[:2000])
    with pytest.raises(ModelError, match=r"^a\.tflite cannot be run here: ai-edge-litert [^\n]*$"):
        Classifier(path, runtime="ai-edge-litert")
    with pytest.raises(RuntimeMissing, match="there is no runtime 'onnx'"):
        Classifier(path, runtime="onnx")


def test_without_a_python_to_start_there_is_no_trial(
    network: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(network)
    monkeypatch.setattr("sys.executable", "")
    assert Classifier(path).probabilities(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)


def test_a_file_with_our_checksum_needs_no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_file, "TRIAL_SECONDS", 0.0)
    assert Classifier("nano").name == "nano"
