import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_edge.atomic_files import refuse_overwrite, write_atomically, write_bytes, write_text
from mnist_edge.errors import OutputError


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    write_text(target, "old")

    def half(temporary: Path) -> None:
        temporary.write_text("ne")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_atomically(target, half)
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_folders_are_made_and_permissions_are_ordinary(tmp_path: Path) -> None:
    target, plain = tmp_path / "a" / "b" / "c.bin", tmp_path / "plain"
    write_bytes(target, b"x")
    plain.write_bytes(b"x")
    assert target.stat().st_mode == plain.stat().st_mode


def test_overwriting_needs_force(tmp_path: Path) -> None:
    target = tmp_path / "model.tflite"
    refuse_overwrite(target, force=False)
    target.touch()
    refuse_overwrite(target, force=True)
    (dangling := tmp_path / "link.tflite").symlink_to(tmp_path / "away")
    for path in (target, dangling):
        with pytest.raises(OutputError, match=rf"{path.name} exists already.*--force"):
            refuse_overwrite(path, force=False)


def test_the_umask_is_never_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(mask: int) -> int:
        raise AssertionError(f"the umask of all threads would be {mask:o}")

    before = os.umask(0o027)
    try:
        monkeypatch.setattr(os, "umask", refuse)
        write_bytes(tmp_path / "result", b"x")
        monkeypatch.undo()
    finally:
        os.umask(before)
    assert (tmp_path / "result").stat().st_mode & 0o777 == 0o640


def test_content_is_on_the_disk_before_its_name_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A power cut after any step leaves the old file or the new one, and in the end the new one."""
    target, steps = tmp_path / "result", []
    target.write_bytes(b"old")
    monkeypatch.setattr(os, "fsync", lambda descriptor: steps.append((_kind(descriptor), target.read_bytes())))
    write_bytes(target, b"new")
    assert steps == [("file", b"old"), ("folder", b"new")]


def _kind(descriptor: int) -> str:
    return "folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file"


WRITES = """
import sys
from pathlib import Path
from mnist_edge.atomic_files import write_bytes
write_bytes(Path(sys.argv[1]), b"x")
"""
KILLED = """
import os, signal, sys
from pathlib import Path
from mnist_edge.atomic_files import write_atomically

def write(temporary):
    temporary.write_bytes(b"half")
    os.kill(os.getpid(), signal.SIGKILL)

write_atomically(Path(sys.argv[1]), write)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_what_a_killed_process_leaves_is_no_picture_and_is_swept(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "page.png")], check=False)
    (left,) = tmp_path.iterdir()
    assert not list(tmp_path.glob("*.png")) and left.suffix != ".png"
    # Whoever has just made one may not have locked it yet.
    write_bytes(tmp_path / "first.png", b"x")
    assert left.exists()
    os.utime(left, (0, 0))
    subprocess.run([sys.executable, "-c", WRITES, str(tmp_path / "second.png")], check=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first.png", "second.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such locks")
def test_what_another_process_is_still_writing_is_not_swept(tmp_path: Path) -> None:
    def write_long(temporary: Path) -> None:
        temporary.write_bytes(b"whole")
        os.utime(temporary.parent, (0, 0))
        subprocess.run([sys.executable, "-c", WRITES, str(tmp_path / "other")], check=True)

    write_atomically(tmp_path / "result", write_long)
    assert (tmp_path / "result").read_bytes() == b"whole" and (tmp_path / "other").read_bytes() == b"x"


@pytest.mark.parametrize("raised", [OSError(errno.ENOSPC, "No space left on device"), OSError("Unable to write")])
def test_what_cannot_be_written_is_named(tmp_path: Path, raised: OSError) -> None:
    def fail(temporary: Path) -> None:
        raise raised

    with pytest.raises(OSError) as caught:
        write_atomically(tmp_path / "model.tflite", fail)
    assert caught.value.filename == str(tmp_path / "model.tflite")
    assert caught.value.strerror == (raised.strerror or str(raised))
    assert list(tmp_path.iterdir()) == []


def test_permissions_may_be_fewer(tmp_path: Path) -> None:
    write_text(tmp_path / "token", "secret", mode=0o600)
    assert (tmp_path / "token").stat().st_mode & 0o777 == (0o600 if os.name == "posix" else 0o666)
