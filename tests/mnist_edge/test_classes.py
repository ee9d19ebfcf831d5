"""Any number of classes, with names, from the data to the exported file; and digits alone where a reader wants them."""

import gzip
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.classes import DIGITS, MAX_CLASSES, classes_of, noun, shown
from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset, Split, load
from mnist_edge.errors import DataError, ModelError
from mnist_edge.metadata import append_metadata, read_metadata, refusal_threshold_of, strip_metadata
from mnist_edge.models.batches import soft_labels
from mnist_edge.models.recipes import RECIPES, find_recipe
from mnist_edge.output_kinds import OutputKind, recognise
from mnist_edge.refusal import digit_score, score_name
from mnist_edge.shipped_models import resolve

Invoke = Callable[..., tuple[int, str, str]]
LETTERS = tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
FASHION = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
KUZUSHIJI = ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")


def idx(array: NDArray[np.uint8]) -> bytes:
    header = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
    return gzip.compress(header + array.tobytes())


def patterns(classes: int, of_each: int, seed: int = 0) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Images that a network learns in an epoch or two: a pattern of coarse squares for each class, moved and noisy."""
    rng = np.random.default_rng(seed)
    drawn = np.random.default_rng(99).random((classes, 5, 5)) > 0.5
    labels = rng.permutation(np.repeat(np.arange(classes, dtype=np.uint8), of_each))
    images = np.zeros((len(labels), 28, 28), np.uint8)
    for image, label in zip(images, labels, strict=True):
        row, column = rng.integers(3, 6, 2)
        ink = np.kron(drawn[label], np.ones((4, 4))) * rng.integers(150, 256, (20, 20))
        image[row : row + 20, column : column + 20] = ink
    return images, labels


def write(folder: Path, stems: tuple[str, str], classes: int, first: int = 0, turned: bool = False) -> Path:
    """The four files of a data set of MNIST's kind."""
    folder.mkdir(parents=True, exist_ok=True)
    for seed, (stem, of_each) in enumerate(zip(stems, (30, 8), strict=True)):
        images, labels = patterns(classes, of_each, seed)
        images = images.swapaxes(1, 2).copy() if turned else images
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(idx(images))
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(idx(labels + np.uint8(first)))
    return folder


def fashion(folder: Path) -> Path:
    return write(folder / "FashionMNIST" / "raw", ("train", "t10k"), 10)


def kuzushiji(folder: Path) -> Path:
    """KMNIST's own archives, which hold an array each."""
    for seed, (part, of_each) in enumerate((("train", 30), ("test", 8))):
        images, labels = patterns(10, of_each, seed)
        np.savez_compressed(folder / f"kmnist-{part}-imgs.npz", arr_0=images)
        np.savez_compressed(folder / f"kmnist-{part}-labels.npz", arr_0=labels)
    return folder


def letters(folder: Path) -> Path:
    mapping = "".join(f"{place} {64 + place} {96 + place}\n" for place in range(1, 27))
    (folder / "emnist-letters-mapping.txt").write_text(mapping)
    return write(folder, ("emnist-letters-train", "emnist-letters-test"), 26, first=1, turned=True)


def pair(folder: Path) -> Path:
    """The fewest classes that there may be."""
    images, labels = patterns(2, 250)
    np.savez_compressed(folder / "pair.npz", images=images, labels=np.array(["circle", "square"])[labels])
    return folder / "pair.npz"


def letters_and_digits(folder: Path) -> Path:
    """EMNIST's largest set, and the most classes that there may be."""
    return write(folder, ("emnist-byclass-train", "emnist-byclass-test"), MAX_CLASSES, turned=True)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "classes"),
    [
        (fashion, FASHION),
        (kuzushiji, KUZUSHIJI),
        (letters, LETTERS),
        (pair, ("circle", "square")),
        (letters_and_digits, (*DIGITS, *LETTERS, *"abcdefghijklmnopqrstuvwxyz")),
    ],
    ids=["fashion", "kuzushiji", "letters", "2", "62"],
)
def test_a_data_set_goes_all_the_way(
    make: Callable[[Path], Path], classes: tuple[str, ...], tmp_path: Path, invoke: Invoke
) -> None:
    data, run = make(tmp_path), tmp_path / "run"
    code, out, err = invoke(
        "train", "mlp", "--epochs", 3, "--batch-size", 16, "--data", data, "--output", run, "--json"
    )
    assert code == 0, err
    trained = json.loads(out)["test"]
    assert [figures["name"] for figures in trained["per_class"]] == list(classes)
    assert trained["accuracy"] > 0.9
    code, out, err = invoke("export", run, "--quantize", "int8", "--samples", 200, "--json")
    assert code == 0, err
    int8 = run / "mlp.int8.tflite"
    facts = read_metadata(int8)
    assert facts["labels"] == list(classes) and facts["refusal"]["score"] == score_name(len(classes))
    assert facts["temperature"] > 0 and facts["accuracy"]["correct"] > 0.9 * trained["images"]
    code, out, _ = invoke("evaluate", int8, "--json", "--plot", tmp_path / "confusion.png")
    document = json.loads(out)
    assert code == 0 and document["correct"] == facts["accuracy"]["correct"]
    assert np.array(document["confusion"]).shape == (len(classes), len(classes))
    code, out, err = invoke("verify", run, int8, "--min-agreement", 95, "--max-drop", 5)
    assert code == 0, err
    code, out, err = invoke("selftest", int8)
    assert code == 0, err
    page = Path(__file__).parents[2] / "docs" / "page.jpg"
    code, out, err = invoke("read", page, "--model", int8, "--min-confidence", 0, "--json")
    assert code == 0, err
    seen = json.loads(out)["digits"]
    assert seen and all(digit["name"] == classes[digit["label"]] for digit in seen)
    code, out, err = invoke("read", page, "--model", int8, "--labels", tmp_path / "labels.json")
    assert code == 2 and f"--labels is for the ten digits, and mlp tells {shown(classes)}" in err


@pytest.mark.parametrize(("make", "classes"), [(fashion, FASHION), (kuzushiji, KUZUSHIJI), (letters, LETTERS)])
def test_known_data_sets_have_the_names_of_their_classes(
    make: Callable[[Path], Path], classes: tuple[str, ...], tmp_path: Path, invoke: Invoke
) -> None:
    data = load(make(tmp_path))
    assert data.classes == classes
    images, labels = patterns(len(classes), 8, seed=1)
    assert np.array_equal(data.test.images[..., 0], images) and np.array_equal(data.test.labels, labels)
    code, out, _ = invoke("data", "--data", data.path)
    assert code == 0 and all(name in out for name in classes)


def npz(path: Path, labels: NDArray[Any], images: NDArray[np.uint8] | None = None) -> Path:
    np.savez_compressed(path, images=patterns(2, len(labels) // 2)[0] if images is None else images, labels=labels)
    return path


def test_classes_are_those_that_training_images_have(tmp_path: Path) -> None:
    numbers = load(npz(tmp_path / "a.npz", np.tile([20, 3, 100], 20)))
    assert numbers.classes == ("3", "20", "100") and set(numbers.test.labels) == {0, 1, 2}
    names = load(npz(tmp_path / "b.npz", np.tile(["cat", "10", "9", "ant"], 15)))
    assert names.classes == ("9", "10", "ant", "cat")


def test_classes_txt_names_them(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("circle\nsquare\n")
    assert load(npz(tmp_path / "a.npz", np.tile([0, 1], 30))).classes == ("circle", "square")


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        (np.arange(640) % 64, "64 classes, and 62 are the most"),
        (np.array(["a" * 61, "b"] * 30), "1 to 60 characters"),
        (np.arange(20) % 10, "class . has too few images"),
    ],
)
def test_classes_that_cannot_be(tmp_path: Path, labels: NDArray[Any], reason: str) -> None:
    with pytest.raises(DataError, match=reason):
        load(npz(tmp_path / "a.npz", labels))


def dataset(classes: tuple[str, ...]) -> Dataset:
    split = Split(np.zeros((2, 28, 28, 1), np.uint8), np.array([0, 1], np.uint8))
    return Dataset("mine", split, split, split, Path("mine"), "0", classes=classes)


def test_labels_are_counted_as_a_model_counts_its_outputs() -> None:
    assert dataset(("1", "7")).for_classes(DIGITS, "small").test.labels.tolist() == [1, 7]
    assert dataset(("0", "1")).for_classes(("cat", "dog"), "a model").test.labels.tolist() == [0, 1]
    assert dataset(("cat", "dog")).for_classes(("dog", "cat"), "a model").test.labels.tolist() == [1, 0]
    with pytest.raises(
        DataError, match=r"small tells 10 classes \(0, 1, 2, \.\.\.\), and mine has 2 classes \(cat, dog\)"
    ):
        dataset(("cat", "dog")).for_classes(DIGITS, "small")


def test_a_model_is_not_measured_with_what_it_does_not_tell(tmp_path: Path, invoke: Invoke) -> None:
    code, out, err = invoke("evaluate", "small", "--data", letters(tmp_path))
    assert (code, out) == (1, "") and "small tells 10 classes" in err and "26 classes (A, B, C, ...)" in err


def test_a_finder_wants_digits(tmp_path: Path, invoke: Invoke) -> None:
    code, _, err = invoke("train", "finder", "--data", letters(tmp_path), "--output", tmp_path / "run")
    assert code == 2 and "a finder is trained with digits" in err


def relabelled(path: Path, **facts: Any) -> Path:
    content = resolve("nano.int8").read_bytes()
    path.write_bytes(append_metadata(strip_metadata(content), facts))
    return path


def test_a_reader_gets_digits_only(tmp_path: Path) -> None:
    path = relabelled(tmp_path / "a.tflite", labels=list(FASHION))
    with pytest.raises(ModelError, match=r"a\.tflite tells 10 classes \(T-shirt/top, .*\), not the ten digits"):
        Classifier(path)
    assert Classifier(path, digits_only=False).classes == FASHION
    assert Classifier(relabelled(tmp_path / "b.tflite")).classes == DIGITS
    with pytest.raises(ModelError, match="maps"):
        Classifier(relabelled(tmp_path / "c.tflite", labels=list(LETTERS)), digits_only=False)


@pytest.mark.parametrize("labels", ["0123456789", [], ["a"], ["a", "a"], [1, 2], ["a", ""], list(map(str, range(63)))])
def test_labels_that_make_no_sense_are_refused(labels: Any) -> None:
    with pytest.raises(ModelError, match="says its labels are"):
        classes_of({"labels": labels}, "a.tflite")


def test_the_score_of_refusal_is_a_share_of_the_entropy_of_its_classes() -> None:
    for count in (2, 26, MAX_CLASSES):
        even, sure = np.full((1, count), 1 / count), np.eye(count)[:1]
        assert digit_score(np.concatenate([even, sure])).tolist() == pytest.approx([0, 1], abs=1e-6)
        threshold = {"score": score_name(count), "threshold": 0.5}
        facts = {"labels": [str(k) for k in range(count)], "refusal": threshold}
        assert refusal_threshold_of(facts, "a") == 0.5
        with pytest.raises(ModelError):
            refusal_threshold_of(facts | {"labels": list("abc")}, "a")


def test_rounded_probabilities_of_many_classes_are_recognised() -> None:
    rng = np.random.default_rng(0)
    for count in (2, 10, MAX_CLASSES):
        exact = rng.dirichlet(np.ones(count), 6)
        assert recognise(np.rint(exact * 256) / 256) is OutputKind.PROBABILITIES
        assert recognise(rng.random((6, count))) is OutputKind.SCORES
        assert recognise(np.log(exact)) is OutputKind.LOG_PROBABILITIES


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_gets_as_many_outputs_and_no_teacher_of_digits(name: str) -> None:
    recipe = find_recipe(name)
    assert recipe.for_classes(DIGITS) is recipe
    other = recipe.for_classes(LETTERS)
    assert dict(other.layers[-1].arguments)["units"] == 26 and other.layers[:-1] == recipe.layers[:-1]
    same = replace(other, layers=recipe.layers, teacher=recipe.teacher, pen_digits=recipe.pen_digits)
    same = replace(same, found_crops=recipe.found_crops)
    assert other.teacher is None and other.pen_digits == 0 and not other.found_crops and same == recipe
    assert recipe.for_classes(FASHION).teacher is None


def test_soft_labels_spread_over_all_classes() -> None:
    labels = soft_labels(26)
    assert labels.shape == (27, 26) and np.allclose(labels.sum(axis=1), 1)
    assert np.allclose(labels[-1], 1 / 26) and labels[3].argmax() == 3


def test_what_a_class_is_called() -> None:
    assert (noun(("1", "7")), noun(LETTERS)) == ("digit", "class")
    assert shown(("a", "b")) == "2 classes (a, b)"
