"""The unit file under which systemd keeps a camera running."""

import re
from collections.abc import Sequence

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

# Nothing that hides devices, or that forbids what a runtime needs which compiles while it runs. The home folders stay
# visible: Python may live there.
SYSTEM = """\
User={user}
SupplementaryGroups=video
PrivateTmp=yes
ProtectSystem=full
ProtectControlGroups=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictSUIDSGID=yes
"""


def unit_file(name: str, command: Sequence[str], *, user: str | None) -> str:
    """The text of a unit.

    Args:
        name: Of the unit, without `.service`; also of the folder for what it writes.
        command: Program and arguments; the program by its absolute path.
        user: Whom it runs as, in a unit of the system; None for a unit of one user's own, for which systemd can set up
            hardly any protection, and which may not change its groups.
    """
    return UNIT.format(
        mark=MARK,
        description="Handwritten digits, read by a camera",
        after="After=network.target\n" if user else "",
        command=" ".join([_quoted(command[0]), *(_quoted(word).replace("$", "$$") for word in command[1:])]),
        state=name,
        system=SYSTEM.format(user=user) if user else "",
        target="multi-user.target" if user else "default.target",
    )


def _quoted(word: str) -> str:
    """A word as one argument of ExecStart: quotes, and what systemd would else replace, escaped."""
    if PLAIN.fullmatch(word):
        return word
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("%", "%%")):
        word = word.replace(plain, escaped)
    return f'"{word}"'
