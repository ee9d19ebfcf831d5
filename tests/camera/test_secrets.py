"""Secrets are planted wherever people write them, and everything that leaves the process is searched for them."""

import logging
import os
import re
import socket
import stat
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from mnist_edge.benchmarks.endurance.mjpeg_stream import open_stream
from mnist_edge.benchmarks.harness.camera_process import CameraProcess, start_camera
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from mnist_edge.errors import MnistEdgeError
from mnist_edge.safe_text import HIDDEN

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="systemd is Linux's")
SECRET = "s3cret"
TOKEN = "s3cret-token-of-the-page"


class Systemd:
    """Hears what a service says of itself."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "notify"
        self.ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.ear.bind(str(self.place))
        self.ear.setblocking(False)

    def heard(self) -> str:
        messages = []
        while True:
            try:
                messages.append(self.ear.recv(65_536).decode())
            except BlockingIOError:
                return "\n".join(messages)


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[Systemd]:
    made = Systemd(tmp_path)
    with made.ear:
        yield made


def page_of(camera: CameraProcess) -> str:
    """Where its web page is, once it has said so."""
    place = re.compile(r"web page at (http://\S+?)(?:/\?token=.*|,.*|)$")
    assert camera.wait_for(lambda: any(place.search(note.text) for note in tuple(camera.notes)))
    (found,) = (match[1] for note in camera.notes if (match := place.search(note.text)))
    return found


def ask(page: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, str]:
    connection = HTTPConnection(str(urlsplit(page).hostname), urlsplit(page).port, timeout=30)
    try:
        shown = {"Authorization": f"Bearer {TOKEN}"} | {name.replace("_", "-"): text for name, text in headers.items()}
        connection.request("GET" if body is None else "POST", path, body, shown)
        answer = connection.getresponse()
        # Streams of events have no end.
        content = answer.read1(65_536) if path.endswith("events") else answer.read()
        return answer.status, f"{answer.headers}{content.decode(errors='replace')}"
    finally:
        connection.close()


def written_in(folder: Path, *but: Path) -> dict[str, str]:
    return {
        str(path): path.read_bytes().decode(errors="replace")
        for path in folder.rglob("*")
        if path.is_file() and path not in but
    }


@pytest.mark.slow
def test_no_output_of_a_camera_tells_a_secret(tmp_path: Path, systemd: Systemd) -> None:
    pytest.importorskip("tornado")
    pytest.importorskip("paho.mqtt.client")
    config = tmp_path / "mnist-edge" / "camera.toml"
    config.parent.mkdir()
    with open_stream() as stream, socket.create_server(("127.0.0.1", 0)) as silent:
        place = stream.url.removeprefix("http://").rstrip("/")
        config.write_text(
            f'source = "http://{SECRET}user:{SECRET}@{place}/v.cgi?user={SECRET}&pwd={SECRET}#{SECRET}"\n'
            f'mqtt = "mqtt://{SECRET}user:{SECRET}%2Fx@127.0.0.1:{silent.getsockname()[1]}/desk"\n'
            f'token = "{TOKEN}"\nserve = "127.0.0.1:0"\nevents = "events.jsonl"\ncollect = "crops"\nrecord = "videos"\n'
        )
        config.chmod(0o644)
        with start_camera(tmp_path, environment={"NOTIFY_SOCKET": str(systemd.place)}) as camera:
            page = page_of(camera)
            paths = (
                "/",
                "/api/status",
                "/api/reading",
                "/api/events",
                "/metrics",
                "/api/gallery",
                "/nothing",
                "/healthz",
            )
            assert camera.wait_for(lambda: '"source": null' not in ask(page, "/api/status")[1])
            answers = {path: ask(page, path)[1] for path in paths}
            answers["change"] = ask(page, "/api/controls", b'{"snapshot": true}', Content_Type="application/json")[1]
            answers["read"] = ask(page, "/api/read", b"no picture", Content_Type="image/png")[1]
            for origin in ("http://[", "http://[::1", "null", f"http://{SECRET}@["):
                status, _ = ask(page, f"/api/controls?token={TOKEN}", b"{}", Origin=origin)
                assert status == 403
            with stream.having("gone"):
                assert camera.wait_for(lambda: camera.logged("trying again") > 0)
                answers["away"] = ask(page, "/api/status")[1]
            assert camera.interrupt()[0] == 0
    outputs = written_in(tmp_path, config) | answers
    outputs |= {"systemd": systemd.heard(), "notes": "\n".join(note.text for note in camera.notes)}
    assert [name for name, text in outputs.items() if SECRET in text] == []
    assert f"http://{HIDDEN}@{place}/v.cgi?{HIDDEN}" in outputs["away"]
    assert "STATUS=" in outputs["systemd"] and "others may read" in outputs["notes"]
    assert len(outputs) > len(answers) + 4


@pytest.mark.parametrize(
    "line",
    [
        f'source = "rtsp://user:{SECRET}/x@127.0.0.1:1/"',
        f'source = "rtsp://127.0.0.1:1/?pwd={SECRET}"\nmax_retries = 0',
        f'source = "nothing://user:{SECRET} x@h/"\nmax_retries = 0',
        f'source = "fake"\nmqtt = "mqtt://u:{SECRET}@"',
        f'source = "fake"\ntoken = ["{SECRET}"]',
        f'source = "fake"\nmqtt = ["mqtt://u:{SECRET}@h"]',
        f'source = "fake"\nthreads = "http://u:{SECRET}@h"',
    ],
)
def test_no_error_tells_a_secret(line: str, tmp_path: Path) -> None:
    config = tmp_path / "camera.toml"
    config.write_text(f"{line}\ntimeout = 1\nwindow = false\n")
    config.chmod(0o600)
    with start_camera(tmp_path, "--config", str(config)) as camera:
        assert camera.wait_for(lambda: bool(camera.notes))
        camera.interrupt()
    said = "\n".join(note.text for note in camera.notes)
    assert said and SECRET not in said and "Traceback" not in said


@pytest.mark.slow
def test_a_made_up_token_goes_to_no_journal(tmp_path: Path, systemd: Systemd) -> None:
    pytest.importorskip("tornado")
    state = tmp_path / "state"
    known = {"NOTIFY_SOCKET": str(systemd.place), "STATE_DIRECTORY": str(state)}
    tokens = []
    for mode in (0o600, 0o644):
        with start_camera(tmp_path, "--source", "fake", "--serve", "0.0.0.0:0", environment=known) as camera:
            page = page_of(camera)
            file = state / "web-token"
            tokens.append(file.read_text().strip())
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert camera.logged(f"which asks for the token in {file}") == 1
            assert ask(page, "/api/status")[0] == 401
            assert ask(page, "/api/status", Authorization=f"Bearer {tokens[-1]}")[0] == 200
            assert camera.interrupt()[0] == 0
        said = systemd.heard() + "".join(note.text for note in camera.notes)
        assert tokens[-1] not in said and "STATUS=" in said
        file.chmod(mode)
    # Whoever has it in a bookmark finds the page again, unless others may have read it meanwhile.
    with start_camera(tmp_path, "--source", "fake", "--serve", "0.0.0.0:0", environment=known) as camera:
        page_of(camera)
        tokens.append(file.read_text().strip())
    assert tokens[0] == tokens[1] != tokens[2] and len(tokens[2]) > 20


def test_what_tornado_logs_of_a_bug_tells_no_token(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("tornado")
    from mnist_edge.camera.controls import Controls
    from mnist_edge.camera.meter import Meter
    from mnist_edge.camera.web import WebView

    def broken(picture: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr("mnist_edge.camera.web.status.status_of", broken)
    with (
        caplog.at_level(logging.DEBUG),
        WebView("127.0.0.1:0", Controls(0.5), Meter(), read=broken, token=TOKEN) as web,
    ):
        for path in ("/api/status?token=", "/api/status?token=%ff&token="):
            assert ask(web.url, path + TOKEN)[0] in (400, 500)
    assert "Uncaught exception" in caplog.text and "/api/status?***" in caplog.text
    assert SECRET not in caplog.text


def test_a_source_that_opencv_cannot_be_given_is_refused(tmp_path: Path) -> None:
    for name in (b"caf\xe9.mp4", b"caf\xe9.png", b"caf\xe9.gif"):
        file = Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))
        file.write_bytes(bytes(range(256)) * 4)
        with pytest.raises(MnistEdgeError, match="not UTF-8"), open_source(Settings(source=str(file)), Stop()):
            pass
