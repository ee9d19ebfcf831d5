"""The pictures of a package are shrunk and listed; those with digits, flat ones and second copies are left out."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from mnist_edge.benchmarks.release import negatives
from mnist_edge.opencv import cv2

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="makes a package of Debian")
PACKAGE = "ufoai-textures"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a package, which the `apt-get` that comes first packs instead of fetching one."""
    root = tmp_path / "package"
    control = f"Package: {PACKAGE}\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b.c>\nDescription: pictures\n"
    terms = f"usr/share/doc/{PACKAGE}/copyright"
    for name, text in (("DEBIAN/control", control), (terms, "License: CC0-1.0\n")):
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text(text)
    fake = tmp_path / "bin" / "apt-get"
    fake.parent.mkdir()
    fake.write_text(f"#!/bin/sh\nexec dpkg-deb --build {root} one.deb\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", f"{fake.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(negatives, "PACKAGES", {PACKAGE: ("CC0-1.0",)})
    return root


def add(package: Path, name: str, seed: int, size: int = 300, colours: int = 256) -> None:
    path = package / "usr/share/textures" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    # A coarse pattern, which keeps its colours however small it becomes.
    image = np.random.default_rng(seed).integers(0, colours, (16, 16, 3), dtype=np.uint8)
    cv2.imwrite(str(path), cv2.resize(image, (size, size), interpolation=cv2.INTER_NEAREST))


def test_pictures_are_shrunk_and_listed_with_their_licences(package: Path, tmp_path: Path) -> None:
    add(package, "tex_nature/moss.png", 1, size=2000)
    add(package, "tex_nature/moss_again.png", 1, size=400)
    add(package, "tex_nature/moss_nm.png", 2)
    add(package, "tex_nature/tiny.png", 3, size=90)
    add(package, "tex_nature/flat.png", 4, colours=8)
    add(package, "tex_misc/container004.png", 5)
    add(package, "tex_nature/bark.jpg", 6)
    assert negatives.main([str(tmp_path / "out")]) == 0
    found = sorted((tmp_path / "out").iterdir())
    names = [f"{PACKAGE}-tex_nature-{name}.jpg" for name in ("bark", "moss")]
    assert [path.name for path in found] == ["SOURCES.md", *sorted([*names, f"{PACKAGE}.LICENCES"])]
    assert cv2.imread(str(tmp_path / "out" / names[1])).shape == (1280, 1280, 3)
    assert [line for line in found[0].read_text().splitlines() if line.startswith("- ")] == [f"- {n}" for n in names]


def test_a_package_without_the_licence_is_refused(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (package / "usr/share/doc" / PACKAGE / "copyright").write_text("all rights reserved\n")
    assert negatives.main([str(tmp_path / "out")]) == 1
    assert "CC0-1.0; take it out of the list" in capsys.readouterr().err


def test_a_package_that_cannot_be_fetched_is_named(
    package: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(package / "DEBIAN")
    assert negatives.main([str(tmp_path / "out")]) == 1
    assert f"{PACKAGE} could not be fetched" in capsys.readouterr().err
