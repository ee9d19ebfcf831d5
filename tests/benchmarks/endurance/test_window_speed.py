"""Whether a window slows the camera down: the real command with and without, and the bound."""

import json
import shutil

import pytest

from mnist_edge.benchmarks.endurance import window_speed
from mnist_edge.benchmarks.endurance.window_speed import Speed, main, measure_window_speed, start_screen
from mnist_edge.opencv import cv2


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("Xvfb"), reason="Xvfb is not installed")
@pytest.mark.skipif("GUI:                           NONE" in cv2.getBuildInformation(), reason="OpenCV has no windows")
def test_a_pause_is_not_paid_for_ever() -> None:
    """A window that kept its lag would show a frame every two seconds here."""
    with start_screen() as display:
        speed = measure_window_speed("fake", display, "made up", turns=2, turn_seconds=2.0)
    assert speed.source == "made up"
    assert speed.ratio > 0.4 and speed.with_window > 1 and speed.shown > 0
    assert 0 < speed.screen_ms < 5000


@pytest.mark.parametrize(("ratio", "code"), [(0.95, 0), (0.94, 3)])
def test_the_bound(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: str, ratio: float, code: int
) -> None:
    monkeypatch.setattr(
        window_speed, "measure_window_speed", lambda _, display, name, **__: Speed(name, 20, 20, ratio, 20, 30)
    )
    monkeypatch.setattr(window_speed, "start_screen", lambda: _Nothing(":1"))
    monkeypatch.setattr(window_speed, "open_stream", lambda: _Nothing(_Nothing("")))
    assert main(["--output", f"{tmp_path}/out.json"]) == code
    document = json.loads(capsys.readouterr().out)
    assert [one["source"] for one in document["speeds"]] == ["fake", "an MJPEG stream"]
    assert len(document["broken"]) == (0 if code == 0 else 2)


class _Nothing:
    """Stands for a screen, and for a stream."""

    url = "http://127.0.0.1:1/"

    def __init__(self, value: object) -> None:
        self.value = value

    def __enter__(self) -> object:
        return self.value

    def __exit__(self, *error: object) -> None: ...
