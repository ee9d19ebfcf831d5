"""The window of `mnist-edge camera`, on a screen in memory."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.sinks.panel import BACK
from mnist_edge.opencv import cv2
from tests.camera.camera_process import NO_DISPLAY, camera
from tests.helpers import wait_until

Image = NDArray[np.uint8]
Pages = Callable[..., list[Image]]
pytestmark = pytest.mark.usefixtures("no_settings")


@pytest.fixture(scope="module")
def display() -> Iterator[str]:
    """A screen in memory, as small as those made for a Raspberry Pi."""
    if not shutil.which("Xvfb"):
        pytest.skip("Xvfb is not installed")
    if "GUI:                           NONE" in cv2.getBuildInformation():
        pytest.skip("this OpenCV has no windows")
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x480x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(write)
    with os.fdopen(read) as answer:
        number = answer.readline().strip()
    yield f":{number}"
    server.terminate()
    server.wait(timeout=20)


def screenshot(display: str, path: Path) -> Image:
    # Not ImageMagick's import: it grabs the server, and a window that opens just then stays blank.
    grab = ["ffmpeg", "-y", "-loglevel", "error", "-f", "x11grab", "-i", display, "-frames:v", "1", str(path)]
    subprocess.run(grab, check=True, timeout=30)
    return np.asarray(cv2.imread(str(path)), np.uint8)


def opened(
    display: str, path: Path, looks_right: Callable[[Image], bool], *arguments: object
) -> tuple["subprocess.Popen[str]", Image]:
    """The command once its window looks right, and that picture of the screen.

    Without a window manager, on a busy machine, Qt leaves one window in ten black for good: then another is opened.
    """
    for _ in range(5):
        process = camera(*arguments, "--window", env=NO_DISPLAY | {"DISPLAY": display})
        deadline = time.monotonic() + 20
        while process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.25)
            picture = screenshot(display, path)
            if looks_right(picture):
                return process, picture
        process.kill()
        _, err = process.communicate(timeout=30)
    raise AssertionError(f"{err}\nthe brightest pixel on the screen: {picture.max()}")


def foot(picture: Image) -> NDArray[np.intp]:
    """The lines of the screen that belong to the text and the keys below the picture."""
    return np.flatnonzero((np.abs(picture.astype(int) - BACK).max(axis=2) < 12).mean(axis=1) > 0.3)


def press(key: str, environment: dict[str, str], until: Callable[[], bool]) -> None:
    """Press a key again and again.

    Without a window manager a key goes to the window under the pointer, as soon as there is one.
    """
    command = ["xdotool", "mousemove", "100", "100", "key", key, "sleep", "0.25"]
    wait_until(until, f"the effect of {key}", meanwhile=lambda: subprocess.run(command, env=environment, timeout=30))


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg takes the screenshot")
def test_the_window_shows_the_digits_and_ends_on_a_signal(long_video: Path, display: str, tmp_path: Path) -> None:
    def digits(picture: Image) -> bool:
        # Boxes are the only thing with a colour, whatever the confidence.
        boxes = np.ptp(picture.astype(int), axis=2) > 60
        return bool(boxes.sum() > 200 and (picture.min(axis=2) > 240).sum() > 20_000)

    process, _ = opened(display, tmp_path / "screen.png", digits, "--source", long_video)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert len(err.splitlines()) == 1 and "frames in" in err


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool presses the keys")
@pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg takes the screenshot")
def test_the_whole_window_fits_a_small_screen_and_obeys_its_keys(display: str, tmp_path: Path) -> None:
    environment, shots = NO_DISPLAY | {"DISPLAY": display}, tmp_path / "shots"
    process, picture = opened(
        display, tmp_path / "screen.png", lambda picture: len(foot(picture)) > 40,
        "--source", "fake", "--snapshots", shots,
    )  # fmt: skip
    press("s", environment, until=lambda: process.poll() is not None or len(list(shots.glob("*"))) == 2)
    subprocess.run(["xdotool", "key", "q"], env=environment, timeout=30)
    process.communicate(timeout=30)
    assert {path.suffix for path in shots.glob("*")} == {".jpg", ".png"}
    # The keys stand on the last lines.
    last = foot(picture)[-1]
    assert last < 479
    assert (picture[last - 24 : last].min(axis=2) > 110).sum() > 200


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool presses the keys")
def test_a_still_picture_in_the_window_can_be_kept_and_then_goes(pages: Pages, display: str, tmp_path: Path) -> None:
    environment, shots = NO_DISPLAY | {"DISPLAY": display}, tmp_path / "shots"
    cv2.imwrite(str(tmp_path / "page.png"), pages(1)[0])
    process = camera("--source", tmp_path / "page.png", "--window", "--snapshots", shots, env=environment)
    press("s", environment, until=lambda: process.poll() is not None or len(list(shots.glob("*"))) == 2)
    assert {path.suffix for path in shots.glob("*")} >= {".jpg", ".png"}
    assert process.poll() is None
    subprocess.run(["xdotool", "key", "n"], env=environment, timeout=30)
    process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool presses the keys")
@pytest.mark.parametrize("key", ["q", "Escape"])
def test_a_key_ends_the_window(long_video: Path, display: str, key: str) -> None:
    environment = NO_DISPLAY | {"DISPLAY": display}
    process = camera("--source", long_video, "--window", env=environment)
    press(key, environment, until=lambda: process.poll() is not None)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert int(err.split()[0]) < 3_000
