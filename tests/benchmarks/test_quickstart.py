import json

import pytest

from mnist_edge import Reader
from mnist_edge.benchmarks.quickstart import SCENE_SEED, Quickstart, quickstart
from mnist_edge.camera.images import read_image
from mnist_edge.dataset import Dataset, sklearn_digits
from mnist_edge.errors import OutputError
from mnist_edge.evaluate import evaluate
from mnist_edge.metadata import read_metadata
from mnist_edge.models.pages.conditions import Conditions
from mnist_edge.models.pages.pages import draw_page

pytestmark = pytest.mark.slow

FILES = {
    "model.keras", "settings.json", "metrics.json", "curves.png", "confusion.png", "two-conv.float32.tflite",
    "two-conv.int8.tflite", "scene.png", "quickstart.json",
}  # fmt: skip
Steps = list[tuple[float, float, str]]


@pytest.fixture(scope="module")
def data() -> Dataset:
    return sklearn_digits()


@pytest.fixture(scope="module")
def steps() -> Steps:
    """What `progress` received."""
    return []


@pytest.fixture(scope="module")
def result(data: Dataset, steps: Steps, tmp_path_factory: pytest.TempPathFactory) -> Quickstart:
    def progress(done: float, total: float, note: str = "") -> None:
        steps.append((done, total, note))

    return quickstart(data, tmp_path_factory.mktemp("path") / "run", epochs=1, progress=progress)


def test_everything_is_in_the_folder(result: Quickstart) -> None:
    # The export names its files by the recipe, which the model carries.
    assert {path.name for path in result.folder.iterdir()} == FILES


def test_small_data_are_trained_long_enough(result: Quickstart) -> None:
    assert len(result.run.epochs) > 1
    assert result.run.test.accuracy > 0.85


def test_both_exports_match_the_keras_model(result: Quickstart, data: Dataset) -> None:
    for parity, measured, precision in zip(result.parities, result.measurements, ("float32", "int8"), strict=True):
        assert parity.passed and parity.reference.correct == result.run.test.correct
        assert read_metadata(measured.file)["precision"] == precision
        assert measured.accuracy == parity.candidate.accuracy == evaluate(measured.file, data.test).accuracy
        assert measured.size_bytes == measured.file.stat().st_size
        assert measured.invoke_us.median > 0
    assert result.measurements[1].size_bytes < 0.4 * result.measurements[0].size_bytes


def test_the_scene_is_written_read_and_drawn(result: Quickstart, data: Dataset) -> None:
    scene = draw_page(data.test, SCENE_SEED, Conditions(), width=640, height=480)
    assert result.written == scene.text
    assert result.read == Reader(result.measurements[1].file).read(scene.image, "scene").text
    drawn = read_image(str(result.folder / "scene.png"))
    assert drawn.shape == scene.image.shape
    assert (drawn != scene.image).any()


def test_the_document_says_the_same(result: Quickstart) -> None:
    document = json.loads((result.folder / "quickstart.json").read_text())
    assert document == json.loads(json.dumps(result.to_json()))
    assert document["data"] == "scikit-learn digits"
    assert document["scene"]["written"] == list(result.written)
    assert [one["passed"] for one in document["verify"]] == [True, True]


def test_progress_names_every_step(result: Quickstart, steps: Steps) -> None:
    named = list(dict.fromkeys(note.split()[0] for _, _, note in steps))
    assert named == ["train", "export", "verify", "benchmark"]
    assert all(0 <= done <= total for done, total, _ in steps)


def test_another_run_is_not_replaced(result: Quickstart, data: Dataset) -> None:
    before = (result.folder / "model.keras").read_bytes()
    with pytest.raises(OutputError, match="exists already"):
        quickstart(data, result.folder, epochs=1)
    assert (result.folder / "model.keras").read_bytes() == before
