"""What the tests of sinks share: a recorder with all that it needs, small disks, and a broker with who listens."""

import json
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as paho
import pytest
from numpy.typing import NDArray
from paho.mqtt.enums import CallbackAPIVersion

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.frames import ArraySource
from mnist_edge.camera.sinks import encoders
from mnist_edge.camera.sinks.event_files import EventFile
from mnist_edge.camera.sinks.recorder import Recorder
from mnist_edge.camera.view import View
from mnist_edge.reading import Box, Digit
from tests.camera.sinks.collecting import CollectorDesk
from tests.helpers import PATIENCE_SECONDS, Broker, wait_until

Image = NDArray[np.uint8]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Callable[[int], Path]]:
    """`small_disk(size)`: a real file system of so many bytes, for those who may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(size: int) -> Path:
        command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
        if not shutil.which("mount") or subprocess.run(command, check=False, capture_output=True).returncode:
            pytest.skip("may not mount a file system here")
        return folder

    yield mount
    if folder.is_mount():
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture(params=[".mp4", ".avi", ".mkv", ".webm", ".MP4", "OpenCV's .mp4"])
def suffix(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Of each kind of video that this computer can write."""
    suffix = str(request.param)
    if suffix == ".avi" or suffix.startswith("OpenCV"):
        monkeypatch.setattr(encoders, "has_pyav", lambda: False)
    elif not encoders.has_pyav():
        pytest.skip("PyAV is not installed")
    return suffix.split()[-1]


class Desk:
    """A recorder with all that it needs; `raw`, so that grey levels stay what they are."""

    def __init__(self, view: Callable[..., View], path: Path, source: ArraySource | None = None, **options: Any):
        self.controls = Controls(0.5)
        self.source = source or ArraySource([])
        self.recorder = Recorder(path, self.source, self.controls, **{"raw": True, **options})
        self._view, self.number = view, 0

    def show(self, image: Image | int, seconds: float | None = None) -> View:
        """Show a picture, or a small one of a grey level."""
        image = np.full((120, 160, 3), image, np.uint8) if isinstance(image, int) else image
        seconds = self.number / self.source.info.rate if seconds is None else seconds
        shown = self._view(image, number=self.number, seconds=seconds)
        self.number += 1
        if not self.source.info.live:
            # As the loop does.
            self.wait_for(lambda: not self.recorder.worker.full or self.controls.stop.requested)
        self.recorder.show(shown)
        return shown

    def wait_for(self, condition: Callable[[], object], images: Sequence[Image | int] = ()) -> None:
        """Wait for a condition, and show pictures meanwhile, over and over."""
        wait_until(condition, meanwhile=lambda: self.show(images[self.number % len(images)]) if len(images) else None)


@pytest.fixture
def make_desk(view: Callable[..., View]) -> Callable[..., Desk]:
    """`make_desk(path, source=None, **options)`: a recorder that is not entered yet."""
    return lambda *arguments, **options: Desk(view, *arguments, **options)


@pytest.fixture
def record(make_desk: Callable[..., Desk]) -> Callable[..., Desk]:
    """`record(path, pictures, rate=25.0, **options)`: a recording from its beginning to its end."""

    def whole(path: Path, images: Sequence[Image | int], rate: float = 25.0, **options: Any) -> Desk:
        desk = make_desk(path, ArraySource([], rate=rate), **options)
        with desk.recorder:
            for image in images:
                desk.show(image)
        return desk

    return whole


Start = Callable[..., Broker]


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[Start]:
    """`start_broker(*lines of its configuration)`: a broker for the test."""
    brokers: list[Broker] = []

    def start(*options: str) -> Broker:
        brokers.append(Broker(tmp_path, *options))
        brokers[-1].start()
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop(signal.SIGKILL)


@pytest.fixture
def broker(start_broker: Start) -> Broker:
    """A plain broker."""
    return start_broker()


class Listener:
    """Collects all that is published; the broker keeps for it what it misses."""

    def __init__(self, broker: Broker, name: str = "listener", login: tuple[str, str] | None = None) -> None:
        self.messages: list[paho.MQTTMessage] = []
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
        if login:
            self._client.username_pw_set(*login)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda client, data, message: self.messages.append(message)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def of(self, topic: str) -> list[Any]:
        """The contents of what came to a topic: JSON, or else text."""
        found = [message.payload.decode() for message in list(self.messages) if message.topic == topic]
        return [json.loads(content) if content.startswith("{") else content for content in found]

    def last(self, topic: str) -> Any:
        found = self.of(topic)
        return found[-1] if found else None


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def listen(*args: Any, **more: Any) -> Listener:
        listeners.append(Listener(*args, **more))
        return listeners[-1]

    yield listen
    for listener in listeners:
        listener.close()


Listen = Callable[..., Listener]


@pytest.fixture
def listener(broker: Broker, listen: Listen) -> Listener:
    """Hears all that the plain broker gets."""
    return listen(broker)


@pytest.fixture
def page(write_digit: Callable[..., Box]) -> tuple[Image, list[Box]]:
    """Grey paper with a 7, a 2 and a 5, and their boxes."""
    image = np.full((240, 320, 3), 220, np.uint8)
    return image, [write_digit(image, label, 40 + 90 * k, 80, 70, 7) for k, label in enumerate((7, 2, 5))]


@pytest.fixture
def written(page: tuple[Image, list[Box]]) -> tuple[Digit, ...]:
    """The digits of the page, as they are tracked."""
    crop = np.zeros((28, 28), np.uint8)
    return tuple(
        Digit(label, 0.9, box, track=k + 1, crop=crop)
        for k, (label, box) in enumerate(zip((7, 2, 5), page[1], strict=True))
    )


@pytest.fixture
def desk(
    tmp_path: Path, view: Callable[..., View], page: tuple[Image, list[Box]], written: tuple[Digit, ...]
) -> CollectorDesk:
    """A collector into `collected`, shown the page."""
    return CollectorDesk(tmp_path / "collected", view, page[0], written)


@pytest.fixture
def sink() -> Callable[..., EventFile]:
    """`sink(path, max_mb=1.0, files=2)`: adds events to a file."""

    def make(path: Path, max_mb: float = 1.0, files: int = 2) -> EventFile:
        return EventFile(path, max_mb=max_mb, files=files)

    return make
