"""The pages of a training are drawn once, depend on what decides them alone, and keep validation apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.dataset import Dataset
from mnist_edge.models.finder import pool as pools
from mnist_edge.models.finder.pool import PageSource, PoolSize, draw_pool, draw_stored, read_pages
from mnist_edge.models.finder.stream import batch_of_step, batches
from mnist_edge.opencv import cv2

SIZE = PoolSize(pages=5, negatives=2, validation=2, validation_negatives=1, chunk=2)


@pytest.fixture(scope="module")
def source(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> PageSource:
    pictures = tmp_path_factory.mktemp("pictures")
    for index in range(8):
        image = np.random.default_rng(index).integers(0, 256, (120, 160, 3), dtype=np.uint8)
        cv2.imwrite(str(pictures / f"{index}.jpg"), image)
    return PageSource(digits, 1, tmp_path_factory.mktemp("none"), pictures, SIZE)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
def test_pages_are_the_same_however_many_processes_draw_them_and_are_drawn_once(
    source: PageSource, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = draw_pool(source, tmp_path / "two")
    assert [len(read_pages(paths)) for paths in (pool.training, pool.validation, pool.negatives)] == [7, 2, 1]
    assert not any(len(page.boxes) for page in read_pages(pool.negatives))
    assert sum(len(page.boxes) for page in read_pages(pool.training)) > 0
    first = contents(tmp_path / "two")
    # What an interruption left out is drawn again to the same.
    pool.training[1].unlink()
    monkeypatch.setattr(pools, "PROCESSES", 1)
    reports: list[float] = []
    assert draw_pool(source, tmp_path / "two", lambda done, total, note="": reports.append(total)) == pool
    assert contents(tmp_path / "two") == first and set(reports) == {1}
    monkeypatch.setattr(pools, "workers", None)
    assert draw_pool(source, tmp_path / "two") == pool

    pages = read_pages(pool.training)
    drawn = list(batches(pool.training, 2, 4, range(3, 6)))
    for step, (inputs, targets) in zip(range(3, 6), drawn, strict=True):
        again = batch_of_step(pages, 2, 4, step)
        np.testing.assert_array_equal(inputs, again[0])
        np.testing.assert_array_equal(targets, again[1])
    assert len({inputs.tobytes() for inputs, _ in drawn}) == 3


def test_the_key_tells_what_decides_the_pages(source: PageSource, tmp_path: Path) -> None:
    (tmp_path / "1.jpg").write_bytes(b"another")
    others = (
        source,
        replace(source, seed=2),
        replace(source, pictures=tmp_path),
        replace(source, size=PoolSize()),
        replace(source, data=replace(source.data, sha256="0")),
    )
    assert len({other.key() for other in others}) == len(others)
    assert source.key() == replace(source).key()


def test_what_is_missing_is_said(source: PageSource, tmp_path: Path) -> None:
    (note,) = source.notes()
    assert "no typefaces" in note
    assert len(replace(source, pictures=tmp_path).notes()) == 2


def test_a_stored_page_comes_back_as_it_was(digits: Dataset, tmp_path: Path) -> None:
    pages = [draw_stored(digits.validation, (), np.random.default_rng(seed)) for seed in range(4)]
    pools._save(pages, tmp_path / "pages.npz")
    for page, back in zip(pages, read_pages([tmp_path / "pages.npz"]), strict=True):
        assert (back.picture, back.light_on_dark) == (page.picture, page.light_on_dark)
        np.testing.assert_array_equal(back.boxes, page.boxes)
        np.testing.assert_array_equal(back.labels, page.labels)
