"""What the documents say can be done can be done."""

import doctest
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer

import mnist_edge
from mnist_edge.camera.images import read_image
from mnist_edge.cli import app

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = [ROOT / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "SECURITY")]
DOCUMENTS += sorted((ROOT / "docs").rglob("*.md"))
PAGES = [(path.relative_to(ROOT).as_posix(), path.read_text()) for path in DOCUMENTS]
SHELL = ("sh", "console", "bash", "shell")
# A package registry's host, and a path that only one machine has; X11's sockets are where they are everywhere.
HOSTS = re.compile("|".join(rf"\b{name}\.org" for name in ("pypi", "pythonhosted", "deb.debian", "npmjs", "piwheels")))
PATHS = re.compile(r"(?<![\w.])/(tmp|work|root)/(?!\.X11-unix)[\w.]")


def blocks(text: str, *languages: str) -> list[str]:
    """The fenced blocks in one of `languages`."""
    found = re.findall(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [code for language, code in found if language in languages]


def command_lines() -> Iterator[str]:
    """Every `mnist-edge ...` line of the documents' shell blocks."""
    for _, text in PAGES:
        for block in blocks(text, *SHELL):
            for line in block.replace("\\\n", " ").splitlines():
                line = line.strip().removeprefix("$ ").removeprefix(".venv/bin/")
                if line.startswith("mnist-edge"):
                    yield line


def commands(group: Any, name: str = "mnist-edge") -> Iterator[tuple[str, Any]]:
    """Every command with its full name."""
    yield name, group
    for word, command in getattr(group, "commands", {}).items():
        yield from commands(command, f"{name} {word}")


PYTHON = [(name, code) for name, text in PAGES for code in blocks(text, "python")]
COMMANDS = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize(("name", "code"), PYTHON)
def test_examples_run(name: str, code: str, page: Path, tmp_path: Path) -> None:
    # Many readers will write `page.jpg`: OpenCV looks at the content, not at the name.
    for copy in ("page.png", "page.jpg"):
        shutil.copy(page, tmp_path / copy)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "page.jpg", tmp_path / "docs")
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    # The runtime says once which delegate it has made; whose program it is decides what becomes of that. So it is with
    # what TensorFlow says to a program that imports Keras itself.
    if "import keras" not in code:
        assert all(line.startswith("INFO: Created TensorFlow Lite") for line in done.stderr.splitlines()), done.stderr
    shown = re.search(rf"{re.escape(code)}```\n\n```text\n(.*?)```", dict(PAGES)[name], re.DOTALL)
    assert not shown or done.stdout == shown[1]


def test_the_readme_begins_with_reading_a_page() -> None:
    install, output = (blocks(dict(PAGES)["README.md"], *kind)[0] for kind in (SHELL, ["text"]))
    assert install.splitlines()[-1] == "mnist-edge read docs/page.jpg"
    done = subprocess.run(
        [sys.executable, "-m", "mnist_edge", "read", "docs/page.jpg"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    without_time = [re.sub(r"\d+ ms", "", text) for text in (done.stdout, output)]
    assert without_time[0] == without_time[1]


@pytest.mark.parametrize("name", mnist_edge.__all__)
def test_the_example_in_a_docstring_holds(
    name: str, page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    public = getattr(mnist_edge, name)
    if isinstance(public, type) and issubclass(public, Exception) and public is not mnist_edge.MnistEdgeError:
        return
    shutil.copy(page, tmp_path / "page.jpg")
    monkeypatch.chdir(tmp_path)
    frame = read_image("page.jpg")
    grey = frame[40:230, 240:370, 0]
    ink = np.where(grey < 150, 255 - grey, 0).astype(np.uint8)
    known = {"frame": frame, "grey": grey, "ink": ink, "reading": mnist_edge.read("page.jpg")}
    known |= {other: getattr(mnist_edge, other) for other in mnist_edge.__all__}
    (test,) = doctest.DocTestFinder(recurse=False).find(public, name, globs=known)
    assert test.examples
    assert not doctest.DocTestRunner().run(test).failed


def test_the_documents_show_commands() -> None:
    assert len(list(command_lines())) >= 5


@pytest.mark.parametrize("line", dict.fromkeys(command_lines()))
def test_command_lines_parse(line: str, parse_command: Callable[[str], str]) -> None:
    assert parse_command(line) == ""


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("mnist-edge reed page.jpg", "no command reed"),
        ("mnist-edge models shaw small", "no command shaw"),
        ("mnist-edge read page.jpg --jason", "--jason"),
        ("mnist-edge evaluate", "MODEL"),
        ("mnist-edge train --epochs 0", "--epochs|range"),
    ],
)
def test_wrong_command_lines_would_be_seen(line: str, why: str, parse_command: Callable[[str], str]) -> None:
    assert re.search(why, parse_command(line))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_parses(name: str, parse_command: Callable[[str], str]) -> None:
    examples = re.findall(r"Example: (mnist-edge .+)", COMMANDS[name].help)
    assert examples or name == "mnist-edge"
    for example in examples:
        assert parse_command(example) == ""


def _makefile() -> str:
    text = (ROOT / "Makefile").read_text()
    return re.sub(
        r"\$\((\w+)\)", lambda name: (re.findall(rf"^{name[1]} := (.+)", text, re.MULTILINE) or [""])[0], text
    )


def test_nothing_is_fetched_by_a_name_that_no_index_has(tracked: list[Path]) -> None:
    texts = [path for path in tracked if path.suffix in (".md", ".py") and path.parts[0] != "tests"]
    wrong = re.compile(r"pip install [^\n`]*(?<![\w./])mnist-edge\b")
    assert not [path for path in texts if not (ROOT / path).is_symlink() and wrong.search((ROOT / path).read_text())]


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^\.PHONY: (.+)", _makefile(), re.MULTILINE)[0].split())
    code = [span for _, text in PAGES for span in (*blocks(text, *SHELL), *re.findall(r"`([^`\n]+)`", text))]
    named = {target for span in code for target in re.findall(r"^\s*(?:\$ )?make ([\w-]+)", span, re.MULTILINE)}
    assert {"quickstart", "test"} <= named
    assert named <= targets


@pytest.mark.parametrize(("name", "text"), PAGES, ids=[name for name, _ in PAGES])
def test_links_lead_somewhere(name: str, text: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    relative = [link.partition("#")[0] for link in links if not re.match(r"https?://|mailto:|#", link)]
    folder = (ROOT / name).parent
    assert not [link for link in relative if not (folder / link).exists()]


def test_no_text_names_a_machine_or_a_registry(tracked: list[Path]) -> None:
    wrong = []
    for path in tracked:
        if path.suffix not in (".md", ".py", ".toml", ".txt") and path.name != "Makefile":
            continue
        if (ROOT / path).is_symlink():
            continue
        for number, line in enumerate((ROOT / path).read_text().splitlines(), start=1):
            if HOSTS.search(line) or PATHS.search(line):
                wrong.append(f"{path}:{number}: {line.strip()}")
    assert not wrong


def test_such_names_would_be_seen() -> None:
    assert HOSTS.search("pip install -i https://" + "pypi" + ".org/simple")
    assert PATHS.search("see " + os.sep + "work" + os.sep + "main") and not PATHS.search("a/work/b of frame/work/s")
