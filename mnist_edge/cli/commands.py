"""The commands by their names; a command's module is imported when it is looked up, since all take long to import."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any

import typer

from mnist_edge.cli.help import Command

GROUPS = {
    "Start here": ("quickstart", "doctor", "selftest"),
    "Read digits": ("camera", "read", "form", "service"),
    "Make a model": ("data", "train", "evaluate", "export", "verify", "compat", "benchmark", "models"),
}
_HEADINGS = {name: heading for heading, names in GROUPS.items() for name in names}


class Commands(Mapping[str, Any]):
    """Each name's command: those that are there already, then ours in the order of `GROUPS`."""

    def __init__(self, made: Mapping[str, Any]) -> None:
        """Take what is there, and import nothing yet."""
        self._made = dict(made)
        self._names = dict.fromkeys((*made, *_HEADINGS))

    def __getitem__(self, name: str) -> Any:
        """Import the module of this name, and make its command: of its `app`, or of its function `command`."""
        if name not in self._made:
            heading = _HEADINGS[name]
            module = import_module(f"mnist_edge.cli.{name}")
            group = getattr(module, "app", None)
            if group is None:
                group = typer.Typer(add_completion=False, rich_markup_mode=None)
                group.command(name, cls=Command, rich_help_panel=heading)(module.command)
            made: Any = typer.main.get_command(group)
            made.name, made.rich_help_panel = name, heading
            self._made[name] = made
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        """Yield the names."""
        return iter(self._names)

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self._names)
