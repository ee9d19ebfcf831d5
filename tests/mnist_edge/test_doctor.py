import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from mnist_edge.cli import app
from mnist_edge.doctor import computer, devices, opencv, runtimes, training
from mnist_edge.doctor.check import Check, Status
from mnist_edge.doctor.examine import examine

NAMES = [
    "Python", "computer", "processor", "memory", "models", "ai-edge-litert", "tflite-runtime", "tensorflow", "OpenCV",
    "picamera2", "display", "cameras", "data", "training",
]  # fmt: skip


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Put a broken package before the real one, for this process's children."""

    def install(package: str, code: str, module: str = "interpreter") -> None:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
        (tmp_path / package / f"{module}.py").write_text(code)
        monkeypatch.syspath_prepend(tmp_path)

    return install


@pytest.fixture
def no_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks as if it were not installed: importing it takes seconds."""
    monkeypatch.setitem(sys.modules, "tensorflow", None)


def interpreter_that(does: str) -> str:
    return f"import os, signal, time\nclass Interpreter:\n    def __init__(self, **_):\n        {does}\n"


def test_a_runtime_that_works_is_ok(exported: dict[str, Path]) -> None:
    check = runtimes.check("ai-edge-litert", exported["int8"], timeout_s=60)
    assert check.status is Status.OK
    assert f"numpy {np.__version__}" in check.found


def test_a_runtime_that_raises_is_broken_with_its_reason(
    stand_in: Callable[..., None], exported: dict[str, Path]
) -> None:
    stand_in("ai_edge_litert", interpreter_that("raise SystemError('_ARRAY_API not found')"))
    check = runtimes.check("ai-edge-litert", exported["int8"], timeout_s=60)
    assert check.status is Status.BROKEN
    assert "SystemError: _ARRAY_API not found" in check.found
    assert "pip install" in check.advice


def test_a_runtime_that_dies_of_a_signal_is_reported_by_its_name(
    stand_in: Callable[..., None], exported: dict[str, Path]
) -> None:
    stand_in("ai_edge_litert", interpreter_that("os.kill(os.getpid(), signal.SIGILL)"))
    check = runtimes.check("ai-edge-litert", exported["int8"], timeout_s=60)
    assert check.status is Status.BROKEN
    assert "killed by SIGILL" in check.found
    assert "processor" in check.advice


def test_a_runtime_that_hangs_ends_with_the_time_out(stand_in: Callable[..., None], exported: dict[str, Path]) -> None:
    stand_in("ai_edge_litert", interpreter_that("time.sleep(100)"))
    check = runtimes.check("ai-edge-litert", exported["int8"], timeout_s=1)
    assert check.status is Status.BROKEN
    assert "no answer within 1 s" in check.found


@pytest.mark.skipif(np.__version__ < "2", reason="numpy < 2 is what tflite-runtime needs")
def test_tflite_runtime_beside_numpy_2_gets_the_remedy(
    stand_in: Callable[..., None], exported: dict[str, Path]
) -> None:
    stand_in("tflite_runtime", interpreter_that("raise SystemError('_ARRAY_API not found')"))
    check = runtimes.check("tflite-runtime", exported["int8"], timeout_s=60)
    assert check.status is Status.BROKEN
    assert f"here is numpy {np.__version__}" in check.advice
    assert "pip install 'numpy<2'" in check.advice


def test_a_runtime_that_is_not_installed_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtimes, "find_spec", lambda _: None)
    check = runtimes.check("ai-edge-litert", None, timeout_s=1)
    assert (check.status, check.advice) == (Status.MISSING, "pip install ai-edge-litert")


def test_one_runtime_is_enough() -> None:
    found = Check("a", Status.OK, "")
    missing, broken = Check("b", Status.MISSING, "", "install b"), Check("c", Status.BROKEN, "", "mend c")
    assert [c.advice for c in runtimes.without_needless_advice([found, missing, broken])] == [
        "", "not needed, another runtime works", "mend c",
    ]  # fmt: skip
    assert runtimes.without_needless_advice([missing, broken]) == [missing, broken]


@pytest.mark.slow
def test_the_whole_examination(exported: dict[str, Path]) -> None:
    pytest.importorskip("cv2", exc_type=ImportError)
    diagnosis = examine(exported["int8"])
    assert [check.name for check in diagnosis.checks] == NAMES
    assert diagnosis.reading_works
    assert all(check.advice for check in diagnosis.checks if not check.ok)
    document = json.loads(json.dumps(diagnosis.to_json()))
    assert set(document) == {"reading_works", "checks"}
    assert all(set(check) == {"name", "status", "found", "advice"} for check in document["checks"])
    assert {check["status"] for check in document["checks"]} <= {"ok", "missing", "broken"}


def test_reading_does_not_work_with_a_model_that_no_runtime_runs(tmp_path: Path, no_tensorflow: None) -> None:
    damaged = tmp_path / "damaged.tflite"
    damaged.write_bytes(b"\0\0\0\0TFL3" + bytes(100))
    diagnosis = examine(damaged)
    assert not diagnosis.reading_works
    broken = {check.name for check in diagnosis.checks if check.status is Status.BROKEN}
    assert "ai-edge-litert" in broken


def test_the_command_exits_with_1_and_one_document_where_there_is_no_model(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["doctor", "--json", "--model", str(tmp_path / "gone.tflite")])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    assert document["reading_works"] is False
    models = next(check for check in document["checks"] if check["name"] == "models")
    assert models["status"] == "missing"
    assert "gone.tflite" in models["found"]


def test_the_command_shows_every_check_in_a_table(exported: dict[str, Path], no_tensorflow: None) -> None:
    result = CliRunner().invoke(app, ["doctor", "--model", str(exported["int8"])])
    assert all(name in result.stdout for name in NAMES)


def test_it_runs_without_any_optional_package(exported: dict[str, Path]) -> None:
    script = (
        "import json, sys\n"
        "for name in ('cv2', 'tensorflow', 'keras', 'matplotlib', 'sklearn', 'picamera2'): sys.modules[name] = None\n"
        "from mnist_edge.doctor.examine import examine\n"
        "print(json.dumps({check.name: check.status.value for check in examine(sys.argv[1]).checks}))\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(exported["int8"])], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert (found["OpenCV"], found["tensorflow"], found["ai-edge-litert"]) == ("missing", "missing", "ok")


OPENCV_5 = """
  GUI:                           QT5
    QT:                          YES (ver 5.15.19 )
    GTK+:                        NO
  Video I/O:
    FFMPEG:                      YES
      avcodec:                   YES (62.28.101)
    GStreamer:                   NO
    v4l/v4l2:                    YES (linux/videodev2.h)
"""
HEADLESS = "  GUI:                           NONE\n  Video I/O:\n    FFMPEG:   YES\n    GStreamer:   YES (1.22.0)\n"
OPENCV_4_5 = "  GUI: \n    QT:                          NO\n    GTK+:                        YES (ver 3.24.33)\n"


@pytest.mark.parametrize(
    ("report", "parts"),
    [
        (OPENCV_5, {"GUI": "QT5", "FFMPEG": "YES", "GStreamer": "NO", "V4L2": "YES"}),
        (HEADLESS, {"GUI": "none", "FFMPEG": "YES", "GStreamer": "YES"}),
        (OPENCV_4_5, {"GUI": "GTK+"}),
        ("", {"GUI": "none"}),
    ],
)
def test_the_build_report_of_opencv_is_understood(report: str, parts: dict[str, str]) -> None:
    assert opencv.build_parts(report) == parts


def test_an_opencv_that_cannot_be_imported_is_broken(stand_in: Callable[..., None]) -> None:
    stand_in("cv2", "", module="unused")
    path = next(p for p in sys.path if os.path.isdir(os.path.join(p, "cv2")))
    with open(os.path.join(path, "cv2", "__init__.py"), "w") as file:
        file.write("raise ImportError('libGL.so.1: cannot open shared object file')")
    check = opencv.check(timeout_s=60)
    assert check.status is Status.BROKEN
    assert "libGL.so.1" in check.found
    assert "headless" in check.advice


@pytest.fixture
def no_display(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no DISPLAY")
class TestDisplay:
    def test_none(self, no_display: pytest.MonkeyPatch) -> None:
        assert devices.check_display().status is Status.MISSING

    @pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
    @pytest.mark.parametrize("value", [":987", "nonsense", "unix:987.0"])
    def test_one_that_does_not_answer(self, no_display: pytest.MonkeyPatch, name: str, value: str) -> None:
        no_display.setenv(name, value)
        check = devices.check_display()
        assert check.status is Status.BROKEN
        assert f"{name}={value}" in check.found

    def test_one_that_answers(self, no_display: pytest.MonkeyPatch, tmp_path: Path) -> None:
        no_display.setenv("XDG_RUNTIME_DIR", str(tmp_path))
        no_display.setenv("WAYLAND_DISPLAY", "wayland-0")
        with socket.socket(socket.AF_UNIX) as server:
            # A relative name: a socket's path may have no more than about 100 characters.
            no_display.chdir(tmp_path)
            server.bind("wayland-0")
            server.listen()
            assert devices.check_display() == Check("display", Status.OK, "Wayland wayland-0")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems have no /dev/video*")
class TestCameras:
    def test_none(self, tmp_path: Path) -> None:
        check = devices.check_cameras(tmp_path)
        assert check.status is Status.MISSING
        assert "USB" in check.advice

    def test_a_device_that_captures_no_video_is_no_camera(self, tmp_path: Path) -> None:
        (tmp_path / "video0").touch()
        check = devices.check_cameras(tmp_path)
        assert (check.status, check.found) == (Status.MISSING, "1 video devices, none of them a camera")

    @pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may open everything")
    def test_one_without_permission_is_broken(self, tmp_path: Path) -> None:
        (tmp_path / "video0").touch(0o000)
        check = devices.check_cameras(tmp_path)
        assert check.status is Status.BROKEN
        assert "group" in check.advice


class TestData:
    def test_missing_without_a_download(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("MNIST_EDGE_DATA", raising=False)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        monkeypatch.setattr(training, "cache_folder", lambda: tmp_path / "mnist")
        check = training.check_data()
        assert check.status is Status.MISSING
        assert not list(tmp_path.iterdir())

    def test_a_wrong_folder_is_broken(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("MNIST_EDGE_DATA", str(tmp_path))
        check = training.check_data()
        assert check.status is Status.BROKEN
        assert "MNIST_EDGE_DATA" in check.advice

    @pytest.mark.dataset
    @pytest.mark.skipif("MNIST_EDGE_DATA" not in os.environ, reason="needs MNIST: set MNIST_EDGE_DATA")
    def test_mnist_is_ok(self) -> None:
        assert training.check_data().status is Status.OK


def test_on_32_bit_arm_what_has_no_wheel_comes_from_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "armv7l")
    for module in (opencv, runtimes):
        monkeypatch.setattr(module, "find_spec", lambda _: None)
    assert "sudo apt install python3-opencv" in opencv.check(timeout_s=60).advice
    assert "use tflite-runtime, or a 64-bit system" in runtimes.check("ai-edge-litert", None, timeout_s=60).advice
    found = {check.name: check for check in computer.checks()}
    assert "armv7l" in found["computer"].found and "this one needs tflite-runtime" in found["computer"].advice
