from pathlib import Path
from zipfile import ZipFile, ZipInfo

from mnist_edge.benchmarks.pi.kept import Kept, identity_of


def never() -> dict[str, int]:
    raise AssertionError("it was counted already")


def test_what_was_counted_before_a_run_was_broken_off_is_not_counted_again(tmp_path: Path) -> None:
    assert Kept(tmp_path / "counted.json", "one").get("start", lambda: {"read": 7}) == {"read": 7}
    resumed = Kept(tmp_path / "counted.json", "one")
    assert resumed.get("start", never) == {"read": 7}
    assert resumed.get("loop", lambda: {"alone": 8}) == {"alone": 8}
    assert Kept(tmp_path / "counted.json", "one").get("loop", never) == {"alone": 8}


def test_counts_of_other_code_are_dropped(tmp_path: Path) -> None:
    Kept(tmp_path / "counted.json", "one").get("start", lambda: {"read": 7})
    assert Kept(tmp_path / "counted.json", "another").get("start", lambda: {"read": 9}) == {"read": 9}


def test_the_same_files_and_versions_are_the_same_code(tmp_path: Path) -> None:
    def identity(name: str, content: str, date: int, numpy: str) -> str:
        with ZipFile(tmp_path / name, "w") as wheel:
            wheel.writestr(ZipInfo("reader.py", (date, 1, 1, 0, 0, 0)), content)
        return identity_of(tmp_path / name, {"bookworm": {"numpy": numpy}})

    first = identity("a.whl", "x", 2025, "2.4")
    assert identity("b.whl", "x", 2026, "2.4") == first
    assert identity("c.whl", "y", 2025, "2.4") != first
    assert identity("d.whl", "x", 2025, "2.5") != first
