"""The unit file of a service, as systemd judges it."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.camera.systemd_unit import unit_file
from tests.camera.service.conftest import NAME, Service, value, verified

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="services are systemd's")


@pytest.mark.parametrize("scope", ["--user", "--system"])
def test_systemd_finds_nothing_wrong_with_what_a_dry_run_prints(
    service: Service, calls: Callable[[], list[str]], tmp_path: Path, scope: str
) -> None:
    code, out, err = service("install", scope, "--dry-run", "--", "--serve", "8080", "--events", "my 100% $HOME.jsonl")
    assert (code, err, calls()) == (0, "", [])
    assert not list(tmp_path.rglob(NAME))
    assert verified(out, tmp_path, user=scope == "--user") == ""
    assert f"/{NAME}\n" in out.splitlines(keepends=True)[0]
    steps = [line.removeprefix("# then: ") for line in out.splitlines() if line.startswith("# then: ")]
    systemctl = "systemctl" + " --user" * (scope == "--user")
    assert steps == [
        f"{systemctl} {words}" for words in ("daemon-reload", f"enable {NAME}", f"restart --no-block {NAME}")
    ]


@pytest.mark.parametrize("user", [None, "root"])
def test_awkward_words_reach_the_camera(tmp_path: Path, user: str | None) -> None:
    python = tmp_path / "a b%c$d" / "pythön"
    python.parent.mkdir()
    python.symlink_to(sys.executable)
    text = unit_file("mnist-edge-camera", [str(python), "-m", "x y", "100%z", "$HOME", 'a"b\\c\nd', ";", ""], user=user)
    # The escapes that systemd.service(5) and systemd.syntax(7) name; the program itself is never a variable.
    assert value(text, "ExecStart").endswith(
        f'{tmp_path}/a b%%c$d/pythön" -m "x y" "100%%z" "$$HOME" "a\\"b\\\\c\\nd" ";" ""'
    )
    assert verified(text, tmp_path, user=user is None) == ""
    # It would notice.
    assert "specifier" in verified(text.replace("%%z", "%z"), tmp_path, user=user is None)
    assert "WatchDog" in verified(text.replace("Watchdog", "WatchDog"), tmp_path, user=user is None)


def test_it_never_gives_up_and_is_watched(service: Service) -> None:
    unit = service("install", "--user", "--dry-run")[1]
    wanted = {"Type": "notify", "Restart": "always", "StartLimitIntervalSec": "0", "WantedBy": "default.target"}
    assert {key: value(unit, key) for key in wanted} == wanted
    assert int(value(unit, "WatchdogSec")) > 10 and int(value(unit, "RestartSec")) > 0
    assert value(unit, "ExecStart") == f"{sys.executable} -m mnist_edge camera --no-window"
    assert value(unit, "WorkingDirectory") == f"%S/{value(unit, 'StateDirectory')}"


def test_what_the_unit_starts_runs_and_tells_systemd_so(service: Service, tmp_path: Path) -> None:
    Path("door.toml").write_text('source = "fake"\nevents = "events.jsonl"\n')
    unit = service("install", "--user", "--dry-run", "--", "--config", "door.toml", "--max-frames", "20")[1]
    (tmp_path / "state").mkdir()
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(60)
        environment = os.environ | {"NOTIFY_SOCKET": str(tmp_path / "notify")}
        # No word of this one needs quotes, by which systemd's and the shell's would differ.
        words = shlex.split(value(unit, "ExecStart"))
        done = subprocess.run(
            words, cwd=tmp_path / "state", env=environment, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
        assert systemd.recv(4096) == b"READY=1\nWATCHDOG=1"
        assert systemd.recv(4096) == b"STOPPING=1"
    assert done.stderr.startswith("20 frames in ")
    assert (tmp_path / "here" / "events.jsonl").read_text().count('"appeared"') > 0


def test_the_unit_of_the_system_is_as_closed_as_a_camera_allows(service: Service, tmp_path: Path) -> None:
    unit = service("install", "--system", "--dry-run", "--", "--serve", "8080")[1]
    assert (value(unit, "UMask"), value(unit, "StateDirectoryMode")) == ("0077", "0700")
    # Neither the camera's device nor a Python in a home folder is hidden, nor code that a runtime makes as it runs.
    assert "DeviceAllow=char-video4linux rw\n" in unit and value(unit, "ProtectHome") == "read-only"
    assert not {"PrivateDevices", "MemoryDenyWriteExecute"} & {line.partition("=")[0] for line in unit.splitlines()}
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    (tmp_path / NAME).write_text(unit)
    command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", "--no-pager", str(tmp_path / NAME)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_folders_that_were_named_can_be_written(service: Service, tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "a b").mkdir()
    unit = service("install", "--system", "--dry-run", "--", "--record", "a b", "--events", "new/events.jsonl")[1]
    assert value(unit, "ReadWritePaths") == f'"-{here}/a b" -{here}/new'
    assert verified(unit, tmp_path, user=False) == ""
    assert value(service("install", "--system", "--dry-run", "--", "--events=-")[1], "ReadWritePaths") == ""


def test_the_configuration_file_and_paths_are_absolute(
    service: Service, tmp_path: Path, user_unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("mine.toml").write_text("threads = 2")
    usual = tmp_path / "config" / "mnist-edge" / "camera.toml"
    usual.parent.mkdir(parents=True)
    usual.write_text("threads = 3")
    here = tmp_path / "here"
    assert f"--no-window --config={usual}\n" in service("install", "--user", "--dry-run")[1]
    unit = service("install", "--user", "--dry-run", "--", "--config", "mine.toml", "--record", "clips", "--events=-")[
        1
    ]
    assert f" --config={here}/mine.toml --events=- --record={here}/clips\n" in unit
    assert "--config" not in service("install", "--system", "--dry-run")[1]
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "camera.toml").write_text("threads = 4")
    assert f"--config={tmp_path}/etc/camera.toml\n" in service("install", "--system", "--dry-run")[1]
