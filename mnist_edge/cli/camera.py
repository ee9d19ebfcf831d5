"""`mnist-edge camera`: its flags are the fields of `Settings`."""

from collections.abc import Mapping
from dataclasses import Field, fields
from inspect import Parameter, Signature
from pathlib import Path
from typing import Annotated, Any

import typer

from mnist_edge.camera.settings import Settings, by_group, flag
from mnist_edge.cli.options import complete, complete_finders, complete_models

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="FILE",
        help="Settings as TOML; flags win. Default: ~/.config/mnist-edge/camera.toml, if it is there.",
    ),
]
# Lines that may wait for standard error.
MAX_NOTES = 1000
# Seconds that the end of the command waits for them.
NOTES_SECONDS = 0.5
COMPLETIONS = {"model": complete_models, "finder": complete_finders}
ShowConfig = Annotated[
    bool, typer.Option("--show-config", help="Print the settings in effect as such a file, and end.")
]


def command(context: typer.Context, config: Config, show_config: ShowConfig, **flags: Any) -> None:
    """Read digits live from a camera, a video or a stream.

    Ends with q, Esc or Ctrl-C, and exit code 0. Without a window the text is printed whenever it changes. A still
    picture in the window waits for a key. `mnist-edge service install` keeps it running for good.

    Example: mnist-edge camera --source 0 --serve 8080 --events digits.jsonl
    """
    from mnist_edge.camera.config import as_toml, load_settings
    from mnist_edge.cli.console import log_to, note

    found = load_settings(config, given(context, flags))
    if show_config:
        print(as_toml(found), end="", flush=True)
        return
    from mnist_edge.camera.run_camera import run_camera
    from mnist_edge.camera.worker import Worker

    # A worker writes the lines, so that a slow terminal does not stop the loop.
    notes = Worker("notes", note, limit=MAX_NOTES, end_seconds=NOTES_SECONDS, silent=True)
    with log_to(notes.put), notes:
        notes.put(str(run_camera(found.settings)))


def given(context: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """Select the settings that were given on the command line, whatever their value."""
    names = [option.name for option in fields(Settings)]
    # The enumeration is Click's, which must not be imported: typer may bring its own.
    return {name: values[name] for name in names if context.get_parameter_source(name).name == "COMMANDLINE"}


def _parameter(option: "Field[Any]", heading: str) -> Parameter:
    about = option.metadata
    switch = option.type in (bool, bool | None)
    names = f"{flag(option)}/--no-{flag(option)[2:]}" if switch else flag(option)
    typed = typer.Option(
        names,
        metavar=about["metavar"] or None,
        help=about["help"],
        rich_help_panel=heading,
        autocompletion=COMPLETIONS.get(option.name) or complete(lambda: about.get("choices", ())),
        min=about.get("min"),
        max=about.get("max"),
    )
    annotation: Any = Annotated[option.type, typed]
    return Parameter(option.name, Parameter.KEYWORD_ONLY, default=option.default, annotation=annotation)


# Typer reads this signature: each flag is declared once, in `Settings`.
command.__signature__ = Signature(  # type: ignore[attr-defined]
    [
        Parameter("context", Parameter.KEYWORD_ONLY, annotation=typer.Context),
        *(_parameter(option, heading) for heading, group in by_group().items() for option in group),
        Parameter("config", Parameter.KEYWORD_ONLY, default=None, annotation=Config),
        Parameter("show_config", Parameter.KEYWORD_ONLY, default=False, annotation=ShowConfig),
    ]
)
