"""`mnist-edge service`."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mnist_edge.cli.help import Command, Group
from mnist_edge.cli.options import Force

if TYPE_CHECKING:
    from mnist_edge.camera.systemd_unit import Service

ABOUT = """Keep a camera running for good, as a systemd service.

Systemd starts it at boot or log-in, and anew after every fault.

Example: mnist-edge service install -- --source 0 --serve 8080"""
SYSTEM_CONFIG = Path("/etc/mnist-edge/camera.toml")

app = typer.Typer(cls=Group, rich_markup_mode=None, no_args_is_help=True, help=ABOUT)
System = Annotated[
    bool | None,
    typer.Option("--system/--user", help="Of the whole machine, or your own. Default: the machine's, if you are root."),
]
Name = Annotated[str, typer.Option("--name", metavar="NAME", help="Tells several cameras apart.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only print what would be done.")]


@app.command("install", cls=Command)
def install_command(
    flags: Annotated[list[str] | None, typer.Argument(metavar="FLAGS", help="Of mnist-edge camera, after --.")] = None,
    system: System = None,
    name: Name = "camera",
    run_as: Annotated[
        str | None, typer.Option("--run-as", metavar="USER", help="With --system. Default: who called sudo.")
    ] = None,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Write a unit file, and start the camera now and at every start.

    That is at every boot (--system) or log-in (--user). The flags are those of mnist-edge camera; paths in them count
    from here. Secrets belong in the configuration file.

    Example: mnist-edge service install --dry-run -- --config camera.toml
    """
    from mnist_edge.camera.systemd_unit import check_replace, check_systemd, install, service_user, unit_file
    from mnist_edge.errors import UsageError

    service = _service(name, system)
    if run_as and not service.system:
        raise UsageError(f"--run-as {run_as} goes with --system; your own service runs as you")
    user = service_user(run_as, os.environ.get("SUDO_USER")) if service.system else None
    command, writes = _camera_command(flags or [], service.system)
    text = unit_file(service.name, command, user=user, writes=writes)
    if not dry_run:
        check_systemd(service, _this_command())
        install(service, text, force=force, report=print)
        _advise(service, user)
        return
    check_replace(service, text, force)
    print(f"# {service.path}\n{text}")
    _print_steps(service.install_steps())


@app.command("status", cls=Command)
def status_command(system: System = None, name: Name = "camera") -> None:
    """Show whether the camera runs, and what it said last.

    The exit code is 0 if it runs.

    Example: mnist-edge service status
    """
    from mnist_edge.camera.systemd_unit import check_systemd, show_status

    service = _service(name, system)
    # Without a command to repeat under sudo: every user may ask for the status.
    check_systemd(service, [])
    raise typer.Exit(show_status(service))


@app.command("uninstall", cls=Command)
def uninstall_command(system: System = None, name: Name = "camera", dry_run: DryRun = False) -> None:
    """Stop the camera and remove its unit file.

    Recordings, events and settings stay.

    Example: mnist-edge service uninstall --dry-run
    """
    from mnist_edge.camera.systemd_unit import check_ours, check_systemd, uninstall

    service = _service(name, system)
    if dry_run:
        check_ours(service)
        _print_steps(service.uninstall_steps())
        return
    check_systemd(service, _this_command())
    uninstall(service, print)


def _service(name: str, system: bool | None) -> "Service":
    from mnist_edge.camera.systemd_unit import find_service

    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return find_service(name, system=root if system is None else system)


def _camera_command(words: list[str], system: bool) -> tuple[list[str], list[Path]]:
    """Build the camera's command line with absolute paths, and list the folders that it writes to.

    Everything is checked now, since nobody watches the service later.
    """
    from mnist_edge.camera.config import FIELDS, default_file, load_settings, located
    from mnist_edge.camera.settings import flag, masked
    from mnist_edge.camera.systemd_unit import written_folders
    from mnist_edge.cli import camera
    from mnist_edge.errors import UsageError

    context = _parsed(words)
    flags, file = camera.given(context, context.params), context.params["config"]
    if flags.pop("window", None):
        raise UsageError("--window: a service has none; watch it with --serve")
    for name, value in flags.items():
        if masked(FIELDS[name], value) != value:
            raise UsageError(f"{flag(FIELDS[name])}: all may read a unit file; put the secret into the --config file")
    usual = SYSTEM_CONFIG if system else default_file()
    file = Path(file) if file else usual if usual and usual.exists() else None
    found = load_settings(file, flags)
    if found.settings.record and Path(found.settings.record).suffix:
        raise UsageError(f"--record {found.settings.record}: a service starts again and again; name a folder")
    config = [f"--config={file.absolute()}"] if file else []
    settings = [_word(FIELDS[name], located(FIELDS[name], value, Path())) for name, value in flags.items()]
    command = [sys.executable, "-m", "mnist_edge", "camera", "--no-window", *config, *settings]
    return command, written_folders(found)


def _word(option: Any, value: Any) -> str:
    from mnist_edge.camera.settings import flag

    name = flag(option)
    return (name if value else f"--no-{name[2:]}") if isinstance(value, bool) else f"{name}={value}"


def _parsed(words: list[str]) -> Any:
    from mnist_edge.cli import app

    group: Any = typer.main.get_command(app)
    return group.commands["camera"].make_context("mnist-edge camera", list(words))


def _advise(service: "Service", user: str | None) -> None:
    import getpass

    from mnist_edge.cli.console import note

    if user == "root":
        note("note: the camera runs as root; --run-as USER is safer")
    if user is None and not Path("/var/lib/systemd/linger", getpass.getuser()).exists():
        note(f"note: it runs while you are logged in; for always: loginctl enable-linger {getpass.getuser()}")
    scope = "" if service.system else " --user"
    note(f"see: mnist-edge service status, and: journalctl{scope} -fu {service.name}")


def _print_steps(steps: list[list[str]]) -> None:
    import shlex

    for step in steps:
        print(f"# then: {shlex.join(step)}")


def _this_command() -> list[str]:
    return [sys.executable, "-m", "mnist_edge", *sys.argv[1:]]
