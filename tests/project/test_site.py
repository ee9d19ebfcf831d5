"""The documents as a site: it builds without a warning, and a browser loads nothing of it from elsewhere."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mnist_edge

ROOT = Path(__file__).resolve().parents[2]
# What a browser fetches by itself; links are only followed by people.
LOADED = re.compile(r"<(?:script|img|iframe|source)\b[^>]*\bsrc=\"?([^\" >]+)|<link\b[^>]*\bhref=\"?([^\" >]+)")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built as `make site` does."""
    if not os.environ.get("CI"):
        pytest.importorskip("mkdocs", reason="the group `docs` is not installed")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)]
    env = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_document_is_a_page_that_others_lead_to(site: Path) -> None:
    names = {path.stem for path in (ROOT / "docs").glob("*.md")}
    assert {path.stem for path in site.glob("*.html")} == names | {"404"}
    home = (site / "index.html").read_text()
    assert not [name for name in names if f'href="{name}.html"' not in home]


def test_a_browser_loads_nothing_from_elsewhere(site: Path) -> None:
    loaded = {name for page in site.glob("*.html") for found in LOADED.findall(page.read_text()) for name in found}
    assert any(name.endswith(".js") for name in loaded) and any(name.endswith(".css") for name in loaded)
    assert not [name for name in loaded if re.match(r"(https?:)?//", name)]


def test_the_api_page_has_every_public_name(site: Path) -> None:
    page = (site / "api.html").read_text()
    assert not [name for name in mnist_edge.__all__ if f'id="mnist_edge.{name}"' not in page]
