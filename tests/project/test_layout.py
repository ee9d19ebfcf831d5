"""The layout: folders, links, and who may import whom."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# The table in pyproject.toml; Python 3.10 has no parser for it.
TABLE = dict(re.findall(r'^"(mnist_edge[\w.]*)" = "(\w+)"$', (ROOT / "pyproject.toml").read_text(), re.MULTILINE))
PACKAGES = {"camera", "converters", "models", "benchmarks"}
TOP_LEVEL = {
    "mnist_edge", "camera", "converters", "models", "benchmarks", "tests", "docs", "pyproject.toml", "README.md",
    "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md", "LICENSE", "Makefile", "MANIFEST.in",
    "constraints.txt", "mkdocs.yml", ".pre-commit-config.yaml", ".ci", ".gitignore",
}  # fmt: skip
# What takes long to import: `mnist-edge --help` must not.
LIGHT = {
    "typer",
    "mnist_edge.camera.settings",
    "mnist_edge.cli",
    "mnist_edge.errors",
    "mnist_edge.logs",
    "mnist_edge.progress",
    "mnist_edge.native_stderr",
    "mnist_edge.safe_text",
}
# Through which module alone a package is imported.
ONLY_IN = {
    "tensorflow": {"mnist_edge/training_stack.py"},
    "keras": {"mnist_edge/training_stack.py"},
    "cv2": {"mnist_edge/opencv.py", "mnist_edge/doctor/opencv.py"},
}
NEVER_A_STATEMENT = {"click", "tensorflow", "keras", "cv2", "sklearn", "matplotlib", "picamera2", "paho", "tornado"}


@dataclass(frozen=True)
class Import:
    """One import: the file relative to the repository, the module, and how it is done."""

    file: str
    module: str
    at_top: bool = False
    for_types: bool = False
    required: bool = False

    def __str__(self) -> str:
        return f"{self.file} imports {self.module}"

    @property
    def package(self) -> str | None:
        """The package it comes from, None for everything else."""
        parts = self.module.split(".")
        return parts[1] if parts[0] == "mnist_edge" and len(parts) > 1 and parts[1] in PACKAGES else None


def imports_of(path: Path, root: Path = ROOT) -> Iterator[Import]:
    tree, name = ast.parse(path.read_text()), path.relative_to(root).as_posix()
    inside: dict[ast.AST, str] = {}
    for node in ast.walk(tree):
        typing_only = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        in_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            inside[child] = "types" if typing_only else "function" if in_function else inside.get(node, "top")
        where = {"at_top": inside.get(node) == "top", "for_types": inside.get(node) == "types"}
        if isinstance(node, ast.Import):
            yield from (Import(name, alias.name, **where) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name}: import by the full name"
            yield Import(name, str(node.module), **where)
            yield from (Import(name, f"{node.module}.{alias.name}", **where) for alias in node.names)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("require", "import_module"):
            # Others import by a name that is in a variable.
            yield from (
                Import(name, str(arg.value), required=True) for arg in node.args if isinstance(arg, ast.Constant)
            )


@pytest.fixture(scope="module")
def imports() -> list[Import]:
    """Every import of the product, wherever it stands."""
    # Links are not followed: each file counts once, under its own package.
    files = [path for folder in sorted({*TABLE.values()}) for path in _modules(ROOT / folder)]
    assert len(files) > 50
    return [one for path in files for one in imports_of(path)]


def _modules(folder: Path) -> list[Path]:
    found = []
    for here, _, names in os.walk(folder, followlinks=False):
        found += [Path(here, name) for name in names if name.endswith(".py")]
    return found


def test_the_table_has_all_packages() -> None:
    expected = {"mnist_edge": "mnist_edge", **{f"mnist_edge.{package}": package for package in PACKAGES}}
    assert dict(TABLE) == expected


@pytest.mark.parametrize("name", TABLE)
def test_every_package_is_its_folder(name: str) -> None:
    module = import_module(name)
    assert module.__file__ is not None
    assert Path(module.__file__).resolve().parent == ROOT / TABLE[name]


@pytest.mark.parametrize("package", sorted(PACKAGES))
def test_links_are_relative_and_committed(package: str, tracked: list[Path]) -> None:
    link = ROOT / "mnist_edge" / package
    assert link.is_symlink()
    assert os.readlink(link) == f"../{package}"
    staged = subprocess.run(
        ["git", "ls-files", "-s", f"mnist_edge/{package}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    # 120000 is git's mode of a link.
    assert staged.stdout.startswith("120000 ")


def test_the_top_level_is_fixed(tracked: list[Path]) -> None:
    assert {path.parts[0] for path in tracked} == TOP_LEVEL


def test_nothing_large_is_committed(tracked: list[Path]) -> None:
    large = [path for path in tracked if (ROOT / path).lstat().st_size > 1_000_000]
    assert not large


def test_mnist_edge_knows_no_other_package(imports: list[Import]) -> None:
    wrong = [
        str(one)
        for one in imports
        if one.file.startswith("mnist_edge/") and not one.file.startswith("mnist_edge/cli/") and one.package
        # The public names come from all packages, on first use.
        if not (one.file == "mnist_edge/__init__.py" and one.for_types)
    ]
    assert not wrong


def test_packages_do_not_know_each_other(imports: list[Import]) -> None:
    wrong = [
        str(one)
        for one in imports
        if (home := one.file.split("/")[0]) in PACKAGES - {"benchmarks"}
        if one.package not in (None, home) or one.module.startswith("mnist_edge.cli")
    ]
    assert not wrong


def test_only_tools_know_tools(imports: list[Import]) -> None:
    """The commands import nothing of how a release is made, and the sets of tools share only their harness."""
    allowed = {tools: {tools, "harness"} for tools in ("release", "endurance", "pi", "harness")}
    wrong = [
        str(one)
        for one in imports
        if (used := re.match(r"mnist_edge\.benchmarks\.(release|endurance|pi|harness)\b", one.module))
        if used[1] not in allowed.get(one.file.split("/")[1] if one.file.startswith("benchmarks/") else "", set())
    ]
    assert not wrong


def test_packages_are_imported_by_their_full_names(imports: list[Import]) -> None:
    assert not [str(one) for one in imports if one.module.split(".")[0] in PACKAGES | {"tests"}]


def test_heavy_packages_come_through_one_module(imports: list[Import]) -> None:
    statements = [str(one) for one in imports if not one.required and one.module.split(".")[0] in NEVER_A_STATEMENT]
    assert not statements
    modules = {package: {one.file for one in imports if one.module.split(".")[0] == package} for package in ONLY_IN}
    assert modules == ONLY_IN


def test_commands_import_at_use(imports: list[Import]) -> None:
    # Of the standard library these take long, too.
    standard = sys.stdlib_module_names - {"asyncio", "http", "multiprocessing", "subprocess", "unittest", "urllib"}
    wrong = [
        str(one)
        for one in imports
        if one.file.startswith("mnist_edge/cli/") and one.at_top
        if one.module.split(".")[0] not in standard
        if one.module != "mnist_edge" and not any(f"{one.module}.".startswith(f"{light}.") for light in LIGHT)
    ]
    assert not wrong


def test_the_rules_see_what_they_forbid(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text(
        "from typing import TYPE_CHECKING\nfrom mnist_edge import camera\n"
        "if TYPE_CHECKING:\n    import keras\n"
        "def work():\n    import cv2\n    return require('tensorflow', extra='train')\n"
    )
    found = {one.module: one for one in imports_of(file, tmp_path)}
    assert found["mnist_edge.camera"].package == "camera" and found["mnist_edge.camera"].at_top
    assert found["keras"].for_types and not found["keras"].at_top
    assert not found["cv2"].at_top
    assert found["tensorflow"].required


def test_one_function_writes_json_that_is_not_ascii(imports: list[Import]) -> None:
    found = [file for file in {one.file for one in imports} if "ensure_ascii" in (ROOT / file).read_text("utf-8")]
    assert found == ["mnist_edge/safe_text.py"]
