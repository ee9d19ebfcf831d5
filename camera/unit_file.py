"""The unit file under which systemd keeps a camera running."""

import re
from collections.abc import Sequence
from pathlib import Path

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
