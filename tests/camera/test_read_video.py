"""Videos as `mnist-edge read` takes them: readings at times, followed by the camera's tracker, alone and in folders."""

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.archive.read_archive import read_archive
from mnist_edge.camera.archive.reading import OpenReader
from mnist_edge.camera.archive.results import open_results
from mnist_edge.camera.archive.walk import walk
from mnist_edge.camera.archive.workers import started
from mnist_edge.camera.images import MAX_PIXELS
from mnist_edge.camera.read_video import read_video
from mnist_edge.camera.reader import Reader
from mnist_edge.camera.video_files import has_readable_name
from mnist_edge.cli import app
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Reading
from tests.camera.conftest import InkReader

Image = NDArray[np.uint8]
Draw = Callable[[str], Image]
WriteVideo = Callable[[Path, Sequence[Image]], Path]
RATE = 25


class CountingReader(InkReader):
    """Finds blobs of ink, and counts the frames."""

    def __init__(self) -> None:
        self.frames = 0

    def read(self, frame: Image, source: str) -> Reading:
        self.frames += 1
        return super().read(frame, source)


@pytest.fixture
def draw(write_digit: Callable[..., Box]) -> Draw:
    """`draw("12")`: a page of 320x160 with these digits."""

    def page(text: str) -> Image:
        image = np.full((160, 320, 3), 235, np.uint8)
        for column, label in enumerate(text):
            write_digit(image, int(label), 40 + 80 * column, 45, 70, 8)
        return image

    return page


@pytest.fixture
def turned(tmp_path: Path, draw: Draw, write_video: WriteVideo) -> Path:
    """`turned.avi`: the page is 12 for 1.5 seconds, then another one, 745, for 1.5 seconds."""
    (tmp_path / "videos").mkdir()
    pages = [draw(text) for text in ("12", "745") for _ in range(round(1.5 * RATE))]
    return write_video(tmp_path / "videos" / "turned.avi", pages)


def readings(path: Path, every_s: float, reader: InkReader | Reader | None = None) -> list[Reading]:
    found = read_video(reader or InkReader(), str(path), every_s, MAX_PIXELS)
    return [reading for reading in found if reading]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        app(["read", *map(str, arguments)], prog_name="mnist-edge")
    return int(ended.value.code or 0), *capsys.readouterr()


def test_a_reading_soon_and_then_at_each_multiple(tmp_path: Path, draw: Draw, write_video: WriteVideo) -> None:
    path, reader = write_video(tmp_path / "page.mp4", [draw("12")] * (4 * RATE)), CountingReader()
    found = readings(path, 1.0, reader)
    # It ends at 3.96 seconds, while it is looked at for the reading at 4.
    assert [one.seconds for one in found] == pytest.approx([0.32, 1.0, 2.0, 3.0, 3.96], abs=0.01)
    assert [(one.source, one.text) for one in found] == [(str(path), ("77",))] * 5
    # A digit keeps its track from one reading to the next, and most frames are not read.
    assert {tuple(digit.track for digit in one.digits) for one in found} == {(1, 2)}
    assert reader.frames <= 9 + 4 * 9
    often = readings(path, 0.1)
    assert [one.seconds for one in often[:4]] == pytest.approx([0.32, 0.4, 0.52, 0.6], abs=0.01)
    assert len(often) == 38


def test_the_page_that_was_turned_between_two_readings_is_the_new_one(turned: Path) -> None:
    found = readings(turned, 1.0, Reader())
    assert [(round(one.seconds or 0, 1), one.text) for one in found] == [
        (0.3, ("12",)),
        (1.0, ("12",)),
        (2.0, ("745",)),
        (3.0, ("745",)),
    ]
    assert not {digit.track for digit in found[1].digits} & {digit.track for digit in found[2].digits}


@pytest.mark.parametrize("frames", [1, 2, 5, RATE])
def test_a_video_that_is_shorter_than_every_has_one_reading(
    tmp_path: Path, draw: Draw, write_video: WriteVideo, frames: int
) -> None:
    path = write_video(tmp_path / "short.avi", [draw("12")] * frames)
    (only,) = readings(path, 3600.0)
    assert only.text == ("77",) and only.seconds == pytest.approx(min(frames - 1, 8) / RATE, abs=0.01)
    # What one or two frames show is confirmed by nothing.
    assert {digit.track for digit in only.digits} == ({None} if frames < 3 else {1, 2})


def test_slow_videos_are_looked_at_for_long_enough(tmp_path: Path, draw: Draw) -> None:
    path = tmp_path / "slow.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 1.0, (320, 160))
    for text in ["12"] * 8 + ["745"] * 12:
        writer.write(draw(text))
    writer.release()
    found = readings(path, 12.0, Reader())
    assert [(one.seconds, one.text) for one in found] == [(4.0, ("12",)), (12.0, ("745",))]


def test_what_is_cut_short_gives_what_it_has_and_then_an_error(
    tmp_path: Path, draw: Draw, write_video: WriteVideo, capsys: pytest.CaptureFixture[str]
) -> None:
    path = cut(write_video(tmp_path / "cut.avi", [draw("12")] * 100))
    found: list[Reading] = []
    with pytest.raises(SourceError, match=r"cut\.avi ends after \d+ of 100 frames"):
        found.extend(filter(None, read_video(InkReader(), str(path), 0.5, MAX_PIXELS)))
    assert len(found) >= 2
    (tmp_path / "empty.mp4").touch()
    (tmp_path / "noise.mp4").write_bytes(np.random.default_rng(0).bytes(50_000))
    code, out, err = run(capsys, tmp_path, "--json", "--every", 0.5)
    assert code == 1
    assert [json.loads(line)["seconds"] for line in out.splitlines()] == [one.seconds for one in found]
    first, second, third = err.splitlines()
    assert "cut.avi ends after" in first and "empty.mp4 is empty" in second and "noise.mp4 does not open" in third


def cut(path: Path) -> Path:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return path


@pytest.mark.slow
def test_every_way_to_print(turned: Path, draw: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(turned.with_name("a.png")), draw("7"))
    folder = turned.parent
    code, out, err = run(capsys, folder)
    assert (code, err) == (0, "")
    heads, texts = out.splitlines()[::2], out.splitlines()[1::2]
    assert texts == ["  7", "  12", "  12", "  745", "  745"]
    assert heads[0].startswith(f"{folder / 'a.png'}: 1 digit, ")
    assert heads[2].startswith(f"{turned} at 1.00 s: 2 digits, ")
    assert run(capsys, turned, "--every", 2, "--text") == (0, "12\n745\n", "")
    picture, *rows = [json.loads(line) for line in run(capsys, folder, "--json")[1].splitlines()]
    assert "seconds" not in picture and "track" not in picture["digits"][0]
    assert [(row["source"], row["text"]) for row in rows] == [
        (str(turned), [text]) for text in ("12", "12", "745", "745")
    ]
    assert [digit["track"] for row in rows for digit in row["digits"]] == [1, 2, 1, 2, 3, 4, 5, 3, 4, 5]
    lines = [*csv.DictReader(run(capsys, folder, "--csv")[1].splitlines())]
    assert [(line["seconds"], line["label"], line["track"]) for line in lines[:3]] == [
        ("", "7", ""),
        ("0.320", "1", "1"),
        ("0.320", "2", "2"),
    ]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--every", "0"], "--every takes seconds above 0"),
        (["--every", "nan"], "--every takes seconds above 0"),
        (["--every", "inf"], "--every takes seconds above 0"),
        (["--annotate", "out"], "is a video, and --annotate, --explain and --labels are for pictures"),
        (["--form", "x.toml", "--every", "1"], "--every is for videos"),
    ],
)
def test_wrong_usage(
    turned: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    monkeypatch.chdir(turned.parent)
    code, out, err = run(capsys, turned, *options)
    assert (code, out, len(err.splitlines())) == (2, "", 1) and message in err
    assert [path.name for path in turned.parent.iterdir()] == ["turned.avi"]


def test_of_a_folder_only_pictures_are_drawn(turned: Path, draw: Draw, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(turned.with_name("a.png")), draw("7"))
    out = turned.parents[1] / "out"
    assert run(capsys, turned.parent, "--text", "--annotate", out)[:2] == (0, "7\n")
    assert [path.name for path in out.iterdir()] == ["a.annotated.png"]


@pytest.mark.slow
def test_an_archive_of_pictures_and_videos(turned: Path, draw: Draw, write_video: WriteVideo, tmp_path: Path) -> None:
    folder, output = turned.parent, tmp_path / "results.jsonl"
    cv2.imwrite(str(folder / "a.png"), draw("7"))
    cut(write_video(folder / "cut.avi", [draw("12")] * 100))
    opened = OpenReader({}, MAX_PIXELS, every_s=0.5)
    summary = read_archive(walk(folder, True, has_readable_name), output, started(1, opened))
    assert (summary.files, summary.failed, summary.skipped) == (3, 1, 0)
    found = [json.loads(line) for line in output.read_bytes().splitlines()]
    assert len(found) == summary.rows
    video = [row for row in found if row["source"] == str(turned)]
    assert [(row["seconds"], row["text"], row["last"]) for row in video] == [
        (pytest.approx(0.32, abs=0.01), ["12"], False),
        (pytest.approx(0.5, abs=0.03), ["12"], False),
        (pytest.approx(1.0, abs=0.03), ["12"], False),
        (pytest.approx(1.5, abs=0.03), ["12"], False),
        (pytest.approx(2.0, abs=0.03), ["745"], False),
        (pytest.approx(2.5, abs=0.03), ["745"], False),
        (pytest.approx(3.0, abs=0.03), ["745"], True),
    ]
    assert [digit["track"] for digit in video[-1]["digits"]] == [3, 4, 5]
    *whole, error = [row for row in found if row["source"] == str(folder / "cut.avi")]
    assert len(whole) >= 2 and not any(row.get("error") or row["last"] for row in whole)
    assert "ends after" in error["error"]
    with open_results(output, resume=True) as results:
        assert all(one.source in results.done for one in walk(folder, True, has_readable_name))
