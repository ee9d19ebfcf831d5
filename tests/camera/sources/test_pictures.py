"""Still pictures as a source: each is a page of its own, and damaged ones are passed over."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.frames import Frame
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import ImageError, SourceError
from mnist_edge.opencv import cv2


def frames_from(source: str, **settings: Any) -> list[Frame]:
    with open_source(Settings(source, **settings), Stop()) as entered:
        return [frame for frame in entered if frame is not None]


def test_a_folder_gives_its_pictures_by_name_each_a_page_of_its_own(tmp_path: Path) -> None:
    for name, level in (("b.png", 100), ("a.jpg", 0), ("c.PNG", 200)):
        cv2.imwrite(str(tmp_path / name), np.full((20, 30, 3), level, np.uint8))
    (tmp_path / "notes.txt").write_text("no picture")
    with open_source(Settings(str(tmp_path)), Stop()) as source:
        assert source.info.still
        frames = [frame for frame in source if frame]
    assert [Path(frame.source).name for frame in frames] == ["a.jpg", "b.png", "c.PNG"]
    assert [round(frame.image.mean() / 100) for frame in frames] == [0, 1, 2]


def test_damaged_pictures_are_named_and_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("b.png", "d.png"):
        cv2.imwrite(str(tmp_path / name), np.full((20, 30, 3), 50, np.uint8))
    for name in ("a.png", "c.png", "e.png"):
        (tmp_path / name).write_bytes((tmp_path / "b.png").read_bytes()[:40])
    with open_source(Settings(str(tmp_path)), Stop()) as source:
        frames = [frame for frame in source if frame]
    assert [(frame.number, Path(frame.source).name) for frame in frames] == [(0, "b.png"), (1, "d.png")]
    assert [Path(note.split()[0]).name for note in caplog.messages] == ["a.png", "c.png", "e.png"]


def test_pictures_that_are_all_damaged_are_one_error(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n and no more")
    with pytest.raises(SourceError, match=f"none of the 2 pictures of {tmp_path} can be read"):
        frames_from(str(tmp_path))
    # Of one alone the reason itself is told.
    with pytest.raises(ImageError, match=r"a\.png"):
        frames_from(str(tmp_path / "a.png"))


def test_one_picture_is_known_by_its_content(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.full((20, 30, 3), 50, np.uint8))
    (tmp_path / "a.png").rename(tmp_path / "photo")
    (frame,) = frames_from(str(tmp_path / "photo"))
    assert frame.image.shape == (20, 30, 3)


def test_a_glob_gives_its_files_in_order(tmp_path: Path) -> None:
    for name, level in (("scan10.png", 200), ("scan02.png", 100), ("scan01.jpg", 0), ("deep/scan03.png", 50)):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        cv2.imwrite(str(tmp_path / name), np.full((20, 30, 3), level, np.uint8))
    with open_source(Settings(str(tmp_path / "*.png")), Stop()) as source:
        assert source.info.still
        assert [Path(frame.source).name for frame in source if frame] == ["scan02.png", "scan10.png"]
    assert len(frames_from(str(tmp_path / "**" / "scan*"))) == 4
    with pytest.raises(SourceError, match=r"\*\.tif names no picture"):
        frames_from(str(tmp_path / "*.tif"))


def test_a_picture_whose_name_looks_like_a_glob_is_that_picture(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "page[1].png"), np.full((20, 30, 3), 50, np.uint8))
    assert len(frames_from(str(tmp_path / "page[1].png"))) == 1
