"""A systemctl that writes down what it is asked, and what the tests of services share."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnist_edge.cli import app

SYSTEMCTL = """#!/bin/sh
echo "$*" >> {calls}
echo "what systemctl prints"
case "$*" in
  *"$REFUSES"*) [ -n "$REFUSES" ] && echo "Failed to connect to bus" >&2 && exit 1;;
esac
[ "$STATUS" ] && exit "$STATUS"
exit 0
"""

NAME = "mnist-edge-camera.service"

Service = Callable[..., tuple[int, str, str]]


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """What was asked of systemctl, in a home with no settings and a shell in `here`."""
    log, programs = tmp_path / "calls", tmp_path / "programs"
    for folder in (programs, tmp_path / "here"):
        folder.mkdir()
    (programs / "systemctl").write_text(SYSTEMCTL.format(calls=log))
    (programs / "systemctl").chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=os.pathsep)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("REFUSES", "")
    monkeypatch.setenv("SUDO_USER", "daemon")
    monkeypatch.chdir(tmp_path / "here")
    monkeypatch.setattr("mnist_edge.camera.systemd_unit.SYSTEM_UNITS", tmp_path / "system")
    monkeypatch.setattr("mnist_edge.cli.service.SYSTEM_CONFIG", tmp_path / "etc" / "camera.toml")
    yield lambda: log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def service(calls: Callable[[], list[str]]) -> Service:
    """`service("install", "--user")`: exit code, stdout, stderr."""

    def run(*words: str) -> tuple[int, str, str]:
        result = CliRunner().invoke(app, ["service", *words], prog_name="mnist-edge")
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


@pytest.fixture
def user_unit(tmp_path: Path) -> Path:
    """Where the user's unit file goes."""
    return tmp_path / "config" / "systemd" / "user" / NAME


def one_line(result: tuple[int, str, str], code: int) -> str:
    """The error of a command that did nothing."""
    assert result[:2] == (code, "")
    assert result[2].startswith("error: ") and result[2].count("\n") == 1
    return result[2]


def value(unit: str, key: str) -> str:
    (found,) = [line.partition("=")[2] for line in unit.splitlines() if line.startswith(f"{key}=")]
    return found


def verified(text: str, folder: Path, *, user: bool) -> str:
    """What systemd has to say against a unit file; nothing is good."""
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    path = folder / NAME
    path.write_text(text)
    (folder / "runtime").mkdir(exist_ok=True)
    command = ["systemd-analyze", *(["--user"] if user else []), "--man=no", "verify", str(path)]
    environment = os.environ | {"XDG_RUNTIME_DIR": str(folder / "runtime")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    # Other units of the machine are not ours to judge.
    complaints = [line for line in (done.stdout + done.stderr).splitlines() if "mnist-edge" in line]
    return "\n".join(complaints) if complaints or not done.returncode else done.stderr or "it failed"
