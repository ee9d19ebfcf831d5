"""A camera as a service of systemd: its unit file, and how the service is installed, watched and removed."""

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
# Of users, as far as a unit file takes them as they are.
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")
MARK = "# Made by `mnist-edge service install`, and taken away by `mnist-edge service uninstall`."
# What systemd takes literally without quotes.
PLAIN = re.compile(r"[\w@+=:,./-]+", re.ASCII)

UNIT = """\
{mark}
[Unit]
Description={description}
{after}# However often it fails, it is started again.
StartLimitIntervalSec=0

[Service]
Type=notify
ExecStart={command}
Restart=always
RestartSec=5
# A loop that has hung is ended and started anew.
WatchdogSec=60
TimeoutStartSec=120
TimeoutStopSec=30
# Relative paths count from here.
StateDirectory={state}
WorkingDirectory=%S/{state}
# Rather start anew than let the whole machine run short.
MemoryMax=60%
NoNewPrivileges=yes
{system}
[Install]
WantedBy={target}
"""

# What a camera, a web page, a broker and recordings do not need is taken away. What is left out on purpose: the home
# folders stay readable, as Python may live there; `/proc` stays whole, as runtimes choose their kernels by
# `/proc/cpuinfo`; memory may be made executable, as some runtimes compile while they run; and `PrivateUsers` would part
# the user from the groups that own devices. The devices are those of V4L2 and of the Raspberry Pi's own camera.
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
# The scheduler, which threads of OpenCV and TFLite ask about, says no rather than ending the camera.
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
    """One service, installed or not.

    Attributes:
        name: Of its unit, without `.service`.
        system: Whether it is the system's, else the user's own.
        folder: Where its unit file is.
    """

    name: str
    system: bool
    folder: Path

    @property
    def path(self) -> Path:
        """Its unit file."""
        return self.folder / f"{self.name}.service"

    def systemctl(self, *words: str) -> list[str]:
        """A command line for whoever runs this service."""
        return ["systemctl", *([] if self.system else ["--user"]), *words]

    def install_steps(self) -> list[list[str]]:
        """What follows a unit file that was written; a service that runs already takes the new one up."""
        # It may wait for its camera a long time; nobody else has to.
        start = self.systemctl("restart", "--no-block", self.path.name)
        return [self.systemctl("daemon-reload"), self.systemctl("enable", self.path.name), start]

    def uninstall_steps(self) -> list[list[str]]:
        """What precedes the removal of the unit file."""
        return [self.systemctl("disable", "--now", self.path.name)]


def find_service(name: str, *, system: bool) -> Service:
    """The service for the camera called `name`, whether it is there or not.

    Raises:
        UsageError: The name cannot be part of a unit's, or a user without a home asks for a service of its own.
    """
    if not NAME.fullmatch(name):
        raise UsageError(f"--name {name}: give lower-case letters, digits, - and _")
    folder = SYSTEM_UNITS if system else _user_units()
    # With our own prefix no other service of the machine can be meant.
    return Service(f"mnist-edge-{name}", system, folder)


def _user_units() -> Path:
    folder = settings_folder()
    if folder is None:
        raise UsageError("this user has no home folder for a service of its own; set HOME, or use --system")
    return folder / "systemd" / "user"


def unit_file(name: str, command: Sequence[str], *, user: str | None, writes: Sequence[Path] = ()) -> str:
    """The text of a unit.

    Args:
        name: Of the unit, without `.service`; also of the folder for what it writes.
        command: Program and arguments; the program by its absolute path.
        user: Whom it runs as, in a unit of the system; None for a unit of one user's own, for which systemd can set up
            hardly any protection, and which may not change its groups.
        writes: Folders that it writes to beside its own, absolute.
    """
    # One that is not there keeps no unit from starting.
    places = " ".join(_quoted(f"-{path}") for path in writes)
    return UNIT.format(
        mark=MARK,
        description="Handwritten digits, read by a camera",
        after="After=network.target\n" if user else "",
        command=" ".join([_quoted(command[0]), *(_quoted(word).replace("$", "$$") for word in command[1:])]),
        state=name,
        system=SYSTEM.format(user=user, writes=places) if user else "",
        target="multi-user.target" if user else "default.target",
    )


def _quoted(word: str) -> str:
    """A word as one argument of ExecStart: quotes, and what systemd would else replace, escaped."""
    if PLAIN.fullmatch(word):
        return word
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%")):
        word = word.replace(plain, escaped)
    return f'"{word}"'


def service_user(run_as: str | None, sudo_user: str | None) -> str:
    """Whom a service of the system runs as: who was named, else who called sudo.

    Args:
        run_as: As `--run-as` gives it.
        sudo_user: As sudo's environment gives it, which whoever calls may have set to anything.

    Raises:
        UsageError: It would be root unasked, or there is no such user, so that systemd would try in vain for ever.
    """
    # Windows has no such module, and no systemd.
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
    """The folders that a camera writes to because somebody named them, absolute; all else is in the service's own.

    Args:
        found: Its settings; relative paths of flags count from here, as those of the file were made absolute.
    """
    named = [
        Path(os.path.abspath(os.path.expanduser(value)))
        for name, option in FIELDS.items()
        if option.metadata.get("path")
        and found.origins[name] != "default"
        and (value := getattr(found.settings, name)) not in (None, "-")
    ]
    # A folder that is not there yet is made in the one that holds it, as files of events are when they are rotated.
    return sorted({path if path.is_dir() else path.parent for path in named})


def check_systemd(service: Service, command: Sequence[str]) -> None:
    """See that this machine and this user can manage the service.

    Args:
        service: The service.
        command: The command line that asks for it, to be shown with sudo before it.

    Raises:
        OutputError: There is no systemd, or the user may not.
    """
    if not sys.platform.startswith("linux"):
        raise OutputError(f"services are systemd's, which {sys.platform} lacks; start mnist-edge camera by other means")
    if not shutil.which("systemctl"):
        raise OutputError("there is no systemctl here; start mnist-edge camera by what this system has instead")
    if service.system and os.geteuid() != 0:
        raise OutputError(f"only root may change the system's services; run: sudo {shlex.join(command)}")


def check_replace(service: Service, text: str, force: bool) -> None:
    """See that installing destroys nothing.

    Raises:
        OutputError: There is another unit file already, and `force` is not set.
    """
    if service.path.exists() and service.path.read_bytes() != text.encode() and not force:
        raise OutputError(f"{service.path} exists already, and differs; choose another --name, or add --force")


def install(service: Service, text: str, *, force: bool, tell: Callable[[str], None]) -> None:
    """Write the unit file, and start the service now and at every boot or log-in.

    Args:
        service: The service.
        text: The unit file.
        force: Whether it may replace another.
        tell: Told each step before it is done.

    Raises:
        OutputError: There is another unit file already, or systemd refuses.
    """
    check_replace(service, text, force)
    tell(f"write {service.path}")
    write_text(service.path, text)
    for step in service.install_steps():
        _run(step, tell)


def uninstall(service: Service, tell: Callable[[str], None]) -> None:
    """Stop and disable the service, and remove its unit file; what it wrote stays.

    Args:
        service: The service.
        tell: Told each step before it is done.

    Raises:
        OutputError: It is not installed, or not by `install`; or systemd refuses.
    """
    check_ours(service)
    for step in service.uninstall_steps():
        _run(step, tell)
    tell(f"remove {service.path}")
    service.path.unlink()
    _run(service.systemctl("daemon-reload"), tell)


def check_ours(service: Service) -> None:
    """See that `install` made the unit file.

    Raises:
        OutputError: There is none, or somebody else made it.
    """
    if not service.path.exists():
        raise OutputError(f"{service.path} is not there: {service.name} is not installed; see: mnist-edge service")
    if MARK not in service.path.read_text(encoding="utf-8", errors="replace"):
        raise OutputError(f"{service.path} was not made by mnist-edge; remove it yourself")


def show_status(service: Service) -> int:
    """Let systemd print how the service does; its exit code is 0 where it runs.

    Raises:
        OutputError: It is not installed.
    """
    check_ours(service)
    return subprocess.run(service.systemctl("status", "--no-pager", service.path.name)).returncode


def lingers(user: str) -> bool:
    """Whether a user's services run while the user is not logged in."""
    return Path("/var/lib/systemd/linger", user).exists()


def _run(command: list[str], tell: Callable[[str], None]) -> None:
    tell(shlex.join(command))
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        reason = done.stderr.strip() or f"exit code {done.returncode}"
        raise OutputError(f"{shlex.join(command)} failed: {reason}; mend that, and run this again")
