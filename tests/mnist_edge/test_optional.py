from pathlib import Path

import pytest

from mnist_edge.errors import PackageMissing
from mnist_edge.optional import require


def test_what_is_there_is_returned() -> None:
    assert require("json.decoder", extra="train").JSONDecodeError


def test_what_is_missing_says_how_to_install_it() -> None:
    with pytest.raises(PackageMissing, match=r"no_such_package is not installed.*'mnist-edge\[camera\]'"):
        require("no_such_package.part", extra="camera")


def test_a_broken_package_shows_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_a_package.py").write_text("import what_it_needs_itself")
    (tmp_path / "damaged_package.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ModuleNotFoundError, match="what_it_needs_itself"):
        require("half_a_package", extra="train")
    with pytest.raises(ImportError, match=r"libGL\.so\.1"):
        require("damaged_package", extra="camera")
