import json
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mnist_edge import Classifier
from mnist_edge.benchmarks.photos import PhotoScore
from mnist_edge.benchmarks.release.card import card
from mnist_edge.benchmarks.release.figures import write_released
from mnist_edge.benchmarks.release.models import RELEASES, Plan, main, release
from mnist_edge.benchmarks.release.refusal import NonDigits, held_out_non_digits
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.converters.convert import convert
from mnist_edge.converters.verify import verify
from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.errors import CheckFailed, ModelError, OutputError
from mnist_edge.evaluate import evaluate
from mnist_edge.models import batches
from mnist_edge.models.non_digits import non_digits
from mnist_edge.models.recipes import RECIPES, Recipe, find_recipe
from mnist_edge.models.train import train

pytestmark = pytest.mark.slow

PLAN = Plan((0, 1), ("float32", "int8"))


@pytest.fixture(scope="module")
def data() -> Dataset:
    return sklearn_digits()


@pytest.fixture(scope="module")
def others(data: Dataset) -> NonDigits:
    return held_out_non_digits(data, count=4)


@pytest.fixture(scope="module")
def recipe() -> Recipe:
    return find_recipe("mlp").with_overrides(epochs=8, batch_size=32)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("release")


@pytest.fixture(scope="module")
def figures(recipe: Recipe, data: Dataset, others: NonDigits, home: Path) -> dict[str, Any]:
    """Of a release whose first training was finished before and whose second one was not begun."""
    train(recipe, data, home / "runs" / "mlp-seed0", seed=0)
    before = (home / "runs" / "mlp-seed0" / "model.keras").stat().st_mtime_ns
    found = release(recipe, PLAN, data, others, runs=home / "runs", package=home / "shipped")
    assert (home / "runs" / "mlp-seed0" / "model.keras").stat().st_mtime_ns == before
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]


def again(home: Path, recipe: Recipe, data: Dataset, others: NonDigits, **more: Any) -> dict[str, Any]:
    return release(recipe, PLAN, data, others, runs=home / "runs", package=home / "shipped", **more)


def test_each_seed_is_measured_with_its_own_int8_file(figures: dict[str, Any], data: Dataset, home: Path) -> None:
    assert [row["seed"] for row in figures["seeds"]] == [0, 1]
    for row in figures["seeds"]:
        folder = home / "runs" / f"mlp-seed{row['seed']}"
        keras, int8 = (evaluate(folder / name, data.test) for name in ("model.keras", "mlp.int8.tflite"))
        assert (row["accuracy"], row["int8_accuracy"], row["int8_correct"]) == (
            keras.accuracy, int8.accuracy, int8.correct,
        )  # fmt: skip
        metrics = json.loads((folder / "metrics.json").read_text())
        kept = metrics["epochs"][row["kept_epoch"] - 1]
        assert (row["val_accuracy"], row["val_loss"]) == (kept["val_accuracy"], kept["val_loss"])


def test_the_best_on_validation_ships_whatever_the_test_says(
    figures: dict[str, Any], data: Dataset, home: Path
) -> None:
    best = max(figures["seeds"], key=lambda row: (row["val_accuracy"], -row["val_loss"]))
    assert figures["shipped_seed"] == best["seed"]
    shipped, prepared = home / "shipped", home / "runs" / f"mlp-seed{best['seed']}"
    for name in ("mlp.int8.tflite", "mlp.keras"):
        assert (shipped / name).read_bytes() == (prepared / name).read_bytes()
    assert figures["files"]["int8"]["accuracy"] == best["int8_accuracy"]
    parity = verify(prepared, shipped / "mlp.int8.tflite", data.test)
    assert (figures["parity"]["disagreements"], figures["parity"]["p_value"]) == (parity.disagreements, parity.p_value)


def test_what_ships_can_be_exported_again_from_what_ships(
    figures: dict[str, Any], data: Dataset, home: Path, tmp_path: Path
) -> None:
    files = figures["files"]
    assert set(files) == {"keras", "float32", "int8"}
    for precision in PLAN.precisions:
        shipped = home / "shipped" / f"mlp.{precision}.tflite"
        mine = convert(home / "shipped" / "mlp.keras", precision, data=data, output=tmp_path / shipped.name)
        assert mine.path.read_bytes() == shipped.read_bytes()
        assert file_facts(shipped).items() <= files[precision].items()


def test_the_figures_are_of_the_file_that_ships(figures: dict[str, Any], data: Dataset, home: Path) -> None:
    int8 = home / "shipped" / "mlp.int8.tflite"
    seen, classifier = evaluate(int8, data.test), Classifier(int8)
    assert figures["confusion"] == [list(row) for row in seen.confusion]
    assert figures["calibration"]["temperature"] == classifier.temperature != 1
    assert figures["calibration"]["ece"] == pytest.approx(seen.ece)
    assert figures["calibration"]["ece_before"] != figures["calibration"]["ece"]
    assert figures["refusal"]["from_file"] is True
    assert figures["refusal"]["chosen"]["threshold"] == classifier.refusal_threshold
    rotation = figures["robustness"]["curves"][0]
    assert rotation["accuracy"][rotation["steps"].index(0)] == seen.accuracy
    assert len(figures["mistakes"]) == min(24, seen.images - seen.correct)
    assert (figures["parameters"], figures["macs"]) == (101_770, 101_632)


def test_nothing_is_trained_twice_and_later_measurements_are_kept(
    figures: dict[str, Any], home: Path, recipe: Recipe, data: Dataset, others: NonDigits
) -> None:
    before = json.loads(json.dumps(figures))
    before["photos"] = PhotoScore.of([]).to_json()
    before["files"]["int8"]["latency"] = {"median_us": 1.5, "device": "a computer", "runtime": "a runtime"}
    trained = {path: path.stat().st_mtime_ns for path in (home / "runs").rglob("model.keras")}
    assert json.loads(json.dumps(again(home, recipe, data, others, before=before))) == before
    assert {path: path.stat().st_mtime_ns for path in (home / "runs").rglob("model.keras")} == trained
    # Of another file nothing is kept.
    before["files"]["int8"]["sha256"] = "0" * 64
    assert json.loads(json.dumps(again(home, recipe, data, others, before=before))) == figures


def test_an_interruption_says_what_to_do(data: Dataset, others: NonDigits, recipe: Recipe, tmp_path: Path) -> None:
    def interrupt(done: float, total: float, note: str = "") -> None:
        if done >= 1:
            raise KeyboardInterrupt

    with pytest.raises(ModelError, match="interrupted during mlp, seed 0; the same command"):
        again(tmp_path, recipe, data, others, progress=interrupt)
    assert not (tmp_path / "shipped").exists()


def test_what_was_broken_off_goes_on(
    data: Dataset, others: NonDigits, recipe: Recipe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Drawing 16,000 would take longer than the training.
    monkeypatch.setattr(batches, "non_digits", lambda split, seed, kinds: non_digits(split, seed, 50, kinds=kinds))

    def killed(done: float, total: float, note: str = "") -> None:
        if done >= 1:
            raise RuntimeError

    recipe = replace(recipe, augmentation="pen", loss="categorical_crossentropy", epochs=2)
    with pytest.raises(RuntimeError):
        again(tmp_path, recipe, data, others, progress=killed)
    noted: list[float] = []
    with suppress(CheckFailed):
        again(tmp_path, recipe, data, others, progress=lambda done, total, note="": noted.append(done))
    assert noted[0] > 1
    assert (tmp_path / "runs" / "mlp-seed1" / "metrics.json").exists()


def test_a_training_of_another_recipe_is_not_replaced(
    figures: dict[str, Any], home: Path, recipe: Recipe, data: Dataset, others: NonDigits
) -> None:
    model = home / "runs" / "mlp-seed0" / "model.keras"
    before = model.read_bytes()
    changed = replace(recipe, epochs=9, learning_rate=0.5)
    with pytest.raises(
        OutputError, match=r"mlp-seed0 holds another training: this one has epochs 9, not \d+; learning_rate 0.5, not"
    ):
        again(home, changed, data, others)
    assert model.read_bytes() == before


def test_the_card_tells_it_all(figures: dict[str, Any]) -> None:
    text = card("mlp", figures, {"a cpu": {"mlp": 12_345}, "another": {}})
    assert text.startswith("# mlp\n") and text.endswith("```\n")
    for row in figures["seeds"]:
        assert f"{row['int8_accuracy']:.2%}" in text
    assert f"| {figures['shipped_seed']}, ships |" in text and "| **mean** |" in text
    assert "12,345 (a cpu), emulated" in text
    assert f"temperature {figures['calibration']['temperature']:g};" in text
    assert "no teacher" in text and "101,770 parameters" in text
    assert "models show mlp --mistakes" in text
    for words in ("rotation, degrees", "scale", "blur", "noise", "stroke", "letter"):
        assert words in text
    worst = figures["mistakes"][0]
    line = next(line for line in text.splitlines() if line.startswith("test image"))
    assert line.split()[2] == str(worst["index"])
    assert text.count("\n") < 100 and "| photographs |" not in text
    read = card("mlp", figures | {"photos": PhotoScore(3, 1, 10, 9, 8, 7, 2).to_json()}, {})
    assert "| 0.737 |" in read and "7 labels right of 8 digits found in 3 pictures" in read


def test_a_card_without_what_was_not_measured(figures: dict[str, Any]) -> None:
    one_seed = figures | {"seeds": figures["seeds"][:1]}
    one_seed["refusal"] = figures["refusal"] | {"from_file": False}
    text = card("mlp", one_seed, {})
    assert "mean" not in text.replace("median", "") and "emulated" not in text
    assert "the file has no threshold" in text


def test_the_plans_are_of_recipes_and_teachers_come_first() -> None:
    order = list(RELEASES)
    for name in order:
        teacher = RECIPES[name].teacher
        assert teacher is None or order.index(teacher) < order.index(name)
        assert "int8" in RELEASES[name].precisions


def test_the_command_keeps_the_figures_of_other_models_and_writes_the_cards(
    recipe: Recipe, figures: dict[str, Any], data: Dataset, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = {}

    def released_already(recipe: Recipe, plan: Plan, *arguments: Any, **more: Any) -> dict[str, Any]:
        seen.update(more)
        return figures

    write_released({"old": figures, "mlp": figures | {"macs": 1}}, tmp_path / "models.json")
    monkeypatch.setattr("mnist_edge.benchmarks.release.models.RELEASES", {"mlp": PLAN})
    monkeypatch.setattr("mnist_edge.benchmarks.release.models.load", lambda: data)
    monkeypatch.setattr("mnist_edge.benchmarks.release.models.held_out_non_digits", lambda data: {})
    monkeypatch.setattr("mnist_edge.benchmarks.release.models.release", released_already)
    monkeypatch.setattr("mnist_edge.benchmarks.released.RELEASED", tmp_path / "models.json")
    monkeypatch.setattr("mnist_edge.benchmarks.release.card.PACKAGE", tmp_path)
    assert main(["mlp", "--photos", str(home)]) == 0
    assert (seen["photos"], seen["before"]["macs"]) == (home, 1)
    kept = read_released(tmp_path / "models.json")
    assert kept.pop("mlp").pop("stamps")["release"]["command"].startswith("python ")
    assert kept == {"old": {one: value for one, value in figures.items() if one != "stamps"}}
    assert (tmp_path / "mlp.md").read_text().startswith("# mlp\n")


def test_an_unknown_model_is_refused_before_anything_is_done(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mnist_edge.benchmarks.release.models.load", None)
    assert main(["small", "huge"]) == 2
    assert capsys.readouterr().err == "error: huge is not released; choose of: large, small, nano\n"
