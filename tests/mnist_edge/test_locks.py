"""A place that one process writes is nobody else's until that process has ended, however it ends."""

import subprocess
import sys
from pathlib import Path

import pytest

from mnist_edge.errors import OutputError
from mnist_edge.locks import exclusive

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")

HOLD = """
import sys
from pathlib import Path
from mnist_edge.locks import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_the_other_process_is_named_and_its_death_frees_the_place(tmp_path: Path, kind: str) -> None:
    place = tmp_path / kind
    place.mkdir() if kind == "folder" else place.touch()
    command = [sys.executable, "-c", HOLD, str(place)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout and other.stdout.readline() == b"held\n"
        try:
            who = rf"process {other.pid}" if Path("/proc/locks").exists() else "another process"
            with pytest.raises(OutputError, match=rf"{kind} is being written by {who};"), exclusive(place):
                pass
        finally:
            other.kill()
            other.wait()
        with exclusive(place):
            pass
    assert sorted(path.name for path in tmp_path.rglob("*")) == [kind]
