"""Writes videos with PyAV where it is installed, else with OpenCV."""

import os
from collections.abc import Mapping
from fractions import Fraction
from importlib.util import find_spec
from io import FileIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mnist_edge.errors import OutputError, PackageMissing, UsageError
from mnist_edge.opencv import cv2, name_for_opencv
from mnist_edge.optional_packages import pip_install, require

# OpenCV's codec for each suffix that it can write everywhere. Browsers play neither, and its VP8, which they do play,
# takes many times as long (benchmarks/results/recording.json).
OPENCV_CODECS = {".mp4": "mp4v", ".avi": "MJPG"}
# An AVI can be played without its end, an ordinary MP4 cannot. OpenCV takes no options for MP4, but by the name .ismv
# FFmpeg writes one in fragments, each of which stands for itself. An open file can be renamed, though not on Windows.
OPENCV_CONTAINERS = {".mp4": (".ismv", ".mp4") if os.name == "posix" else (".mp4",), ".avi": (".avi",)}
# The buffer that FFmpeg fills before it writes, in bytes.
BUFFER_BYTES = 262_144

# The fastest settings, since a small board encodes while it reads; crf is the quality, b the most bits a second.
H264 = {"preset": "ultrafast", "tune": "zerolatency", "crf": "23"}
VP8 = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "crf": "20", "b": "4M"}
# The colours that `cv2.COLOR_BGR2YUV_I420` makes; players would guess others for large pictures.
COLOURS = {"colorspace": "smpte170m", "color_primaries": "smpte170m", "color_trc": "smpte170m", "color_range": "tv"}
# For each suffix that PyAV writes: FFmpeg's name of the container and its options, the encoder and its options. Each
# second is a fragment or cluster that is on the disk when it is over, so that a killed process loses no more.
CLUSTERS = {"cluster_time_limit": "1000", "flush_packets": "1"}
PYAV_FORMATS: dict[str, tuple[str, Mapping[str, str], str, Mapping[str, str]]] = {
    ".mp4": ("mp4", {"movflags": "frag_keyframe+empty_moov+default_base_moof"}, "libx264", H264),
    ".mkv": ("matroska", CLUSTERS, "libx264", H264),
    ".webm": ("webm", CLUSTERS, "libvpx", VP8),
}
SUFFIXES = tuple(dict.fromkeys((*PYAV_FORMATS, *OPENCV_CODECS)))

# A blank picture takes a byte for so many pixels, and so many bytes at least, in either codec of OpenCV.
PIXELS_PER_BYTE, MIN_PICTURE_BYTES = 1000, 20


def has_pyav() -> bool:
    """Return whether PyAV is installed, and with it videos that browsers play can be written."""
    return find_spec("av") is not None


def usual_suffix() -> str:
    """Return the suffix of videos for which nobody named one."""
    return ".mp4" if has_pyav() else ".avi"


def check_suffix(path: Path) -> None:
    """Make sure that such a video can be written on this computer.

    Raises:
        PackageMissing: This kind of video needs PyAV.
        UsageError: The suffix is none of a video that can be written.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise UsageError(
            f"{path} cannot be recorded: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}; "
            "a folder with a dot in its name must be there already"
        )
    if suffix not in OPENCV_CODECS and not has_pyav():
        raise PackageMissing(
            f"{path} cannot be recorded: {suffix} needs PyAV; install it with: {pip_install('record')}, "
            "or record an .avi"
        )


def open_encoder(path: Path, rate: float, size: tuple[int, int]) -> "PyAvEncoder | OpenCvEncoder":
    """Begin a video file, in H.264 or VP8 where PyAV is installed and the container takes them.

    Args:
        path: Its suffix is one of `SUFFIXES`; what is there is replaced.
        rate: Frames per second.
        size: Width and height, even numbers.

    Raises:
        OutputError: The codec is missing.
        OSError: The file cannot be written.
    """
    if path.suffix.lower() in PYAV_FORMATS and has_pyav():
        return PyAvEncoder(path, rate, size)
    return OpenCvEncoder(path, rate, size)


class WholeFile(FileIO):
    """A file that writes all or raises, and remembers what it raised: some of FFmpeg's containers ignore it.

    Attributes:
        failure: The first error of writing.
    """

    failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write all of `data`."""
        left = memoryview(data)
        try:
            while left:
                left = left[super().write(left) :]
        except OSError as error:
            self.failure = self.failure or error
            raise
        return len(data)


class PyAvEncoder:
    """Writes with PyAV."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        """See `open_encoder`."""
        self._av: Any = require("av", extra="record")
        container, container_options, codec, options = PYAV_FORMATS[path.suffix.lower()]
        each_second = {"g": str(max(round(rate), 1)), "threads": "1"}
        self._frames = 0
        self._file = WholeFile(path, "wb")
        try:
            self._container = self._av.open(self._file, "w", format=container, options=dict(container_options))
            self._stream = self._container.add_stream(
                codec, rate=Fraction(rate).limit_denominator(1001), options={**options, **COLOURS, **each_second}
            )
        except ValueError as error:
            self._file.close()
            path.unlink(missing_ok=True)
            raise OutputError(f"this PyAV cannot record {path.name} ({error}); choose .avi") from None
        self._stream.width, self._stream.height = size
        self._stream.pix_fmt = "yuv420p"

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Add a picture, shape (height, width, 3), BGR.

        Raises:
            OSError: It cannot be written.
        """
        planes = cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420)
        frame = self._av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = self._frames
        self._frames += 1
        self._encode(frame)

    def close(self) -> None:
        """End the video; where writing failed before, leave it as it is."""
        failed = self._file.failure is not None
        try:
            if not failed:
                self._encode(None)
            self._container.close()
        except Exception:
            # After a write that failed, FFmpeg only reports the same again.
            if not failed:
                raise
        finally:
            self._file.close()

    def _encode(self, frame: Any) -> None:
        for packet in self._stream.encode(frame):
            self._container.mux(packet)
        if self._file.failure:
            raise self._file.failure


class OpenCvEncoder:
    """Writes with OpenCV, which reports no failure: that the file does not grow any more must show it."""

    def __init__(self, path: Path, rate: float, size: tuple[int, int]) -> None:
        """See `open_encoder`."""
        self._path = path
        self._writer = _open_writer(path, rate, size)
        # Pictures after which FFmpeg must have written its buffer.
        self._patience = BUFFER_BYTES // max(MIN_PICTURE_BYTES, size[0] * size[1] // PIXELS_PER_BYTE)
        self._bytes = self._unchanged = 0

    def write(self, picture: NDArray[np.uint8]) -> None:
        """Add a picture, shape (height, width, 3), BGR.

        Raises:
            OutputError: The file does not grow any more.
        """
        self._writer.write(picture)
        size = self._path.stat().st_size
        self._unchanged = self._unchanged + 1 if size == self._bytes else 0
        self._bytes = size
        if self._unchanged > self._patience:
            raise OutputError(f"{self._path} does not grow any more; check the disk, its quota and the largest file")

    def close(self) -> None:
        """End the video."""
        self._writer.release()


def _open_writer(path: Path, rate: float, size: tuple[int, int]) -> Any:
    suffix = path.suffix.lower()
    codec = OPENCV_CODECS[suffix]
    for container in OPENCV_CONTAINERS[suffix]:
        opened = path.with_suffix(container)
        name = name_for_opencv(opened, OutputError)
        # This raises the reason of a failure; OpenCV does not.
        opened.open("wb").close()
        writer = cv2.VideoWriter(name, cv2.VideoWriter_fourcc(*codec), rate, size)
        if writer.isOpened():
            opened.replace(path)
            return writer
        opened.unlink(missing_ok=True)
    raise OutputError(
        f"OpenCV cannot record {path.name}, {size[0]}x{size[1]} in the codec {codec}; "
        "try the other suffix (.mp4, .avi), or smaller frames"
    )
