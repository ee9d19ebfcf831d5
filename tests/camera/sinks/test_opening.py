"""More ink than is looked at is logged: once for a camera, and for each picture."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mnist_edge.camera.sinks.opening import LimitWarning
from mnist_edge.camera.view import View


def test_it_is_logged_once_for_each_source(view: Callable[..., View], caplog: pytest.LogCaptureFixture) -> None:
    sink, plain = LimitWarning(), view()
    limited = replace(plain, reading=replace(plain.reading, limited=True))
    for shown in (plain, limited, plain, limited):
        sink.show(shown)
    sink.show(replace(limited, frame=replace(limited.frame, source="page.png")))
    assert caplog.messages == [
        "a camera holds more ink than is looked at; digits may be missing",
        "page.png holds more ink than is looked at; digits may be missing",
    ]
