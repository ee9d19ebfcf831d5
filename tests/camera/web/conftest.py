"""A served page, ways to ask it for things, and a browser that looks at it."""

import asyncio
import base64
import http.client
import json
import logging
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.meter import Meter
from mnist_edge.camera.web import Gallery, WebView
from mnist_edge.optional_packages import require
from mnist_edge.reading import Box, Digit, Reading
from tests.helpers import PATIENCE_SECONDS, wait_until

CHROMIUM = shutil.which("chromium")


@pytest.fixture(autouse=True)
def _no_complaints(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Whatever clients send, nothing is printed and no bug is logged."""
    yield
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    assert capfd.readouterr() == ("", "")


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: Any
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """A page that is served, and what it was told and given."""

    web: WebView
    controls: Controls
    meter: Meter
    caplog: pytest.LogCaptureFixture
    read: list[NDArray[np.uint8]] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        """What our own modules logged."""
        return [one.getMessage() for one in self.caplog.records if one.name.startswith("mnist_edge.")]

    @property
    def port(self) -> int:
        return urlsplit(self.web.url).port or 0

    @property
    def encoded(self) -> int:
        return self.meter.display.total

    @contextmanager
    def connection(self) -> Iterator[http.client.HTTPConnection]:
        made = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            yield made
        finally:
            made.close()

    def ask(self, path: str, body: bytes | None = None, method: str = "", **headers: str) -> Answer:
        """`ask("/api/status")`; header names have _ for -."""
        with self.connection() as connection:
            shown = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method or ("GET" if body is None else "POST"), path, body, shown)
            response = connection.getresponse()
            return Answer(response.status, response.headers, response.read())

    @contextmanager
    def raw(self, request: bytes, receive_buffer: int = 0) -> Iterator[socket.socket]:
        """A connection over which any bytes are sent."""
        with closing(socket.socket()) as made:
            made.settimeout(PATIENCE_SECONDS)
            if receive_buffer:
                made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
            made.connect(("127.0.0.1", self.port))
            made.sendall(request)
            yield made

    @staticmethod
    def is_closed(connection: socket.socket) -> bool:
        """Whether the server closes the connection without another word."""
        with suppress(ConnectionResetError):
            return connection.recv(65536) == b""
        return True

    def change(self, document: object, **headers: str) -> Answer:
        return self.ask("/api/controls", json.dumps(document).encode(), Content_Type="application/json", **headers)


@pytest.fixture
def serve(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Served]]:
    """`serve(address="127.0.0.1:0", token=None, read=..., gallery=...)`: a running page."""
    with ExitStack() as stack:

        def start(
            address: str = "127.0.0.1:0", token: str | None = None, read: Any = None, gallery: Gallery | None = None
        ) -> Served:
            controls, meter, seen = Controls(0.5), Meter(), []

            def remember(picture: NDArray[np.uint8]) -> Reading:
                seen.append(picture)
                digits = (Digit(4, 0.98765, Box(1, 2, 3, 4)),)
                return Reading("upload", picture.shape[1], picture.shape[0], "m", "r", digits, ("4",))

            read = read or remember
            web = WebView(address, controls, meter, read=read, token=token, gallery=gallery)
            return Served(stack.enter_context(web), controls, meter, caplog, seen)

        yield start


class Tab:
    """One page in a headless browser, steered over its DevTools protocol."""

    def __init__(self, target: str) -> None:
        self._loop = asyncio.new_event_loop()
        self._id = 0
        self.complaints: list[str] = []
        connect = require("tornado.websocket", extra="web").websocket_connect

        async def open_socket() -> Any:
            return await connect(target, max_message_size=1 << 28)

        self._socket = self._loop.run_until_complete(open_socket())
        for domain in ("Page", "Runtime", "Log"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> Any:
        self._id += 1
        return self._loop.run_until_complete(asyncio.wait_for(self._call(method, parameters), PATIENCE_SECONDS))

    async def _call(self, method: str, parameters: dict[str, Any]) -> Any:
        await self._socket.write_message(json.dumps({"id": self._id, "method": method, "params": parameters}))
        while True:
            message = json.loads(await self._socket.read_message())
            if message.get("id") == self._id:
                assert "error" not in message, message
                return message["result"]
            if message["method"] in ("Log.entryAdded", "Runtime.exceptionThrown"):
                self.complaints.append(json.dumps(message["params"]))

    def open(self, url: str, width: int = 1280, height: int = 900, dark: bool = False) -> None:
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1 if width > 600 else 2,
            mobile=width < 600,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=url)

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def text(self, selector: str) -> str:
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def press(self, key: str) -> None:
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        codes = {"Enter": 13, "Tab": 9, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37, " ": 32}
        about = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key[0]))}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def click(self, selector: str) -> None:
        find = f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: "center"}}); const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]; }})()"""
        x, y = self.run(find)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path, whole: bool = False) -> Path:
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def close(self) -> None:
        self._socket.close()
        # The closing handshake needs the event loop to run.
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The DevTools port of a headless Chromium."""
    if not CHROMIUM:
        pytest.skip("chromium is not installed")
    home = tmp_path_factory.mktemp("chromium")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    flags += ["--disable-component-update", "--disable-background-networking", "--disable-sync"]
    process = subprocess.Popen(
        [CHROMIUM, *flags, f"--user-data-dir={home}", "--remote-debugging-port=0", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port = home / "DevToolsActivePort"
        wait_until(lambda: process.poll() is not None or (port.exists() and port.read_text().count("\n")))
        assert process.poll() is None, "chromium does not start"
        yield int(port.read_text().split()[0])
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@pytest.fixture
def tab(browser: int) -> Iterator[Tab]:
    """A new tab."""
    request = urllib.request.Request(f"http://127.0.0.1:{browser}/json/new?about:blank", method="PUT")
    with urllib.request.urlopen(request) as response:
        about = json.load(response)
    made = Tab(about["webSocketDebuggerUrl"])
    yield made
    made.close()
    with urllib.request.urlopen(f"http://127.0.0.1:{browser}/json/close/{about['id']}"):
        pass
