"""A headless Chromium that tools and tests steer as a person would, over its DevTools protocol."""

import asyncio
import base64
import json
import shutil
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from mnist_edge.errors import PackageMissing
from mnist_edge.optional_packages import require

# How long a busy machine may take for anything that the browser is asked.
PATIENCE_SECONDS = 60.0
KEY_CODES = {
    "Enter": 13, "Tab": 9, "Escape": 27, "ArrowRight": 39, "ArrowLeft": 37, "ArrowDown": 40, "ArrowUp": 38,
    "Backspace": 8, "Delete": 46, " ": 32,
}  # fmt: skip


class Tab:
    """One page in a headless browser, steered over its DevTools protocol."""

    def __init__(self, target: str) -> None:
        """Take over the tab whose address for steering is `target`."""
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
        """Call a method of the protocol; returns its result."""
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
        """Show an address in a window of this size."""
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
        """The text of the first element that a selector finds."""
        return str(self.run(f"document.querySelector({json.dumps(selector)})?.textContent ?? ''"))

    def press(self, key: str) -> None:
        """Press a key."""
        text = {"Enter": "\r"}.get(key, key if len(key) == 1 else "")
        about = {"key": key, "windowsVirtualKeyCode": KEY_CODES.get(key, ord(key[0].upper()))}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def click(self, selector: str) -> None:
        """Click into the middle of an element."""
        find = f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: "center"}}); const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]; }})()"""
        x, y = self.run(find)
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path: Path, whole: bool = False) -> Path:
        """Write a picture of the page; returns its path."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def close(self) -> None:
        """Let go of the tab."""
        self._socket.close()
        # The closing handshake needs the event loop to run.
        self._loop.run_until_complete(asyncio.sleep(0.1))
        self._loop.close()


@contextmanager
def started(home: Path) -> Iterator[int]:
    """Start a browser, which ends with the block; yields the port of its DevTools protocol.

    Args:
        home: An empty folder for what it keeps.

    Raises:
        PackageMissing: Chromium is not installed, or does not start.
    """
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise PackageMissing("Chromium is not installed; install it with: sudo apt install chromium")
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"]
    flags += ["--disable-component-update", "--disable-background-networking", "--disable-sync"]
    process = subprocess.Popen(
        [chromium, *flags, f"--user-data-dir={home}", "--remote-debugging-port=0", "about:blank"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        port, deadline = home / "DevToolsActivePort", time.monotonic() + PATIENCE_SECONDS
        while not (port.exists() and port.read_text().count("\n")):
            if process.poll() is not None or time.monotonic() > deadline:
                raise PackageMissing("Chromium does not start; try: chromium --headless --version")
            time.sleep(0.02)
        yield int(port.read_text().split()[0])
    finally:
        process.terminate()
        process.wait(PATIENCE_SECONDS)


@contextmanager
def new_tab(port: int) -> Iterator[Tab]:
    """Open a tab of the browser, which is closed with the block."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/json/new?about:blank", method="PUT")
    with urllib.request.urlopen(request) as response:
        about = json.load(response)
    made = Tab(about["webSocketDebuggerUrl"])
    try:
        yield made
    finally:
        made.close()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/close/{about['id']}"):
            pass
