"""Sealing models anew changes nothing but the form of their metadata."""

from pathlib import Path

import pytest

from mnist_edge.benchmarks.release import seal
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.metadata import append_metadata, metadata_of, strip_metadata
from mnist_edge.shipped_models import shipped_models


def test_what_ships_is_sealed() -> None:
    for shipped in shipped_models().values():
        for path in shipped.files.values():
            content = path.read_bytes()
            assert append_metadata(strip_metadata(content), metadata_of(content, path.name)) == content


def test_figures_follow_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[Path, bytes] = {}
    figures: list[dict[str, object]] = []
    monkeypatch.setattr(seal, "write_bytes", written.__setitem__)
    monkeypatch.setattr(seal, "write_released", figures.append)
    monkeypatch.setattr(seal, "write_cards", lambda: None)
    monkeypatch.setattr(seal, "file_facts", lambda path: {"bytes": len(written[path]), "sha256": path.name})
    assert seal.main([]) == 0
    (sealed,) = figures
    before = read_released()
    assert sealed["nano"]["files"]["int8"]["sha256"] == "nano.int8.tflite"  # type: ignore[index]
    for shipped in shipped_models().values():
        for precision, path in shipped.files.items():
            kept = before[shipped.name]["files"][precision] | {"sha256": path.name}
            assert sealed[shipped.name]["files"][precision] == kept  # type: ignore[index]
            assert file_facts(path)["bytes"] == len(written[path])
