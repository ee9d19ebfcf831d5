"""Which image files are found, in folders, by globs and among what only looks like an image."""

import os
import stat
from pathlib import Path

import pytest

from mnist_edge.camera.image_files import find_images
from mnist_edge.camera.images import read_image
from mnist_edge.errors import ImageError


def test_files_folders_and_globs_in_order(tmp_path: Path) -> None:
    for name in ("b.png", "a.JPG", "notes.txt"):
        (tmp_path / name).touch()
    both = [str(tmp_path / "a.JPG"), str(tmp_path / "b.png")]
    assert list(find_images([str(tmp_path)])) == both
    assert list(find_images([str(tmp_path / "*.png"), "-"])) == [both[1], "-"]
    # A file named outright is tried whatever its suffix.
    assert list(find_images([str(tmp_path / "notes.txt")])) == [str(tmp_path / "notes.txt")]


def test_nothing_found_is_an_error(tmp_path: Path) -> None:
    for argument, reason in (
        (tmp_path / "x.png", "no such file"),
        (tmp_path / "*.png", "no such"),
        (tmp_path, "no picture"),
    ):
        with pytest.raises(ImageError, match=reason):
            list(find_images([str(argument)]))


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    if not hasattr(os, "mkfifo"):
        pytest.skip("no named pipes here")
    os.mkfifo(tmp_path / "pipe.png")
    return tmp_path / "pipe.png"


@pytest.mark.timeout(20)
def test_a_pipe_is_refused_rather_than_waited_for(pipe: Path) -> None:
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    with pytest.raises(ImageError, match="standard input"):
        read_image(str(pipe))
    with pytest.raises(ImageError, match="neither a file nor a folder"):
        list(find_images([str(pipe)]))
    with pytest.raises(ImageError, match="no picture"):
        list(find_images([str(pipe.parent)]))


def test_a_folder_that_is_called_like_a_picture(tmp_path: Path) -> None:
    (tmp_path / "x.png").mkdir()
    (tmp_path / "y.png").touch()
    assert list(find_images([str(tmp_path)])) == [str(tmp_path / "y.png")]
    with pytest.raises(ImageError, match=r"x\.png"):
        read_image(str(tmp_path / "x.png"))


def test_a_name_too_long_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="xxx"):
        list(find_images([str(tmp_path / ("x" * 5000))]))
