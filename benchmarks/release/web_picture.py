"""The picture of the web page in the documents: the real command on the fake camera, looked at by a headless Chromium.

Run as `make web-picture`; writes `docs/web.jpg`.
"""

import asyncio
import base64
import json
import shutil
import subprocess
import tempfile
import time
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from urllib.request import urlopen

from mnist_edge.atomic_files import write_bytes
from mnist_edge.benchmarks.harness.camera_process import start_camera
from mnist_edge.benchmarks.harness.tool import ROOT, run_tool, tool_parser
from mnist_edge.errors import PackageMissing
from mnist_edge.optional_packages import require

SIZE = (1280, 800)
QUALITY = 88
# How long the browser shows the page before it is pictured: until pages have come and gone.
SHOW_SECONDS = 16.0


def picture_page(chromium: str, folder: Path) -> bytes:
    """Return a picture of the web page as JPEG, after the fake camera has shown some sheets."""
    flags = ["--headless=new", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    with start_camera(folder, "--source", "fake", "--serve", "127.0.0.1:0", "--events", "-") as camera:
        camera.wait_until_it_reads()
        page = camera.url
        command = [chromium, *flags, f"--user-data-dir={folder}", f"--window-size={SIZE[0]},{SIZE[1]}", page]
        browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(SHOW_SECONDS)
            steering = (folder / "DevToolsActivePort").read_text().split()[0]
            with urlopen(f"http://127.0.0.1:{steering}/json") as tabs:
                tab = next(tab for tab in json.load(tabs) if tab["url"].startswith(page))
            return asyncio.run(_shoot(tab["webSocketDebuggerUrl"]))
        finally:
            browser.terminate()
            browser.wait()


async def _shoot(tab: str) -> bytes:
    """What a tab shows, asked for over the browser's DevTools protocol."""
    socket = await require("tornado.websocket", extra="web").websocket_connect(tab, max_message_size=1 << 26)
    look = {"format": "jpeg", "quality": QUALITY}
    size = {"width": SIZE[0], "height": SIZE[1], "deviceScaleFactor": 1, "mobile": False}
    for number, method, asked in ((1, "Emulation.setDeviceMetricsOverride", size), (2, "Page.captureScreenshot", look)):
        await socket.write_message(json.dumps({"id": number, "method": method, "params": asked}))
        answer = json.loads(await socket.read_message())
    return base64.b64decode(answer["result"]["data"])


def main(arguments: Sequence[str] | None = None) -> int:
    """Replace the picture."""
    return run_tool(tool_parser(__name__, __doc__), _replace, arguments)


def _replace(_: Namespace) -> None:
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise PackageMissing("Chromium is not installed; install it with: sudo apt install chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        write_bytes(ROOT / "docs" / "web.jpg", picture_page(chromium, Path(folder)))
