"""The web view begins and ends with the loop."""

import subprocess
import sys
import threading
from typing import Any

import pytest


def test_nothing_stays_behind(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    served.web.__exit__()
    assert [thread.name for thread in threading.enumerate() if "web view" in thread.name] == []
    # The loop may not have noticed yet.
    served.web.show(view())
    served.web.write([])
    with pytest.raises(ConnectionRefusedError):
        served.ask("/healthz")
    assert serve(f"127.0.0.1:{served.port}").ask("/healthz").status == 200


WITHOUT_TORNADO = """
import sys
class Absent:
    def find_spec(name, *_):
        if name == "tornado":
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Absent)
from mnist_edge.__main__ import main
main()
"""


def test_without_tornado_it_says_what_to_install() -> None:
    arguments = ["camera", "--source", "fake", "--serve", "0", "--no-window"]
    done = subprocess.run([sys.executable, "-c", WITHOUT_TORNADO, *arguments], capture_output=True, text=True)
    assert done.returncode == 1 and "tornado is not installed; install it with: " in done.stderr
