"""Whether there is a display, said before anything is opened."""

import signal
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from mnist_edge.camera.sinks.display import NO_WINDOWS, why_no_window


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a display")
def test_no_display_is_reported_before_anything_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert "DISPLAY" in (why_no_window() or "")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux may lack a display")
def test_a_display_that_leads_nowhere_does_not_kill_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", ":987")
    reason = why_no_window() or ""
    assert "display :987 cannot be opened" in reason or "no windows" in reason


@pytest.mark.parametrize(
    ("outcome", "reason"),
    [
        (NO_WINDOWS, "install opencv-python in place of opencv-python-headless"),
        (-signal.SIGABRT, "cannot be opened"),
        (-signal.SIGSEGV, "killed by SIGSEGV (segmentation fault); install"),
        (-signal.SIGILL, "killed by SIGILL (illegal instruction); install"),
        (0, None),
    ],
)
def test_the_probe_reports_why(monkeypatch: pytest.MonkeyPatch, outcome: int, reason: str | None) -> None:
    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(subprocess, "run", lambda *a, **k: SimpleNamespace(returncode=outcome))
    found = why_no_window()
    assert found is None if reason is None else reason in (found or "")


def test_a_display_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(*_: Any, **__: Any) -> None:
        raise subprocess.TimeoutExpired("probe", 1)

    monkeypatch.setenv("DISPLAY", ":1")
    monkeypatch.setattr(subprocess, "run", hang)
    assert "does not answer" in (why_no_window() or "")
