"""Which cameras there are, and why one does not open."""

import subprocess
from pathlib import Path

import pytest

from mnist_edge.camera.sources.devices import list_cameras, why_not


def test_the_error_names_the_cameras_that_exist(tmp_path: Path) -> None:
    for name in ("video10", "video2", "video-notes", "audio1"):
        (tmp_path / name).touch()
    cameras = list_cameras(tmp_path)
    assert [Path(camera).name for camera in cameras] == ["video2", "video10"]
    assert f"--source ({cameras[0]}, {cameras[1]})" in why_not(str(tmp_path / "video0"), cameras)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc")
def test_a_busy_camera_is_distinguished_from_a_missing_one(tmp_path: Path) -> None:
    device = tmp_path / "video0"
    device.touch()
    assert "is there but does not open" in why_not(str(device), [])
    with device.open() as held, subprocess.Popen(["sleep", "60"], stdin=held) as other:
        message = why_not(str(device), [])
        other.kill()
    assert f"in use by sleep (process {other.pid})" in message
