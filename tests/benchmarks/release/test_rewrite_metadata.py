"""Rewriting the metadata changes nothing but the form of their metadata."""

from pathlib import Path

import pytest

from mnist_edge.benchmarks.release import rewrite_metadata
from mnist_edge.benchmarks.released import file_facts, read_released
from mnist_edge.metadata import append_metadata, metadata_of, strip_metadata
from mnist_edge.shipped_models import shipped_models


def test_the_metadata_that_ships_has_the_form_that_is_written_now() -> None:
    for shipped in shipped_models().values():
        for path in shipped.files.values():
            content = path.read_bytes()
            assert append_metadata(strip_metadata(content), metadata_of(content, path.name)) == content


def test_figures_follow_the_files(monkeypatch: pytest.MonkeyPatch) -> None:
    written: dict[Path, bytes] = {}
    figures: list[dict[str, object]] = []
    monkeypatch.setattr(rewrite_metadata, "write_bytes", written.__setitem__)
    monkeypatch.setattr(rewrite_metadata, "write_released", figures.append)
    monkeypatch.setattr(rewrite_metadata, "write_cards", lambda: None)
    monkeypatch.setattr(rewrite_metadata, "file_facts", lambda path: {"bytes": len(written[path]), "sha256": path.name})
    assert rewrite_metadata.main([]) == 0
    (after,) = figures
    before = read_released()
    assert after["nano"]["files"]["int8"]["sha256"] == "nano.int8.tflite"  # type: ignore[index]
    for shipped in shipped_models().values():
        for precision, path in shipped.files.items():
            kept = before[shipped.name]["files"][precision] | {"sha256": path.name}
            assert after[shipped.name]["files"][precision] == kept  # type: ignore[index]
            assert file_facts(path)["bytes"] == len(written[path])
