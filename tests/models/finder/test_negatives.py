"""Pages without digits come from the pictures of their purpose only, and differ."""

from pathlib import Path

import numpy as np
import pytest

from mnist_edge.models.finder.negatives import negative_pages, pictures
from mnist_edge.models.finder.samples import take_sample
from mnist_edge.models.finder.targets import CHANNELS, SCORE, WEIGHT
from mnist_edge.opencv import cv2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Ten pictures: those for training are red and grey noise, the one held out is blue."""
    rng = np.random.default_rng(1)
    for index in range(10):
        image = rng.integers(0, 60, (300 + 40 * index, 500, 3), dtype=np.uint8)
        image[..., 0 if index == 7 else 2] += 180
        cv2.imwrite(str(tmp_path / f"{index}.jpg"), image)
    return tmp_path


def test_every_eighth_picture_is_held_out_for_validation(folder: Path) -> None:
    assert [path.stem for path in pictures(folder, True)] == ["7"]
    assert [path.stem for path in pictures(folder, False)] == list("012345689")
    for validation in (False, True):
        for page in negative_pages(folder, 6, 3, validation=validation):
            blue, _, red = cv2.imdecode(np.frombuffer(page.picture, np.uint8), cv2.IMREAD_COLOR).mean(axis=(0, 1))
            assert (blue > red + 50) == validation


def test_pages_have_either_shape_and_polarity_and_no_box(folder: Path) -> None:
    pages = negative_pages(folder, 24, 5)
    shapes = {cv2.imdecode(np.frombuffer(page.picture, np.uint8), cv2.IMREAD_COLOR).shape for page in pages}
    assert shapes == {(480, 640, 3), (640, 480, 3)}
    assert {page.light_on_dark for page in pages} == {False, True}
    assert all(page.boxes.shape == (0, 4) and page.labels.shape == (0,) for page in pages)
    assert len({page.picture for page in pages}) == 24


def test_the_same_seed_gives_the_same_pages(folder: Path) -> None:
    first, again, other = (negative_pages(folder, 3, seed) for seed in (8, 8, 9))
    assert [page.picture for page in first] == [page.picture for page in again]
    assert [page.picture for page in first] != [page.picture for page in other]


def test_a_sample_of_such_a_page_wants_silence_everywhere(folder: Path) -> None:
    _, target = take_sample(negative_pages(folder, 1, 2)[0], np.random.default_rng(0))
    cells = target.reshape(-1, CHANNELS)
    assert not cells[:, SCORE].any() and (cells[:, WEIGHT] == 1).all()


def test_a_folder_without_pictures_gives_no_page(tmp_path: Path) -> None:
    assert negative_pages(tmp_path, 5, 1) == []
