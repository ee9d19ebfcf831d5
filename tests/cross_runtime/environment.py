"""The second environment: tflite-runtime 2.14 and a numpy below 2, which it needs.

Run as a script it makes `.venv-tflite-runtime` in the repository's root if it is not there, and prints its Python.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-tflite-runtime"
PACKAGES = ("tflite-runtime==2.14.0", "numpy>=1.24,<2", "rich>=13", "typer>=0.15")
# Written last: a folder without it was not finished.
READY = FOLDER / "ready"


def why_not() -> str | None:
    """Why the environment cannot or should not be made here; None if it can."""
    if sys.version_info >= (3, 12):
        return "tflite-runtime 2.14 needs Python 3.11 or older"
    if not READY.is_file() and not os.environ.get("CI"):
        return "there is no .venv-tflite-runtime yet; make it with: make cross-runtime"
    return None


def make() -> Path:
    """Make the environment if it is not there; of several processes one makes it, and the others wait.

    Returns:
        Its Python, which imports mnist_edge from this checkout.
    """
    with (ROOT / "pyproject.toml").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _make()


def _make() -> Path:
    python = FOLDER / "bin" / "python"
    if READY.is_file():
        return python
    shutil.rmtree(FOLDER, ignore_errors=True)
    # stdout is for the answer alone.
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True, stdout=sys.stderr)
    subprocess.run([str(python), "-m", "pip", "install", "--quiet", *PACKAGES], check=True, stdout=sys.stderr)
    site = next((FOLDER / "lib").glob("python*/site-packages"))
    (site / "mnist_edge_checkout.pth").write_text(f"{ROOT}\n")
    READY.touch()
    return python


if __name__ == "__main__":
    print(make())
