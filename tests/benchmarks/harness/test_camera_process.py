"""Waiting for a process: a condition is evaluated until it is met, and not once more."""

import subprocess
import sys
import time

from mnist_edge.benchmarks.harness.camera_process import CameraProcess, until


def test_a_condition_that_takes_what_it_sees_is_met_once() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        camera, waiting = CameraProcess(process), [False, True]
        assert camera.wait_for(lambda: bool(waiting and waiting.pop()), 30)
        assert waiting == [False]
        assert camera.seconds_until(lambda: bool(waiting and not waiting.pop())) is not None
        process.kill()
        assert not camera.wait_for(lambda: False, 30)


def test_waiting() -> None:
    began = time.monotonic()
    assert until(lambda: time.monotonic() > began + 0.1, 30)
    assert not until(lambda: False, 0.1)
