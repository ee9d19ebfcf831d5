import os
from pathlib import Path

import pytest

from mnist_edge.errors import OutputError
from mnist_edge.files import refuse_overwrite, write_bytes, write_text, write_whole


def test_a_failed_write_leaves_what_was_there(tmp_path: Path) -> None:
    target = tmp_path / "result.json"
    write_text(target, "old")

    def half(temporary: Path) -> None:
        temporary.write_text("ne")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        write_whole(target, half)
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
    with pytest.raises(OutputError, match=r"model\.tflite exists already.*--force"):
        refuse_overwrite(target, force=False)


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
