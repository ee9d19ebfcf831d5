"""`mnist-edge camera` as its users run it: a process, real videos and signals."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from urllib.request import urlopen

import numpy as np
import pytest
from numpy.typing import NDArray
from typer.testing import CliRunner

from mnist_edge.classes import DIGITS
from mnist_edge.cli import app
from mnist_edge.opencv import cv2
from tests.camera.camera_process import NO_DISPLAY, camera, finished
from tests.helpers import as_part, wait_until

pytestmark = pytest.mark.usefixtures("no_settings")

Image = NDArray[np.uint8]
Pages = Callable[..., list[Image]]
WriteVideo = Callable[[Path, list[Image]], Path]

# As if somebody had paused it before the first frame.
PAUSED = """
wanted = module.Controls
def paused(*arguments, **options):
    controls = wanted(*arguments, **options)
    controls.paused = True
    return controls
module.Controls = paused
"""


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory, pages: Pages, write_video: WriteVideo) -> Path:
    """Ten seconds of a page with three digits."""
    return write_video(tmp_path_factory.mktemp("video") / "page.avi", pages(250))


def test_headless_prints_the_text_and_notes_why(video: Path) -> None:
    code, out, err = finished("--source", video, "--max-frames", 20)
    assert (code, out.replace(" ", "")) == (0, "777\n")
    note, summary = err.splitlines()
    assert note.startswith("note: no window: neither DISPLAY")
    assert summary.startswith("20 frames in ")


def test_events_on_stdout_are_json_lines_and_nothing_else(video: Path) -> None:
    code, out, err = finished("--source", video, "--max-frames", 20, "--events", "-", "--no-window")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert [line["event"] for line in lines] == ["appeared"] * 3 + ["gone"] * 3
    assert {"time", "frame", "event", "track", "digits", "text"} <= set(lines[0])
    assert len(err.splitlines()) == 1


def test_events_are_added_to_a_file(video: Path, tmp_path: Path) -> None:
    events = tmp_path / "new" / "events.jsonl"
    for _ in range(2):
        assert finished("--source", video, "--max-frames", 5, "--events", events)[0] == 0
    assert [json.loads(line)["event"] for line in events.read_text().splitlines()].count("gone") == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(
    video: Path, tmp_path: Path, frames_of: Callable[[Path], list[Image]], number: signal.Signals
) -> None:
    recording = tmp_path / "seen.mp4"
    process = camera("--source", video, "--events", "-", "--record", recording, delay=0.1)
    assert process.stdout
    assert json.loads(process.stdout.readline())["event"] == "appeared"
    process.send_signal(number)
    # As `timeout` does: the same again, at once.
    process.send_signal(number)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [json.loads(line)["event"] for line in out.splitlines()][-3:] == ["gone"] * 3
    frames = int(err.splitlines()[-1].split()[0])
    assert 3 <= frames < 250
    assert len(frames_of(recording)) == frames


def test_a_second_signal_ends_it_at_once(video: Path) -> None:
    process = camera("--source", video, "--events", "-", delay=30)
    assert process.stderr and "no window" in process.stderr.readline()
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT


@pytest.fixture
def dying_stream(pages: Pages) -> Iterator[str]:
    """The address of an MJPEG stream that breaks off after ten frames, and that nobody answers from then on."""
    part = as_part(cv2.imencode(".jpg", pages(1)[0])[1].tobytes())
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with suppress(OSError), server.accept()[0] as stream:
                server.close()
                stream.recv(65536)
                stream.sendall(b"HTTP/1.0 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=cut\r\n\r\n")
                for _ in range(10):
                    stream.sendall(part)
                    time.sleep(0.1)

        address = f"http://127.0.0.1:{server.getsockname()[1]}/stream.mjpg"
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield address
    thread.join(timeout=30)


def test_a_signal_ends_the_waiting_for_a_lost_camera(dying_stream: str) -> None:
    process = camera("--source", dying_stream, "--events", "-", "--no-window")
    assert process.stdout and process.stderr
    note = process.stderr.readline()
    assert note.startswith("note: ") and "trying again" in note
    events = [json.loads(process.stdout.readline())["event"] for _ in range(6)]
    assert events == ["appeared"] * 3 + ["gone"] * 3
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (0, "")
    assert "frames in" in err.splitlines()[-1]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")
def test_a_pause_is_a_sign_of_life_and_a_signal_ends_it(long_video: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        watched = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
        process = camera("--source", long_video, "--no-window", env=NO_DISPLAY | watched, before=PAUSED)
        messages = [systemd.recv(4096).decode() for _ in range(4)]
        assert messages == ["READY=1\nWATCHDOG=1"] + ["WATCHDOG=1"] * 3
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
        assert err.startswith("1 frame in ")
        while messages[-1] == "WATCHDOG=1":
            messages.append(systemd.recv(4096).decode())
        assert (process.returncode, messages[-1]) == (0, "STOPPING=1")


def test_a_configuration_file_tells_what_flags_do_not(video: Path, tmp_path: Path) -> None:
    file = tmp_path / "camera.toml"
    file.write_text(f'source = "{video}"\nmax-frames = 50\nevents = "events.jsonl"\nwindow = false\ntoken = "s3cret"\n')
    file.chmod(0o644)
    code, out, err = finished("--config", file, "--max-frames", 7)
    assert (code, out.replace(" ", "")) == (0, "777\n")
    note, summary = err.splitlines()
    assert note.startswith(f"note: others may read {file}") and summary.startswith("7 frames in ")
    assert len((tmp_path / "events.jsonl").read_text().splitlines()) == 6


@pytest.mark.slow
def test_a_recording_holds_every_frame_drawn_over(
    video: Path, tmp_path: Path, pages: Pages, frames_of: Callable[[Path], list[Image]]
) -> None:
    recording = tmp_path / "seen.avi"
    arguments = ("--source", video, "--max-frames", 12, "--record", recording, "--no-window")
    assert finished(*arguments)[0] == 0
    frames = frames_of(recording)
    assert len(frames) == 12
    assert (np.abs(frames[5].astype(int) - pages(1)[0]).max(axis=2) > 60).sum() > 200
    code, out, err = finished(*arguments)
    assert (code, out) == (1, "")
    assert err == f"error: {recording} exists already; choose another name, or add --force to replace it\n"
    assert finished(*arguments, "--force")[0] == 0


def test_a_folder_of_pictures_prints_a_line_for_each(tmp_path: Path, pages: Pages) -> None:
    for number in range(3):
        cv2.imwrite(str(tmp_path / f"{number}.png"), pages(1, digits=2)[0])
    code, out, _ = finished("--source", tmp_path, "--no-window")
    assert (code, out.replace(" ", "")) == (0, "77\n" * 3)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--source", "63"], 1, "camera"),
        (["--source", "missing.mp4"], 1, "there is no missing.mp4"),
        (["--source", "http://127.0.0.1:1/x"], 1, "does not open"),
        (["--source", "VIDEO", "--window"], 1, "no window can be shown: neither DISPLAY"),
        (["--source", "VIDEO", "--no-window", "--record", "clip.gif"], 2, "clip.gif"),
        (["--source", "VIDEO", "--max-frames", "0"], 2, "max-frames"),
        (["--source", "VIDEO", "--min-confidence", "2"], 2, "min-confidence"),
        (["--source", "VIDEO", "--rotate", "45"], 2, "--rotate 45: choose 0, 90, 180 or 270"),
        (["--source", "VIDEO", "--crop", "1,2"], 2, "1,2"),
        (["--source", "VIDEO", "--config", "nowhere.toml"], 2, "there is no nowhere.toml"),
    ],
)
def test_what_a_user_can_mend_is_one_line(
    video: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], code: int, message: str
) -> None:
    monkeypatch.setattr("mnist_edge.camera.run_camera.Reader", lambda *_, **__: SimpleNamespace(classes=DIGITS))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    words = [str(video) if word == "VIDEO" else word for word in arguments]
    result = CliRunner().invoke(app, ["camera", *words])
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.startswith("error: ") and len(result.stderr.splitlines()) == 1
    assert message in result.stderr


def test_who_closes_the_pipe_ends_it(video: Path) -> None:
    with camera("--source", video, "--events", "-", "--no-window") as process:
        assert process.stdout and process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(30) == 141


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stuck", ["standard output", "pipe", "recording"])
def test_a_signal_ends_it_whatever_is_stuck_and_what_was_lost_is_said(
    tmp_path: Path, number: signal.Signals, stuck: str
) -> None:
    reader, full = os.pipe()
    os.set_blocking(full, False)
    with suppress(BlockingIOError):
        while os.write(full, bytes(4096)):
            pass
    os.set_blocking(full, True)
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / "video.part.avi")
    flags: dict[str, tuple[object, ...]] = {
        "standard output": ("--events", "-"),
        "pipe": ("--events", tmp_path / "pipe"),
        "recording": ("--record", tmp_path / "video.avi", "--force", "--events", tmp_path / "events.jsonl"),
    }
    command = [sys.executable, "-m", "mnist_edge", "camera", "--source", "fake", "--no-window", "--serve", "0"]
    process = subprocess.Popen(
        [*command, *map(str, flags[stuck])], stdout=full, stderr=subprocess.PIPE, text=True, env=NO_DISPLAY
    )
    os.close(full)
    assert process.stderr
    try:
        url = process.stderr.readline().split()[-1]

        def frames() -> int:
            with urlopen(f"{url}/api/status", timeout=30) as answer:
                return int(json.load(answer)["stats"]["frames"])

        wait_until(lambda: frames() >= 30, "30 frames")
        with urlopen(f"{url}/healthz", timeout=30) as answer:
            assert answer.status == 200
        process.send_signal(number)
        # Three seconds on a quiet machine, where it never ended before.
        _, err = process.communicate(timeout=60)
    finally:
        os.close(reader)
        process.kill()
        process.communicate()
    assert process.returncode == 0
    what = "frames of the recording" if stuck == "recording" else f"events for {flags[stuck][1]}"
    assert f"note: {what.replace('for -', 'for standard output')} lost: " in err and "Traceback" not in err


def test_a_trained_model_reads_the_video(video: Path, exported: dict[str, Path], tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    command = [sys.executable, "-m", "mnist_edge", "camera", "--source", video, "--model", exported["int8"]]
    options = ["--max-frames", "30", "--min-confidence", "0", "--events", events, "--no-window"]
    subprocess.run([str(part) for part in command + options], check=True, timeout=60, env=NO_DISPLAY)
    lines = [json.loads(line) for line in events.read_text().splitlines()]
    assert {line["event"] for line in lines} >= {"appeared", "gone"}
