"""Folders of pictures: sizes, colours, polarity, order, and what is refused."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from mnist_edge.classifier import Classifier
from mnist_edge.dataset import Dataset, load

Few = tuple[NDArray[np.uint8], NDArray[np.uint8]]
Error = Callable[[Path], str]
Same = Callable[..., bool]
Draw = Callable[[NDArray[np.uint8]], "Image.Image"]


def write(folder: Path, few: Few, draw: Draw = Image.fromarray, suffix: str = ".png", reverse: bool = False) -> Path:
    """A folder for each digit; the last pictures first where they are to lie on the disk in reverse."""
    numbered = list(enumerate(zip(*few, strict=True)))
    for number, (image, label) in numbered[::-1] if reverse else numbered:
        path = folder / str(label) / f"{number}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        draw(image).save(path)
    return folder


def everything(data: Dataset) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    splits = (data.training, data.validation, data.test)
    return np.concatenate([one.images for one in splits]), np.concatenate([one.labels for one in splits])


def test_pictures_in_the_form_of_mnist_stay_as_they_are(tmp_path: Path, few: Few, same: Same) -> None:
    data = load(write(tmp_path, few))
    assert same(few, data.training, data.validation, data.test)
    assert "light ink on a dark background, as MNIST has it" in data.notes


def test_dark_ink_is_inverted_and_said(tmp_path: Path, few: Few, same: Same) -> None:
    data = load(write(tmp_path, few, lambda image: Image.fromarray(255 - image).convert("RGB")))
    assert same(few, data.training, data.validation, data.test)
    assert "dark ink on a light background: inverted, since MNIST has light ink" in data.notes


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "validation", "t10k")])
def test_parts_that_are_given_are_taken(tmp_path: Path, few: Few, same: Same, names: tuple[str, ...]) -> None:
    for name in names:
        write(tmp_path / name, few)
    data = load(tmp_path)
    for split in (data.training, data.validation, data.test):
        assert same(few, split)
    assert not any("drawn" in note for note in data.notes)


def test_neither_order_nor_times_of_files_matter(tmp_path: Path, few: Few) -> None:
    first, second = write(tmp_path / "a", few), write(tmp_path / "b", few, reverse=True)
    for path in second.rglob("*.png"):
        os.utime(path, (1, 1))
    (second / "3" / ".hidden.png").write_bytes(b"")
    (second / "3" / "notes.txt").write_bytes(b"")
    (second / "__MACOSX").mkdir()
    assert load(first).sha256 == load(second).sha256
    next(second.rglob("*.png")).unlink()
    assert load(first).sha256 != load(second).sha256


def on_paper(image: NDArray[np.uint8]) -> "Image.Image":
    """A part of a photograph: the digit's own box, larger, grey ink on uneven, noisy paper."""
    large = np.asarray(Image.fromarray(image).resize((84, 84)), np.float32) / 255
    rng = np.random.default_rng(int(image.sum()))
    height, width = 90 + rng.integers(0, 30, 2)
    ink = np.zeros((height, width), np.float32)
    ink[3:87, 3:87] = large
    paper = 190 + np.linspace(0, 25, width)
    return Image.fromarray(np.clip(paper - 120 * ink + rng.normal(0, 4, ink.shape), 0, 255).astype(np.uint8))


def in_colours(image: NDArray[np.uint8]) -> "Image.Image":
    """Ink and paper that are almost equally bright."""
    ink = np.asarray(Image.fromarray(image).resize((48, 48)), np.float32)[..., None] / 255
    return Image.fromarray((ink * (200, 40, 30) + (1 - ink) * (60, 120, 60)).astype(np.uint8))


def padded(image: NDArray[np.uint8]) -> "Image.Image":
    return Image.fromarray(np.pad(image, 2))


def cropped(image: NDArray[np.uint8]) -> "Image.Image":
    """Nothing but ink: the rim of a 1 is ink all around."""
    rows, columns = np.flatnonzero(image.any(1)), np.flatnonzero(image.any(0))
    return Image.fromarray(255 - image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


@pytest.mark.parametrize(("draw", "suffix"), [(on_paper, ".jpg"), (in_colours, ".png"), (cropped, ".bmp")])
def test_what_is_normalised_reads_like_mnist(tmp_path: Path, few: Few, draw: Draw, suffix: str) -> None:
    data = load(write(tmp_path, few, draw, suffix))
    assert any("normalised to 28x28" in note for note in data.notes)
    images, labels = everything(data)
    small = Classifier("small")
    as_they_were = (small.probabilities(few[0]).argmax(1) == few[1]).sum()
    assert (small.probabilities(images).argmax(1) == labels).sum() >= as_they_were - 4


def test_padding_is_taken_away(tmp_path: Path, digits: Dataset, few: Few, same: Same) -> None:
    if digits.name != "MNIST":
        pytest.skip("needs images that normalisation leaves as they are: set MNIST_EDGE_DATA")
    images, _ = everything(load(write(tmp_path, few, padded)))
    by_bytes = sorted(few[0], key=lambda image: image.tobytes())
    difference = np.sort(images[..., 0].ravel()).astype(int) - np.sort(np.stack(by_bytes).ravel())
    assert np.abs(difference).max() <= 3


def test_a_picture_of_another_size_makes_all_be_normalised(tmp_path: Path, few: Few) -> None:
    write(tmp_path, few)
    Image.fromarray(np.kron(few[0][0], np.ones((2, 2), np.uint8))).save(tmp_path / str(few[1][0]) / "large.png")
    assert any("2 sizes from 28x28 to 56x56 pixels normalised" in note for note in load(tmp_path).notes)


def test_without_a_plain_background_pixels_are_kept_or_resized(tmp_path: Path, error: Error) -> None:
    rng = np.random.default_rng(0)
    texture = rng.integers(0, 256, (80, 28, 28), np.uint8), np.arange(80, dtype=np.uint8) % 10
    kept = load(write(tmp_path / "kept", texture))
    assert "no plain background: pixels are kept as they are" in kept.notes
    assert np.array_equal(np.sort(everything(kept)[0].ravel()), np.sort(texture[0].ravel()))
    larger = rng.integers(0, 256, (80, 40, 40), np.uint8), texture[1]
    assert "no plain background; 40x40 pixels resized to 28x28" in load(write(tmp_path / "larger", larger)).notes
    write(tmp_path / "larger", (texture[0][:1], texture[1][:1]), suffix=".bmp")
    assert "2 sizes from 28x28 to 40x40 pixels and no plain background" in error(tmp_path / "larger")


def test_both_polarities_in_the_form_of_mnist_are_refused(tmp_path: Path, few: Few, error: Error) -> None:
    write(tmp_path, few)
    write(tmp_path, few, lambda image: Image.fromarray(255 - image), ".bmp")
    assert "both polarities" in error(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("3/0.png", b"", "0.png cannot be read (it is empty)"),
        ("3/0.jpg", b"\xff\xd8 no picture", "0.jpg cannot be read"),
        ("3/0.png", b"GIF89a", "0.png cannot be read"),
        ("7/0.png", "blank", "0.png has no ink"),
        ("empty/.keep", b"", "folders without a picture: empty"),
        ("mnist.npz", b"", "2 data sets (mnist.npz; pictures in 0, 1, 2, 3 and 6 more)"),
    ],
)
def test_one_line_for_what_is_wrong(
    tmp_path: Path, few: Few, error: Error, name: str, content: bytes | str, reason: str
) -> None:
    write(tmp_path, few, padded)
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        padded(0 * few[0][0]).save(path)
    said = error(tmp_path)
    assert reason in said and str(tmp_path) in said


def test_a_truncated_picture_is_named(tmp_path: Path, few: Few, error: Error) -> None:
    whole = write(tmp_path, few) / str(few[1][0]) / "0.png"
    whole.write_bytes(whole.read_bytes()[:-60])
    assert f"{whole} cannot be read" in error(tmp_path)


def test_a_picture_is_not_decoded_where_its_header_claims_too_much(tmp_path: Path, few: Few, error: Error) -> None:
    large = write(tmp_path, few) / "3" / "large.png"
    Image.new("1", (9000, 3000)).save(large)
    assert "large.png has 9000x3000 pixels, more than 25,000,000" in error(tmp_path)


def test_one_class_an_empty_folder_and_a_folder_above(tmp_path: Path, few: Few, error: Error) -> None:
    (tmp_path / "empty").mkdir()
    assert "empty holds no data set; what is read is IDX files" in error(tmp_path / "empty")
    write(tmp_path / "one", (few[0], np.full(80, 7, np.uint8)))
    assert "there is one class only, 7" in error(tmp_path / "one")
    write(tmp_path / "above" / "mine", few)
    assert f"holds no data set, but {tmp_path / 'above' / 'mine'} does" in error(tmp_path / "above")


def test_pictures_report_their_progress(tmp_path: Path, few: Few) -> None:
    seen: list[tuple[Any, ...]] = []
    load(write(tmp_path, few), progress=lambda *said: seen.append(said))
    assert seen[0] == (1, 80, "pictures") and seen[-1] == (80, 80, "pictures")


@pytest.mark.slow
def test_pictures_train_export_and_evaluate(
    tmp_path: Path, few: Few, invoke: Callable[..., tuple[int, str, str]]
) -> None:
    """A run remembers its folder of pictures, and every command finds it again."""
    data, run = write(tmp_path / "mine", few, in_colours), tmp_path / "run"
    code, _, err = invoke("train", "mlp", "--epochs", 1, "--data", data, "--output", run)
    assert code == 0 and "48x48 pixels normalised" in err
    code, out, err = invoke("export", run, "--keep", "--json")
    assert code in (0, 3), err
    assert json.loads(out)["accuracy"]["sha256"] == load(data).sha256
    code, out, _ = invoke("evaluate", run / "mlp.float32.tflite")
    assert code == 0 and "on mine" in " ".join(out.split())


def test_a_folder_of_plots_beside_a_data_set_is_none(tmp_path: Path, few: Few) -> None:
    np.savez(tmp_path / "mine.npz", images=few[0], labels=few[1])
    (tmp_path / "run").mkdir()
    Image.fromarray(few[0][0]).save(tmp_path / "run" / "curves.png")
    assert len(load(tmp_path).test) == 16
