"""`mnist-edge camera` as a process, with the reader of conftest.py in place of a trained one."""

import os
import subprocess
import sys
from pathlib import Path

# The command itself, with the reader of conftest.py in place of a trained one.
STAND_IN = """
import runpy, sys, time
from pathlib import Path
ink = runpy.run_path({conftest!r})["InkReader"]
from mnist_edge.camera import run_camera as module
class Reader(ink):
    def __init__(self, *args, **options): pass
    def read(self, frame, source):
        time.sleep({delay})
        return super().read(frame, source)
module.Reader = Reader
{before}
from mnist_edge.cli import main
main()
"""
NO_DISPLAY = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


def camera(
    *arguments: object, env: dict[str, str] = NO_DISPLAY, delay: float = 0.0, before: str = ""
) -> "subprocess.Popen[str]":
    code = STAND_IN.format(conftest=str(Path(__file__).with_name("conftest.py")), delay=delay, before=before)
    command = [sys.executable, "-c", code, "camera", *map(str, arguments)]
    return subprocess.Popen(command, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(*arguments: object, env: dict[str, str] = NO_DISPLAY) -> tuple[int, str, str]:
    process = camera(*arguments, env=env)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err
