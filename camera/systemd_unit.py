"""A camera as a service of systemd: its unit file, and how the service is installed, shown and removed."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mnist_edge.atomic_files import write_text
from mnist_edge.camera.config import FIELDS, Configuration, settings_folder
from mnist_edge.errors import OutputError, UsageError

SYSTEM_UNITS = Path("/etc/systemd/system")
NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
# Names of users that a unit file can hold without quotes.
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
# What systemd takes literally without quotes.
PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)

UNIT = """\
# Made by `mnist-edge service install`, and taken away by `mnist-edge service uninstall`.
[Unit]
Description=Handwritten digits, read by a camera
{after}# It is started again, however often it fails.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
Restart=always
RestartSec=5
# A loop that hangs is ended and started again.
WatchdogSec=60
TimeoutStartSec=120
TimeoutStopSec=30
# Relative paths start here.
StateDirectory={state}
WorkingDirectory=%S/{state}
# It is started again before the whole machine runs out of memory.
MemoryMax=60%
NoNewPrivileges=yes
{system}
[Install]
WantedBy={target}
"""
# The line by which a unit file is known as ours.
MARK = UNIT.splitlines()[0]

# Forbids what a camera, a web page, a broker and recordings do not need. Left out on purpose: the home folders stay
# readable, as Python may be installed there; `/proc` stays whole, as runtimes choose their kernels by `/proc/cpuinfo`;
# memory may be made executable, as some runtimes compile while they run; and `PrivateUsers` would take the user out of
# the groups that own devices. The devices are those of V4L2 and of the Raspberry Pi's camera modules.
SYSTEM = """\
User={user}
SupplementaryGroups=video
UMask=0077
StateDirectoryMode=0700
ReadWritePaths={writes}
ProtectSystem=strict
ProtectHome=read-only
PrivateTmp=yes
PrivateMounts=yes
RemoveIPC=yes
DevicePolicy=closed
DeviceAllow=char-video4linux rw
DeviceAllow=char-media rw
DeviceAllow=char-dma_heap rw
DeviceAllow=char-drm rw
DeviceAllow=/dev/vchiq rw
DeviceAllow=/dev/vcsm-cma rw
CapabilityBoundingSet=
AmbientCapabilities=
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
# OpenCV and TFLite ask the scheduler about their threads: that fails, rather than ending the camera.
SystemCallErrorNumber=EPERM
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
"""


@dataclass(frozen=True, slots=True)
class Service:
    """A service, installed or not.

    Attributes:
        name: The unit's name without `.service`.
        system: Whether the unit belongs to the system rather than to the user.
        path: Its unit file.
    """

    name: str
    system: bool
    path: Path

    def systemctl(self, *words: str) -> list[str]:
        """Return the command line of systemctl for the system or the user that owns this service."""
        return ["systemctl", *([] if self.system else ["--user"]), *words]

    def install_steps(self) -> list[list[str]]:
        """Return the commands that follow writing the unit file; a service that runs already is restarted with it."""
        # Starting may wait for the camera a long time, and nothing needs to wait for that.
        start = self.systemctl("restart", "--no-block", self.path.name)
        return [self.systemctl("daemon-reload"), self.systemctl("enable", self.path.name), start]

    def uninstall_steps(self) -> list[list[str]]:
        """Return the commands that stop the service and remove its unit file."""
        disable = self.systemctl("disable", "--now", self.path.name)
        return [disable, ["rm", str(self.path)], self.systemctl("daemon-reload")]


def find_service(name: str, *, system: bool) -> Service:
    """Return the service for the camera called `name`, installed or not.

    Raises:
        UsageError: A unit cannot have this name, or the user has no home folder for services.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"--name {name}: give lower-case letters, digits, - and _")
    # The prefix keeps every other service of the machine out of reach.
    unit = f"mnist-edge-{name}"
    folder = settings_folder()
    if not system and folder is None:
        raise UsageError("this user has no home folder for a service of its own; set HOME, or use --system")
    units = SYSTEM_UNITS if system or folder is None else folder / "systemd" / "user"
    return Service(unit, system, units / f"{unit}.service")


def unit_file(name: str, command: Sequence[str], *, user: str | None, writes: Sequence[Path] = ()) -> str:
    """Return the text of the unit `name`, which is also the name of its state folder.

    Args:
        name: The unit's name without `.service`.
        command: Program and arguments; the program by its absolute path.
        user: The user that a unit of the system runs as; None for a user's own unit, which systemd can hardly confine.
        writes: Folders that it may write to besides its state folder, absolute.
    """
    # The - lets the unit start where such a folder does not exist.
    places = " ".join(_quoted(f"-{path}") for path in writes)
    return UNIT.format(
        after="After=network.target\n" if user else "",
        command=" ".join([_quoted(command[0]), *(_quoted(word).replace("$", "$$") for word in command[1:])]),
        state=name,
        system=SYSTEM.format(user=user, writes=places) if user else "",
        target="multi-user.target" if user else "default.target",
    )


def _quoted(word: str) -> str:
    """Quote a word as one argument of ExecStart, with all that systemd would replace escaped."""
    if PLAIN.fullmatch(word):
        return word
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%")):
        word = word.replace(plain, escaped)
    return f'"{word}"'


def service_user(run_as: str | None, sudo_user: str | None) -> str:
    """Return the user that a service of the system runs as: `run_as`, or else `sudo_user`, which is untrusted.

    Raises:
        UsageError: The user would be root although nobody asked for that, or does not exist.
    """
    # Windows has neither this module nor systemd.
    import pwd

    user = run_as or sudo_user
    if not user or (user == "root" and not run_as):
        raise UsageError(
            "a camera needs no root: name a user with --run-as, such as one made by: "
            "useradd --system --groups video mnist-edge"
        )
    if not USER.fullmatch(user):
        raise UsageError(f"{user!r} is no name of a user; name one with --run-as")
    try:
        return pwd.getpwnam(user).pw_name
    except KeyError:
        raise UsageError(f"--run-as {user}: there is no such user; create one with: sudo useradd -r {user}") from None


def written_folders(found: Configuration) -> list[Path]:
    """List the folders that the given settings name for results, absolute; all else goes to the state folder."""
    named = [
        Path(os.path.abspath(os.path.expanduser(value)))
        for name, option in FIELDS.items()
        if option.metadata.get("path")
        and found.origins[name] != "default"
        and (value := getattr(found.settings, name)) not in (None, "-")
    ]
    # The parent of a folder that does not exist yet, which is made in it, and of a file, which is replaced in it.
    return sorted({path if path.is_dir() else path.parent for path in named})


def check_systemd(service: Service, command: Sequence[str]) -> None:
    """Check that this machine and this user can manage the service; `command` is what the user would repeat with sudo.

    Raises:
        OutputError: There is no systemd, or this user may not.
    """
    if not sys.platform.startswith("linux"):
        raise OutputError(f"services are systemd's, which {sys.platform} lacks; start mnist-edge camera by other means")
    if not shutil.which("systemctl"):
        raise OutputError("there is no systemctl here; start mnist-edge camera by what this system has instead")
    if service.system and os.geteuid() != 0:
        raise OutputError(f"only root may change the system's services; run: sudo {shlex.join(command)}")


def check_replace(service: Service, text: str, force: bool) -> None:
    """Check that `force` is set where installing replaces another unit file; raises `OutputError` if not."""
    if service.path.exists() and service.path.read_bytes() != text.encode() and not force:
        raise OutputError(f"{service.path} exists already, and differs; choose another --name, or add --force")


def check_ours(service: Service) -> None:
    """Check that `install` made the unit file; raises `OutputError` if not."""
    if not service.path.exists():
        raise OutputError(f"{service.path} is not there: {service.name} is not installed; see: mnist-edge service")
    if MARK not in service.path.read_text(encoding="utf-8", errors="replace"):
        raise OutputError(f"{service.path} was not made by mnist-edge; remove it yourself")


def install(service: Service, text: str, *, force: bool, report: Callable[[str], None]) -> None:
    """Write the unit file, and start the service now and at every boot or log-in; `report` gets each step.

    Raises:
        OutputError: There is another unit file already and `force` is not set, or systemd refuses.
    """
    check_replace(service, text, force)
    report(f"write {service.path}")
    write_text(service.path, text)
    _run(service.install_steps(), report)


def uninstall(service: Service, report: Callable[[str], None]) -> None:
    """Stop and disable the service and remove its unit file; what it wrote stays. `report` gets each step.

    Raises:
        OutputError: `install` did not make it, or systemd refuses.
    """
    check_ours(service)
    _run(service.uninstall_steps(), report)


def show_status(service: Service) -> int:
    """Let systemd print the state of the service; returns its exit code, 0 where the service runs.

    Raises:
        OutputError: It is not installed.
    """
    check_ours(service)
    return subprocess.run(service.systemctl("status", "--no-pager", service.path.name)).returncode


def _run(steps: Sequence[Sequence[str]], report: Callable[[str], None]) -> None:
    for step in steps:
        report(shlex.join(step))
        done = subprocess.run(step, capture_output=True, text=True)
        if done.returncode:
            reason = done.stderr.strip() or f"exit code {done.returncode}"
            raise OutputError(f"{shlex.join(step)} failed: {reason}; mend that, and run this again")
