"""`mnist-edge service`: what is asked of a systemctl that writes it down, and what is refused."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.camera.systemd_unit import MARK
from tests.camera.service.conftest import NAME, Service, one_line, value

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="services are systemd's")


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
