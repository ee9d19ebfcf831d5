"""A real network camera that dies, stalls and returns."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest

from mnist_edge.camera.frames import Source
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.signals import Stop
from mnist_edge.camera.sources import open_source
from tests.camera.sources.conftest import NetworkCamera


def opened(camera: NetworkCamera, **settings: Any) -> AbstractContextManager[Source]:
    url = f"http://user:secret@127.0.0.1:{camera.server_port}/live.mjpg"
    return open_source(Settings(url, **settings), Stop())


def test_a_network_camera_that_dies_comes_back(
    network_camera: Callable[..., NetworkCamera], caplog: pytest.LogCaptureFixture
) -> None:
    first = network_camera()
    with opened(first, timeout=5.0) as source:
        frames = iter(source)
        before = next(frame for frame in frames if frame is not None)
        first.die()
        while not source.outage:
            last = next(frames)
            before = last or before
        second = network_camera(first.server_port)
        after = next(frame for frame in frames if frame is not None)
    assert second.viewers == 1
    assert after.number > before.number
    lost, back = caplog.messages
    assert "/live.mjpg stopped after " in lost and "is back after " in back
    assert "secret" not in lost + back


def test_a_stream_that_stalls_comes_back(
    network_camera: Callable[..., NetworkCamera], caplog: pytest.LogCaptureFixture
) -> None:
    camera = network_camera()
    with opened(camera, timeout=1.0) as source:
        frames = iter(source)
        assert next(frame for frame in frames if frame is not None)
        camera.stalled = True
        while not source.outage:
            next(frames)
        assert next(frame for frame in frames if frame is not None)
    assert camera.viewers == 2
    assert len(caplog.messages) == 2 and "is back after " in caplog.messages[1]


def test_a_slow_loop_sees_a_network_camera_as_it_is_now(network_camera: Callable[..., NetworkCamera]) -> None:
    camera = network_camera()
    late = []
    with opened(camera) as source:
        for frame in source:
            if frame is not None:
                late.append((camera.frame - round(float(frame.image.mean()))) % 256)
                time.sleep(0.3)
            if len(late) == 8:
                break
        assert source.dropped > 20
    # In a queue each would be another 15 frames late, and this one 60.
    assert sorted(late)[4] < 50
