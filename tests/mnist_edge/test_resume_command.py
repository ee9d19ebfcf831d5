"""`train --resume`, `--compare` and signals, as users meet them."""

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.cli.signals import ECHO_SECONDS
from mnist_edge.dataset import load
from mnist_edge.evaluate import evaluate
from mnist_edge.models.checkpoint import STATE
from mnist_edge.models.recipes import find_recipe
from mnist_edge.models.train import train
from tests.helpers import wait_until

Invoke = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def interrupted(idx_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An mlp of three epochs, seed 3, that was broken off after the first."""

    def interrupt(done: float, total: float, note: str = "") -> None:
        if done >= 1:
            raise KeyboardInterrupt

    folder = tmp_path_factory.mktemp("interrupted") / "run"
    train(find_recipe("mlp").with_overrides(3, 400), load(idx_folder), folder, seed=3, progress=interrupt)
    return folder


@pytest.fixture
def home(interrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with that training in `runs/mlp-seed3`."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(interrupted, "runs/mlp-seed3")
    return tmp_path


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (("mlp", "--seed", 3, "--epochs", 5), "--epochs 5 contradicts the run's 3, in runs/mlp-seed3; leave it out"),
        (("--batch-size", 1), "--batch-size 1 contradicts the run's 400"),
        (
            ("two-conv", "--seed", 1, "--output", "runs/mlp-seed3"),
            "RECIPE two-conv contradicts the run's mlp and --seed",
        ),
        (("mlp", "--force"), "leave --force out"),
        (("mlp", "--extra", "runs"), "leave --extra out"),
        (("finder", "--start", "finder.keras"), "leave --start out"),
        (("mlp", "--seed", 4), "there is no training runs/mlp-seed4"),
        (("--output", "elsewhere"), "elsewhere holds no unfinished training"),
    ],
)
def test_what_contradicts_is_named_before_anything_is_loaded(
    invoke: Invoke, home: Path, monkeypatch: pytest.MonkeyPatch, line: tuple[object, ...], why: str
) -> None:
    monkeypatch.setattr("mnist_edge.training_stack.load_keras", None)
    monkeypatch.setattr("mnist_edge.dataset.load", None)
    code, out, err = invoke("train", *line, "--resume")
    assert (code, out) == (2, "")
    assert why in err and err.count("\n") == 1


def test_other_data_contradicts(invoke: Invoke, home: Path, idx_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mnist_edge.training_stack.load_keras", None)
    settings = home / "runs" / "mlp-seed3" / "settings.json"
    document = json.loads(settings.read_text())
    settings.write_text(json.dumps(document | {"data": {"name": "mine", "sha256": "0" * 64, "path": "gone"}}))
    code, _, err = invoke("train", "--resume", "--data", idx_folder)
    assert code == 2 and "contradicts the run's mine" in err
    code, _, err = invoke("train", "--resume")
    assert code == 1 and "runs/mlp-seed3 was made with mine" in err and "which is not in gone" in err


@pytest.mark.slow
def test_resume_restores_every_setting(invoke: Invoke, home: Path, idx_folder: Path) -> None:
    code, out, err = invoke("train", "--resume", "--json")
    assert code == 0, err
    document = json.loads(out)
    assert (document["recipe"], document["seed"], document["epochs"]) == ("mlp", 3, 3)
    metrics = json.loads((home / "runs" / "mlp-seed3" / "metrics.json").read_text())
    assert (metrics["recipe"]["batch_size"], metrics["data"]["sha256"]) == (400, load(idx_folder).sha256)
    for line in ((), ("mlp", "--seed", 3), ("--output", "runs/mlp-seed3")):
        code, _, err = invoke("train", *line, "--resume")
        assert code == 2 and "runs/mlp-seed3 is finished" in err


@pytest.mark.slow
def test_a_comparison_replaces_nothing(
    invoke: Invoke, home: Path, idx_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_edge.models.recipes.CLASSIC", ("mlp",))
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    compare = ("train", "all", "--compare", "--seed", 3, "--data", idx_folder)
    code, _, err = invoke(*compare, "--epochs", 1)
    assert code == 0, err
    assert {path: path.read_bytes() for path in before} == before
    assert (home / "runs" / "compare-seed3" / "recipes.json").exists()
    # A comparison's runs are none of those that a user trained last.
    code, out, err = invoke("export", "--json")
    assert code == 0 and json.loads(out)["path"] == "runs/mlp-seed3/mlp.float32.tflite", err
    # Nor does a comparison with other settings replace one that is finished.
    code, _, err = invoke(*compare, "--epochs", 2)
    assert code == 1 and "epochs 2, not 1" in err and "--force" in err
    assert invoke(*compare, "--epochs", 2, "--force")[0] == 0
    # Even where it is told to write among a user's own runs.
    code, _, err = invoke(*compare, "--output", "runs")
    assert code == 1 and "runs/mlp-seed3 holds another training" in err
    assert {path: path.read_bytes() for path in before} == before


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_a_signal_leaves_the_best_epoch(
    process: Callable[..., "subprocess.Popen[str]"], idx_folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "run"
    # One image a batch: an epoch takes long enough to be interrupted.
    options = ("--epochs", 500, "--batch-size", 1, "--data", idx_folder, "--output", folder)
    running = process("train", "mlp", *options)
    wait_until(lambda: running.poll() is not None or (folder / STATE).exists(), "the first epoch", seconds=120)
    assert running.poll() is None
    running.send_signal(number)
    # As `timeout` and `uv run` do: the same again, at once.
    running.send_signal(number)
    out, err = running.communicate(timeout=60)
    assert "Traceback" not in err
    best = shutil.copy(folder / "model.keras", tmp_path / "best.keras")
    assert evaluate(best, load(idx_folder).test).correct > 250
    assert {"model.keras", "settings.json", STATE} <= {path.name for path in folder.iterdir()}
    if number == signal.SIGKILL:
        assert running.returncode == -number
        return
    assert running.returncode == 128 + number, err
    assert "interrupted; kept epoch" in err and "test accuracy" in out
    metrics = json.loads((folder / "metrics.json").read_text())
    assert metrics["interrupted"] is True
    assert evaluate(folder, load(idx_folder).test).correct == metrics["test"]["correct"]


@pytest.mark.slow
def test_a_second_ctrl_c_ends_a_training_at_once(idx_folder: Path, tmp_path: Path) -> None:
    # A batch that never ends, so that no safe point comes.
    endless = """
import time
from mnist_edge.models import train
whole = train._compiled
def stuck(*arguments):
    model = whole(*arguments)
    def step(*arguments, **options):
        print("stuck", flush=True)
        while True:
            time.sleep(0.01)
    model.fit = step
    return model
train._compiled = stuck
from mnist_edge.__main__ import main
main()
"""
    folder = tmp_path / "run"
    command = (sys.executable, "-c", endless, "train", "mlp", "--data", idx_folder, "--output", folder)
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        assert running.stdout and running.stdout.readline() == "stuck\n"
        running.send_signal(signal.SIGINT)
        running.send_signal(signal.SIGINT)
        time.sleep(2 * ECHO_SECONDS)
        assert running.poll() is None
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=10)
    assert (running.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "interrupted" and "Traceback" not in err
    assert [path.name for path in folder.iterdir()] == ["settings.json"]
