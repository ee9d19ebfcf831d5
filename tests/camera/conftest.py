"""Stand-ins for the live loop: pages of digits, videos of them, and a reader that needs no model."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.benchmarks.harness.browser import Tab, new_tab, started
from mnist_edge.camera.frames import ArraySource, Frame
from mnist_edge.camera.view import View
from mnist_edge.classes import DIGITS
from mnist_edge.cli import app
from mnist_edge.errors import PackageMissing
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box, Digit, Reading

Image = NDArray[np.uint8]
Pages = Callable[..., list[Image]]


class Run(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def complaints(self) -> list[str]:
        return self.err.splitlines()


Read = Callable[..., Run]


@pytest.fixture
def read(capsys: pytest.CaptureFixture[str]) -> Read:
    """`read("page.jpg", "--json")`: what the command printed, and its exit code."""

    def run(*arguments: object) -> Run:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            app(["read", *map(str, arguments)], prog_name="mnist-edge")
        code = ended.value.code
        return Run(code if isinstance(code, int) else int(code is not None), *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The DevTools port of a headless Chromium."""
    try:
        with started(tmp_path_factory.mktemp("chromium")) as port:
            yield port
    except PackageMissing as missing:
        pytest.skip(str(missing))


@pytest.fixture
def tab(browser: int) -> Iterator[Tab]:
    """A new tab."""
    with new_tab(browser) as tab:
        yield tab


@pytest.fixture(scope="session")
def pages() -> Pages:
    """`pages(n, digits=3, size=(320, 240))`: n equal white pages with big handwritten digits, far apart."""
    from sklearn.datasets import load_digits

    small = load_digits().images

    def draw(count: int, digits: int = 3, size: tuple[int, int] = (320, 240)) -> list[Image]:
        page = np.full((size[1], size[0], 3), 255, np.uint8)
        for index in range(digits):
            ink = cv2.resize(small[index] / 16, (60, 60), interpolation=cv2.INTER_CUBIC)
            left = 20 + index * 90
            page[90:150, left : left + 60] = (255 - np.clip(ink, 0, 1) * 255).astype(np.uint8)[..., None]
        return [page.copy() for _ in range(count)]

    return draw


@pytest.fixture(scope="session")
def write_video() -> Callable[[Path, Sequence[Image]], Path]:
    """`write_video(path, images)`: a real video at 25 frames per second."""

    def write(path: Path, images: Sequence[Image]) -> Path:
        codec = cv2.VideoWriter_fourcc(*("mp4v" if path.suffix == ".mp4" else "MJPG"))
        writer = cv2.VideoWriter(str(path), codec, 25.0, images[0].shape[1::-1])
        assert writer.isOpened()
        for image in images:
            writer.write(image)
        writer.release()
        return path

    return write


@pytest.fixture(scope="session")
def frames_of() -> Callable[[Path], list[Image]]:
    """`frames_of(path)`: what OpenCV alone reads from a video."""

    def read(path: Path) -> list[Image]:
        capture = cv2.VideoCapture(str(path))
        found: list[Image] = []
        while True:
            there, image = capture.read()
            if not there:
                capture.release()
                return found
            found.append(image)

    return read


class InkReader:
    """Finds each blob of dark ink and calls it a 7."""

    min_confidence = 0.5
    classes = DIGITS

    def read(self, frame: Image, source: str) -> Reading:
        dark = (frame.min(axis=2) < 100).astype(np.uint8)
        dark = cv2.dilate(dark, np.ones((15, 15), np.uint8))
        stats: Any = cv2.connectedComponentsWithStats(dark)[2]
        digits = tuple(Digit(7, 0.9, Box(*map(int, row[:4]))) for row in sorted(stats[1:].tolist()))
        return Reading(source, frame.shape[1], frame.shape[0], "ink", "none", digits, ("7" * len(digits),))


@pytest.fixture
def ink_reader() -> InkReader:
    return InkReader()


@pytest.fixture
def array_source() -> Callable[..., ArraySource]:
    return ArraySource


@pytest.fixture(scope="session")
def blank() -> Callable[..., Frame]:
    """`blank(number, seconds)`: a frame that nobody looks at."""

    def make(number: int = 0, seconds: float = 0.0, source: str = "blank") -> Frame:
        return Frame(np.zeros((2, 2, 3), np.uint8), number, seconds, source)

    return make


@pytest.fixture(scope="session")
def view() -> Callable[..., View]:
    """`view(image, number=0, seconds=0.0, digits=())`: what the loop knows after a frame."""

    def make(
        image: Image | None = None,
        number: int = 0,
        seconds: float = 0.0,
        digits: tuple[Digit, ...] = (),
        **more: Any,
    ) -> View:
        image = np.full((48, 64, 3), 255, np.uint8) if image is None else image
        text = ("".join(str(one.label) for one in digits),) if digits else ()
        reading = Reading("a camera", image.shape[1], image.shape[0], "a model", "a runtime", digits, text)
        return View(Frame(image, number, seconds, "a camera"), reading, digits, text, **more)

    return make


# Pen strokes in a box 0.6 wide and 1 high, since the fonts of OpenCV differ from version to version.
STROKES: dict[int, list[list[tuple[float, float]]]] = {
    0: [[(0.3 + 0.3 * np.cos(a), 0.5 + 0.5 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 40)]],
    1: [[(0.3, 0), (0.3, 1)]],
    2: [[(0, 0.22), (0.13, 0.04), (0.4, 0), (0.58, 0.14), (0.54, 0.38), (0.3, 0.7), (0, 1), (0.6, 1)]],
    3: [[(0, 0.1), (0.3, 0), (0.58, 0.12), (0.5, 0.38), (0.22, 0.46), (0.54, 0.58), (0.6, 0.8), (0.3, 1), (0, 0.9)]],
    4: [[(0.1, 0), (0, 0.55), (0.6, 0.5)], [(0.5, 0.05), (0.5, 1)]],
    5: [[(0.6, 0), (0.08, 0), (0.05, 0.42), (0.35, 0.38), (0.6, 0.62), (0.5, 0.92), (0.25, 1), (0, 0.9)]],
    6: [[(0.45, 0), (0.12, 0.35), (0, 0.7), (0.15, 0.97), (0.45, 0.97), (0.6, 0.75), (0.42, 0.55), (0.05, 0.7)]],
    7: [[(0, 0), (0.6, 0), (0.2, 1)]],
    8: [
        [(0.3 + 0.22 * np.cos(a), 0.25 + 0.25 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 40)],
        [(0.3 + 0.3 * np.cos(a), 0.74 + 0.26 * np.sin(a)) for a in np.linspace(0, 2 * np.pi, 40)],
    ],
    9: [[(0.58, 0.22), (0.4, 0), (0.12, 0.05), (0, 0.25), (0.15, 0.45), (0.45, 0.42), (0.58, 0.22), (0.5, 1)]],
}


@pytest.fixture(scope="session")
def write_digit() -> Callable[..., Box]:
    """`write_digit(page, 7, x, y, height, pen, ink)`: draws a digit onto any array; the box of what it changed."""

    def write(page: Image, label: int, x: int, y: int, height: int, pen: int, ink: Any = (40, 35, 30)) -> Box:
        mask = np.zeros(page.shape[:2], np.uint8)
        for line in STROKES[label]:
            points = np.rint(np.array(line) * height + (x, y)).astype(np.int32)
            cv2.polylines(mask, [points], False, 255, pen)
        page[mask > 0] = ink
        return Box(*cv2.boundingRect(mask))

    return write


@pytest.fixture(scope="module")
def long_video(
    tmp_path_factory: pytest.TempPathFactory, pages: Pages, write_video: Callable[[Path, Sequence[Image]], Path]
) -> Path:
    """More of it than a busy machine shows before somebody looks."""
    return write_video(tmp_path_factory.mktemp("video") / "page.avi", pages(1) * 3_000)


@pytest.fixture(scope="module")
def no_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whoever runs the tests may have a camera of their own."""
    from tests.camera.camera_process import NO_DISPLAY

    with pytest.MonkeyPatch.context() as patch:
        folder = str(tmp_path_factory.mktemp("settings"))
        patch.setenv("XDG_CONFIG_HOME", folder)
        patch.setitem(NO_DISPLAY, "XDG_CONFIG_HOME", folder)
        yield
