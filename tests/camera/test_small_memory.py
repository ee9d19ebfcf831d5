"""Whether the camera with its page has room on a board of 512 MB."""

from pathlib import Path

import pytest

from mnist_edge.benchmarks.harness.camera_process import start_camera
from mnist_edge.benchmarks.harness.viewers import watch_page

pytestmark = pytest.mark.slow
# Address space, kibibytes: all that the process may ever map, so more than it has in memory.
LIMIT_KIB = 512 * 1024
# What a thread and the allocator only set aside is not memory, and counts here: 1 MB of stack, and one arena.
LIMITED = ("sh", "-c", f'ulimit -v {LIMIT_KIB}; ulimit -s 1024; exec "$@"', "sh")


def test_the_camera_and_a_viewer_of_its_page_fit_into_512_mb(tmp_path: Path) -> None:
    environment = {"OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    flags = ("--source", "fake", "--model", "nano", "--serve", "127.0.0.1:0", "--events", "-")
    with start_camera(tmp_path, *flags, environment=environment, before=LIMITED) as camera:
        camera.wait_until_it_reads()
        with watch_page(camera.url, 1) as (viewer,):
            assert camera.reads_on()
            assert camera.wait_for(lambda: viewer.done > 0)
        limits = Path(f"/proc/{camera.process.pid}/limits").read_text()
        assert str(LIMIT_KIB * 1024) in limits.partition("Max address space")[2].splitlines()[0]
        assert camera.interrupt()[0] == 0
