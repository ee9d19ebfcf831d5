"""Frames through a pipe: pictures and raw frames among everything that is no such stream."""

import os
import shutil
import subprocess
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources.jpegs import JpegCutter
from mnist_edge.camera.sources.piped import MAX_BYTES, PipeCapture
from mnist_edge.camera.sources.video import VideoSource
from mnist_edge.errors import SourceError
from mnist_edge.opencv import cv2
from tests.camera.sources.conftest import jpeg

ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")
pytestmark = pytest.mark.usefixtures("no_descriptor_is_left_open")

Image = NDArray[np.uint8]


def noisy(seed: int, *options: int) -> bytes:
    image = np.random.default_rng(seed).integers(0, 256, (90, 120, 3), np.uint8)
    return bytes(cv2.imencode(".jpg", image, list(options))[1].tobytes())


def test_a_slow_reader_of_a_pipe_loses_nothing() -> None:
    """The writer waits."""
    with pipe(b"".join(jpeg(8 * level) for level in range(30))) as descriptor:
        source = VideoSource("standard input", lambda: PipeCapture(descriptor, None, None), Stop(), False, 10.0)
        means = []
        with source:
            for frame in filter(None, source):
                time.sleep(0.01)
                means.append(round(float(frame.image.mean())))
    assert means == [8 * level for level in range(30)] and source.dropped == 0


@ffmpeg
def test_the_colours_of_raw_and_encoded_frames_are_the_right_way_round(tmp_path: Path) -> None:
    for options in (["mjpeg", "-pix_fmt", "yuvj420p"], ["rawvideo", "-pix_fmt", "bgr24"]):
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-f",
            "lavfi",
            "-i",
            "color=blue:size=32x32:duration=0.2",
            "-f",
            *options,
            "-",
        ]
        sent = subprocess.run(command, check=True, capture_output=True).stdout
        with (tmp_path / "sent").open("w+b") as file:
            file.write(sent)
            file.seek(0)
            _, image = PipeCapture(file.fileno(), (32, 32), None).read()
        blue, green, red = image.reshape(-1, 3).mean(axis=0)
        assert blue > 230 and green < 20 and red < 20


HOSTILE: dict[str, tuple[bytes, dict[str, Any], str]] = {
    "nothing": (b"", {}, "standard input is empty"),
    "nothing raw": (b"", {"resolution": "64x48"}, "standard input is empty"),
    "one byte": (b"\xff", {}, "holds no JPEG picture"),
    "text": (b"these are words\n" * 1000, {}, "holds no JPEG picture"),
    "noise": (np.random.default_rng(0).bytes(3_000_000), {}, "holds no JPEG picture"),
    "half a picture": (jpeg()[:300], {}, "holds no JPEG picture"),
    "less than a raw frame": (b"\0" * 1000, {"resolution": "64x48"}, "ends after 1000 bytes, .* of 64x48 has 9216"),
    "beginnings only": (b"\xff\xd8\xff" * 100_000, {}, "holds no JPEG picture"),
    "a picture without an end": (jpeg()[:-2] + b"\0" * (MAX_BYTES + 1), {}, "holds no JPEG picture in 64 MB"),
    "empty pictures": (b"\xff\xd8\xff\xd9" * 1000, {}, "holds no JPEG picture"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_no_stream_of_frames_is_one_line(kind: str) -> None:
    content, settings, reason = HOSTILE[kind]
    with pipe(content) as descriptor, pytest.raises(SourceError, match=reason) as caught:
        capture = PipeCapture(descriptor, (64, 48) if settings else None, None)
        while capture.read()[0]:
            pass
    assert "\n" not in str(caught.value)
    assert "--resolution" in str(caught.value) or "ffmpeg" in str(caught.value)


class pipe:
    """A pipe that a thread fills, and closes; `endless` repeats for ever."""

    def __init__(self, content: bytes, *, endless: bool = False, closes: bool = True) -> None:
        self.content, self.endless, self.closes = content, endless, closes

    def __enter__(self) -> int:
        self.reader, self.writer = os.pipe()
        self.thread = threading.Thread(target=self.fill, daemon=True)
        self.thread.start()
        return self.reader

    def fill(self) -> None:
        try:
            with open(self.writer, "wb", closefd=self.closes) as file:
                file.write(self.content)
                while self.endless:
                    file.write(self.content)
        except OSError:
            # The reader has had enough.
            pass

    def __exit__(self, *error: object) -> None:
        os.close(self.reader)
        self.thread.join(60)
        assert not self.thread.is_alive()
        if not self.closes:
            os.close(self.writer)


def all_frames(descriptor: int, size: tuple[int, int] | None = None) -> list[Image]:
    capture = PipeCapture(descriptor, size, None)
    found = []
    while (frame := capture.read())[0]:
        found.append(frame[1])
    return found


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (jpeg(10) + jpeg(200), 2),
        (jpeg(10) + jpeg(200)[:400], 1),
        # A length that was read before the cut hides the picture after it, and no more.
        (jpeg(10)[:300] + jpeg(200) + jpeg(50), 1),
        (b"junk" + jpeg(10) + b"junk\xff\xd8junk" + jpeg(200), 2),
        (b"--cut\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg(10) + b"\r\n--cut\r\n\r\n" + jpeg(200), 2),
        (jpeg(10) + jpeg(99, (32, 16)), 2),
        (noisy(1, cv2.IMWRITE_JPEG_PROGRESSIVE, 1) + noisy(2, cv2.IMWRITE_JPEG_RST_INTERVAL, 2) + noisy(3), 3),
    ],
)
def test_pictures_are_found_among_anything_else(content: bytes, expected: int) -> None:
    with pipe(content) as descriptor:
        assert len(all_frames(descriptor)) == expected


def test_a_picture_that_breaks_off_makes_way_for_the_next() -> None:
    with pipe(noisy(1)[:-500] + jpeg(200)) as descriptor:
        assert [frame.shape for frame in all_frames(descriptor)] == [(48, 64, 3)]


def test_every_picture_is_cut_out_to_the_byte_however_it_comes_in_pieces() -> None:
    pictures = [
        noisy(1),
        noisy(2, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        noisy(3, cv2.IMWRITE_JPEG_RST_INTERVAL, 1),
        jpeg(7),
    ]
    stream = b"\xff\xff".join(pictures)
    for step in (1, 2, 7, 1000, len(stream)):
        cutter, found = JpegCutter(), []
        for at in range(0, len(stream), step):
            cutter.feed(stream[at : at + step])
            while (picture := cutter.cut()) is not None:
                found.append(picture)
        assert found == pictures


def test_a_picture_within_a_picture_is_part_of_it() -> None:
    thumbnail = jpeg(1, (16, 16))
    outer = jpeg(200)
    segment = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    with pipe((outer[:2] + segment + outer[2:]) * 2) as descriptor:
        frames = all_frames(descriptor)
    assert [frame.shape for frame in frames] == [(48, 64, 3)] * 2
    assert frames[0].mean() > 190


def test_raw_frames_come_whole_and_the_last_piece_of_one_is_left_out() -> None:
    raw = np.random.default_rng(0).integers(0, 256, (3, 48, 64, 3), np.uint8)
    with pipe(raw.tobytes() + b"\1" * 5000) as descriptor:
        frames = all_frames(descriptor, (64, 48))
    assert np.array_equal(frames, raw)
    assert frames[0] is not frames[1] and not np.shares_memory(frames[0], frames[1])


def test_a_jpeg_is_known_by_its_first_bytes_though_a_size_is_given() -> None:
    with pipe(jpeg(10) + jpeg(200)) as descriptor:
        assert [round(float(frame.mean())) for frame in all_frames(descriptor, (8, 8))] == [10, 200]


def test_broken_pictures_among_good_ones_are_passed_over() -> None:
    huge = bytearray(jpeg(50))
    at = huge.find(b"\xff\xc0")
    huge[at + 5 : at + 9] = b"\xff\xdc\xff\xdc"
    with pipe(jpeg(10) + bytes(huge) + jpeg(200) + bytes(huge)) as descriptor:
        assert [round(float(frame.mean())) for frame in all_frames(descriptor)] == [10, 200]


@pytest.mark.parametrize("content", [b"words " * 10_000, b"\xff\xd8\xff\xd9" * 10_000, jpeg()[:-2] + b"\0" * 100_000])
def test_an_endless_stream_of_nothing_ends_in_an_error(content: bytes) -> None:
    with pipe(content, endless=True) as descriptor, pytest.raises(SourceError, match="holds no JPEG picture"):
        all_frames(descriptor)


def test_a_sender_that_falls_silent_is_an_error_in_bounded_time() -> None:
    with pipe(jpeg(10), closes=False) as descriptor:
        source = VideoSource("standard input", lambda: PipeCapture(descriptor, None, None), Stop(), False, -1.5)
        with pytest.raises(SourceError, match="standard input sent nothing"), source:
            list(source)
