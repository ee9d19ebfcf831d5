"""No floor of a dependency lets in a version with a hole that is known to matter here."""

import sys
from importlib import import_module
from pathlib import Path

import pytest
from packaging.requirements import Requirement

tomllib = import_module("tomllib" if sys.version_info >= (3, 11) else "tomli")
PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
# The last version with the hole, by its advisory.
HOLES = [
    ("keras", "3.6.0", "CVE-2025-1550"),
    ("keras", "3.10.0", "CVE-2025-8747"),
    ("keras", "3.11.2", "CVE-2025-49655"),
    ("keras", "3.12.0", "CVE-2026-0897"),
    ("tensorflow", "2.18.0", "CVE-2025-55556"),
    ("scikit-learn", "1.4.2", "CVE-2024-5206"),
    ("opencv-python", "4.8.0.76", "CVE-2023-4863"),
    ("opencv-python", "4.10.0.84", "CVE-2025-53644"),
    ("opencv-python", "4.11.0.86", "CVE-2025-53644"),
    ("opencv-python-headless", "4.11.0.86", "CVE-2025-53644"),
    ("tornado", "6.4.2", "CVE-2025-47287"),
    ("tornado", "6.5.7", "CVE-2026-82397"),
    ("av", "17.0.1", "CVE-2026-40962"),
    ("dask", "2025.12.0", "CVE-2026-23528"),
]


@pytest.mark.parametrize(("package", "version", "advisory"), HOLES)
def test_a_version_with_a_hole_is_not_installed(package: str, version: str, advisory: str) -> None:
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    lists = [project["dependencies"], *project["optional-dependencies"].values()]
    found = [one for listed in lists for one in map(Requirement, listed) if one.name == package]
    assert found and not any(one.specifier.contains(version) for one in found), advisory
