"""One entry for all tools of a package: `python -m PACKAGE TOOL [ARGS]`."""

import ast
from argparse import REMAINDER, ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from mnist_edge.cli.boundary import OUTPUT_CLOSED, flushed


def run_package(package: str, arguments: Sequence[str] | None = None) -> int:
    """Run the tool that the first argument names, with the other arguments; no other tool is imported.

    Args:
        package: Full name of the package whose modules are the tools.
        arguments: The command line's arguments; None takes `sys.argv`.

    Returns:
        The exit code; that of a closed standard output where its reader, such as `head`, has enough.
    """
    try:
        with flushed():
            return _run(package, arguments)
    except BrokenPipeError:
        return OUTPUT_CLOSED


def _run(package: str, arguments: Sequence[str] | None) -> int:
    module = import_module(package)
    tools = list_tools(Path(str(module.__file__)).parent)
    width = max(map(len, tools))
    parser = ArgumentParser(
        prog=f"python -m {package}",
        description=f"{module.__doc__}\n\ntools, each with a --help of its own:\n"
        + "\n".join(f"  {name.ljust(width)}  {line}" for name, line in tools.items()),
        formatter_class=RawDescriptionHelpFormatter,
    )
    parser.add_argument("tool", choices=tools, metavar="TOOL", help="the tool to run")
    parser.add_argument("arguments", nargs=REMAINDER, metavar="ARGS", help="arguments of that tool")
    options = parser.parse_args(arguments)
    tool = import_module(f"{package}.{options.tool.replace('-', '_')}")
    return int(tool.main(options.arguments))


def list_tools(folder: Path) -> dict[str, str]:
    """Return the first docstring line of each tool of a package by the tool's name, without importing any.

    A tool is a module or package with a function `main`.

    Args:
        folder: The folder of the package.
    """
    tools = {}
    for path in (*folder.glob("*.py"), *folder.glob("*/__init__.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in tree.body):
            name = path.parent.name if path.name == "__init__.py" else path.stem
            tools[name.replace("_", "-")] = str(ast.get_docstring(tree)).splitlines()[0]
    return dict(sorted(tools.items()))
