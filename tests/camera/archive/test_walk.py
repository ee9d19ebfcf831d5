"""Which pictures an archive has, found one folder after another."""

import os
import shutil
from pathlib import Path

import pytest

from mnist_edge.camera.archive.walk import Found, walk, walk_all
from mnist_edge.camera.image_files import images_at


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Pictures by name, in folders, among what is no picture."""
    root = tmp_path / "archive"
    for name in (
        "b.png", "a.JPG", "notes.txt", ".hidden.png", "a.annotated.png", "results.jsonl",
        "2/c.png", "1/d.png", "1/deep/e.tiff", ".thumbnails/f.png", "folder.png/g.png",
    ):  # fmt: skip
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def names(archive: Path, recursive: bool = True) -> list[str]:
    found = [*walk(archive, recursive)]
    assert not [one for one in found if one.error]
    return [str(Path(one.source).relative_to(archive)) for one in found]


def test_the_pictures_of_a_folder_come_before_those_of_its_folders(archive: Path) -> None:
    assert names(archive) == ["a.JPG", "b.png", "1/d.png", "1/deep/e.tiff", "2/c.png", "folder.png/g.png"]
    assert names(archive, recursive=False) == ["a.JPG", "b.png"]
    assert [*walk(archive / "notes.txt", True)] == [Found(str(archive / "notes.txt"))]


@pytest.mark.parametrize("recursive", [True, False])
def test_they_are_those_that_read_finds_without_a_file_of_results(archive: Path, recursive: bool) -> None:
    found = {str(path.relative_to(archive)) for path in images_at(archive, recursive)}
    assert found == {*names(archive, recursive)}


def test_links_to_files_are_pictures_and_links_to_folders_are_not_followed(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "x.png").touch()
    (archive / "2" / "link.png").symlink_to(archive / "b.png")
    (archive / "2" / "gone.png").symlink_to("nowhere")
    (archive / "2" / "itself.png").symlink_to("itself.png")
    (archive / "2" / "up").symlink_to(archive)
    (archive / "2" / "away.png").symlink_to(tmp_path / "elsewhere")
    assert names(archive)[4:-1] == ["2/c.png", "2/gone.png", "2/itself.png", "2/link.png"]


def test_a_folder_that_cannot_be_listed_is_told_and_the_others_are_walked(archive: Path) -> None:
    walking = walk(archive, True)
    assert next(walking).source == str(archive / "a.JPG")
    shutil.rmtree(archive / "1")
    left = [*walking]
    gone = str(archive / "1")
    assert [one.source for one in left if not one.error] == [
        str(archive / name) for name in ("b.png", "2/c.png", "folder.png/g.png")
    ]
    assert [one for one in left if one.error] == [
        Found(gone, f"{gone} cannot be listed: {os.strerror(2)}"),
    ]


def test_what_several_places_share_comes_once(archive: Path) -> None:
    found = [*walk_all([archive / "1", archive, archive / "1" / "d.png"], True)]
    assert len(found) == len({one.source for one in found}) == 6
