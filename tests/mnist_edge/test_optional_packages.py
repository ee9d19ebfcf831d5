import re
import sys
from pathlib import Path

import pytest

from mnist_edge.errors import PackageBroken, PackageMissing
from mnist_edge.optional_packages import EXTRAS, pip_install, require

ROOT = Path(__file__).resolve().parents[2]


def test_what_is_there_is_returned() -> None:
    assert require("json.decoder", extra="train").JSONDecodeError


def test_a_missing_package_says_how_to_install_it() -> None:
    with pytest.raises(PackageMissing, match=r"no_such_package is not installed.* install opencv-python$"):
        require("no_such_package.part", extra="camera")


def test_a_broken_package_shows_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "half_a_package.py").write_text("import what_it_needs_itself")
    (tmp_path / "damaged_package.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(PackageBroken, match=r"half_a_package is installed.*what_it_needs_itself.*doctor"):
        require("half_a_package", extra="train")
    with pytest.raises(PackageBroken, match=r"libGL\.so\.1") as caught:
        require("damaged_package", extra="camera")
    assert isinstance(caught.value.__cause__, ImportError)


@pytest.mark.parametrize("extra", EXTRAS)
def test_the_hint_names_what_the_extra_installs(extra: str) -> None:
    project = pytest.importorskip("tomllib").loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [line.partition(";")[0] for line in project["optional-dependencies"][extra]]
    named = pip_install(extra).partition(" install ")[2].replace("'", "").split()
    names = {re.split(r"[<>=]", one)[0] for one in named}
    # Where Python 3.10 has no parser for TOML, the configuration file says so itself.
    assert names == {re.split(r"[<>=]", one)[0] for one in wanted} - {"tomli"}


def test_the_hint_is_for_the_environment_that_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pip", "python"):
        (tmp_path / name).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert pip_install("web") == f"{sys.executable} -m pip install tornado"
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    assert pip_install("web") == "pip install tornado"
