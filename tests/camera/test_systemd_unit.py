"""The service: its unit file as systemd judges it, and what is asked of a systemctl that writes it down."""

import os
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from mnist_edge.camera.systemd_unit import MARK, unit_file
from mnist_edge.cli import app

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="services are systemd's")

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


def test_install_writes_the_unit_and_starts_it(
    service: Service, calls: Callable[[], list[str]], user_unit: Path, tmp_path: Path
) -> None:
    code, out, err = service("install", "--user", "--", "--source", "rtsp://camera/1", "--no-details", "--threads", "2")
    assert code == 0
    unit = user_unit.read_text()
    assert unit.startswith(MARK)
    flags = value(unit, "ExecStart").partition(" --no-window ")[2]
    assert flags == "--source=rtsp://camera/1 --threads=2 --no-details"
    assert calls() == ["--user daemon-reload", f"--user enable {NAME}", f"--user restart --no-block {NAME}"]
    assert out.splitlines() == [f"write {user_unit}", *(f"systemctl {words}" for words in calls())]
    assert "loginctl enable-linger" in err and f"journalctl --user -fu {NAME.removesuffix('.service')}" in err


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


def test_install_again_needs_force_where_it_would_change_something(
    service: Service, calls: Callable[[], list[str]], user_unit: Path
) -> None:
    for _ in range(2):
        assert service("install", "--user", "--", "--threads", "2")[0] == 0
    before, asked = user_unit.read_text(), len(calls())
    for more in ([], ["--dry-run"]):
        assert "--force" in one_line(service("install", "--user", *more, "--", "--threads", "3"), 1)
    assert (user_unit.read_text(), len(calls())) == (before, asked)
    assert service("install", "--user", "--force", "--", "--threads", "3")[0] == 0
    assert "--threads=3" in user_unit.read_text()
    assert service("install", "--user", "--name", "door", "--", "--threads", "3")[0] == 0
    assert user_unit.with_name("mnist-edge-door.service").exists()


def test_uninstall_takes_away_just_that(service: Service, calls: Callable[[], list[str]], user_unit: Path) -> None:
    service("install", "--user")
    service("install", "--user", "--name", "door")
    asked = len(calls())
    code, out, _ = service("uninstall", "--user", "--dry-run")
    assert (code, len(calls()), user_unit.exists()) == (0, asked, True)
    planned = [line.removeprefix("# then: ") for line in out.splitlines()]
    code, out, err = service("uninstall", "--user")
    assert (code, err) == (0, "")
    assert calls()[asked:] == [f"--user disable --now {NAME}", "--user daemon-reload"]
    assert out.splitlines() == planned
    assert [path.name for path in user_unit.parent.iterdir()] == ["mnist-edge-door.service"]
    assert "is not installed" in one_line(service("uninstall", "--user"), 1)


def test_what_others_made_stays(service: Service, calls: Callable[[], list[str]], user_unit: Path) -> None:
    user_unit.parent.mkdir(parents=True)
    user_unit.write_text("[Service]\nExecStart=/bin/true\n")
    assert "was not made by mnist-edge" in one_line(service("uninstall", "--user"), 1)
    assert "--force" in one_line(service("install", "--user"), 1)
    assert calls() == [] and user_unit.read_text().endswith("/bin/true\n")


def test_status_is_systemds(
    service: Service, calls: Callable[[], list[str]], capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is not installed" in one_line(service("status", "--user"), 1)
    service("install", "--user")
    assert service("status", "--user")[0] == 0
    assert calls()[-1] == f"--user status --no-pager {NAME}"
    assert "what systemctl prints" in capfd.readouterr().out
    monkeypatch.setenv("STATUS", "3")
    assert service("status", "--user")[0] == 3


def test_a_service_of_the_system_runs_as_who_called_sudo(
    service: Service, calls: Callable[[], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert service("install")[0] == 0
    unit = (tmp_path / "system" / NAME).read_text()
    assert (value(unit, "User"), value(unit, "SupplementaryGroups")) == ("daemon", "video")
    assert value(unit, "WantedBy") == "multi-user.target"
    assert calls()[-3:] == ["daemon-reload", f"enable {NAME}", f"restart --no-block {NAME}"]
    assert service("install", "--force", "--run-as", "nobody")[0] == 0
    assert value((tmp_path / "system" / NAME).read_text(), "User") == "nobody"
    assert service("uninstall")[0] == 0 and not (tmp_path / "system" / NAME).exists()


@pytest.mark.parametrize("user", [None, "root", "daemon\nExecStartPre=/bin/true", "no such user", "nobody\0", "%u"])
def test_no_service_runs_as_root_unasked_or_as_nobody_that_there_is(
    service: Service, monkeypatch: pytest.MonkeyPatch, user: str | None
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    environment = {name: text for name, text in os.environ.items() if name != "SUDO_USER"}
    monkeypatch.setattr(os, "environ", environment | ({"SUDO_USER": user} if user else {}))
    assert "--run-as" in one_line(service("install", "--dry-run"), 2)
    if user != "root":
        assert not user or "--run-as" in one_line(service("install", "--dry-run", "--run-as", user), 2)
    else:
        assert service("install", "--dry-run", "--run-as", user)[0] == 0


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


def test_who_is_not_root_is_told_the_command_with_sudo(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(sys, "argv", ["mnist-edge", "service", "install", "--system", "--", "--source", "a b"])
    message = one_line(service("install", "--system", "--", "--source", "a b"), 1)
    assert f"sudo {sys.executable} -m mnist_edge service install --system -- --source 'a b'" in message
    assert service("install", "--system", "--dry-run")[0] == 0


def test_a_machine_without_systemd_is_told_so(
    service: Service, tmp_path: Path, user_unit: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "here"))
    for words in (["install"], ["status"], ["uninstall"]):
        assert "there is no systemctl here" in one_line(service(*words, "--user"), 1)
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "darwin" in one_line(service("install", "--user"), 1)
    assert not user_unit.exists()


def test_what_systemctl_refuses_is_one_line(service: Service, user_unit: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFUSES", "enable")
    code, out, err = service("install", "--user")
    assert (code, out.splitlines()[-1]) == (1, f"systemctl --user enable {NAME}")
    assert err == (
        f"error: systemctl --user enable {NAME} failed: Failed to connect to bus; mend that, and run this again\n"
    )
    monkeypatch.setenv("REFUSES", "")
    assert service("install", "--user")[0] == 0


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


@pytest.mark.parametrize(
    ("flags", "what"),
    [
        (["--soruce", "0"], "--source"),
        (["--threads", "0"], "--threads"),
        (["--rotate", "45"], "--rotate 45: choose 0, 90, 180 or 270"),
        (["--config", "nowhere.toml"], "there is no nowhere.toml"),
        (["--config", "bad.toml"], "bad.toml: there is no key soruce; did you mean source?"),
        (["--window"], "--window: a service has none"),
        (["--record", "one.mp4"], "one.mp4: a service starts again and again; name a folder"),
        (["--token", "s3cret"], "--token: all may read a unit file"),
        (["--mqtt", "mqtt://me:s3cret@broker/home"], "--mqtt: all may read a unit file"),
    ],
)
def test_wrong_flags_of_the_camera_are_found_now(
    service: Service, user_unit: Path, flags: list[str], what: str
) -> None:
    Path("bad.toml").write_text('soruce = "0"')
    message = one_line(service("install", "--user", "--", *flags), 2)
    assert what in message and "s3cret" not in message
    assert not user_unit.exists()


def test_names_are_checked(service: Service) -> None:
    assert "--name ../x: give lower-case letters" in one_line(service("install", "--name", "../x"), 2)
    assert "--run-as no-such: there is no such user" in one_line(
        service("install", "--system", "--run-as", "no-such"), 2
    )
    assert "--run-as pi goes with --system" in one_line(service("install", "--user", "--run-as", "pi"), 2)
