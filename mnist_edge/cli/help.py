"""Format `--help`: groups under headings, names in one column, and words for users rather than parsers."""

import sys
from collections.abc import Iterable
from typing import Any

from typer.core import TyperCommand, TyperGroup

from mnist_edge.cli.console import painter
from mnist_edge.cli.table import INDENT, lay_out, wrap_words

# Headings of commands and parameters without a heading of their own, which is typer's `rich_help_panel`.
COMMANDS, ARGUMENTS, OPTIONS = "Commands", "Arguments", "Options"


class _Help:
    """The parts of a help text, as Click asks for them."""

    def collect_usage_pieces(self: Any, ctx: Any) -> list[str]:
        """List the words after the command's name."""
        shown = [parameter for parameter in self.get_params(ctx) if parameter.param_type_name == "argument"]
        arguments = [_argument(argument) if argument.required else f"[{_argument(argument)}]" for argument in shown]
        return ["[OPTIONS]", *arguments, *(["COMMAND ..."] if isinstance(self, TyperGroup) else [])]

    def format_help_text(self: Any, ctx: Any, formatter: Any) -> None:
        """Write what the command does; an option's name is never broken."""
        for paragraph in (self.help or "").split("\n\n"):
            lines = wrap_words(" ".join(paragraph.split()), formatter.width - len(INDENT))
            formatter.write("\n" + "".join(f"{INDENT}{line}\n" for line in lines))

    def format_options(self: Any, ctx: Any, formatter: Any) -> None:
        """Write subcommands, arguments and options."""
        if isinstance(self, TyperGroup):
            _write(formatter, _commands(self))
        _write(formatter, _parameters(self, ctx))


class Command(_Help, TyperCommand):
    """A command whose help shows its options in groups."""


class Group(_Help, TyperGroup):
    """A command whose help shows its subcommands and options in groups."""


Row = tuple[str, str, str]
"""A group's heading, a name and what it means."""


def summary(command: Any) -> str:
    """Get the first sentence of a command's help."""
    return " ".join((command.help or "").partition("\n\n")[0].split()).rstrip(".")


def _commands(group: TyperGroup) -> list[Row]:
    return [
        (_panel(command, COMMANDS), name, summary(command))
        for name, command in group.commands.items()
        if not command.hidden
    ]


def _parameters(command: Any, ctx: Any) -> list[Row]:
    shown = [parameter for parameter in command.get_params(ctx) if not getattr(parameter, "hidden", False)]
    arguments = [parameter for parameter in shown if parameter.param_type_name == "argument"]
    options = [parameter for parameter in shown if parameter.param_type_name == "option"]
    return [
        *((ARGUMENTS, _argument(argument), _about(argument)) for argument in arguments),
        *((_panel(option, OPTIONS), _names(option), _about(option)) for option in options),
    ]


def _panel(thing: Any, otherwise: str) -> str:
    # What Click itself adds, such as --help, has no panel.
    panel = getattr(thing, "rich_help_panel", None)
    return panel if isinstance(panel, str) else otherwise


def _names(option: Any) -> str:
    names = ", ".join(option.opts)
    if option.secondary_opts == [names.replace("--", "--no-", 1)]:
        names = names.replace("--", "--[no-]", 1)
    elif option.secondary_opts:
        names = f"{names}, {', '.join(option.secondary_opts)}"
    return names if option.is_flag else f"{names} {option.metavar}"


def _argument(argument: Any) -> str:
    return f"{argument.metavar}..." if argument.nargs == -1 else str(argument.metavar)


def _about(parameter: Any) -> str:
    text, default = parameter.help or "", parameter.default
    if default is None or isinstance(default, bool) or callable(default):
        return text
    return f"{text} (default {default:g})" if isinstance(default, float) else f"{text} (default {default})"


def _write(formatter: Any, rows: Iterable[Row]) -> None:
    groups: dict[str, list[tuple[str, str]]] = {}
    for heading, name, about in rows:
        groups.setdefault(heading, []).append((name, about))
    width = max((len(name) for group in groups.values() for name, _ in group), default=0)
    paint = painter(sys.stdout)
    for heading, group in groups.items():
        cells = [(name.ljust(width), about) for name, about in group]
        formatter.write(f"\n{paint(heading + ':', 'bold')}\n{lay_out(('', ''), cells, width=formatter.width)}")
