"""What a file needs is told from the file, and the table of what runtimes have is what they really have."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_edge.compat import compatibility
from mnist_edge.errors import ModelError, UsageError
from mnist_edge.flatbuffer_view import root
from mnist_edge.metadata import strip_metadata
from mnist_edge.operator_versions import MICRO, OPERATORS, RELEASES
from mnist_edge.optional_packages import installed_version
from mnist_edge.shipped_models import resolve, shipped_files

Invoke = Callable[..., tuple[int, str, str]]
OLD = "tflite-runtime==2.14.0"
CONV_2D, DENSE = 3, 9


def changed(model: Path, to: Path, code: int, *, version: int | None = None, builtin: int | None = None) -> Path:
    """The same graph whose operator `code` says another version, or is said to be another operator."""
    content = bytearray(strip_metadata(model.read_bytes()))
    for one in root(bytes(content)).tables(1):
        if one.number(0, "<b") == code:
            place = one.place(2)
            if version is not None:
                assert place is not None
                struct.pack_into("<i", content, place, version)
            if builtin is not None:
                for field, form in ((0, "<b"), (3, "<i")):
                    at = one.place(field)
                    if at is not None:
                        struct.pack_into(form, content, at, builtin)
    to.write_bytes(content)
    return to


@pytest.mark.parametrize("path", shipped_files(), ids=lambda path: path.name)
def test_what_ships_runs_everywhere(path: Path) -> None:
    found = compatibility(path)
    assert [(one.runtime, one.runs) for one in found.verdicts] == [(name, True) for name in RELEASES]


def test_operators_are_counted_in_their_order() -> None:
    found = [(operator.name, count) for operator, count in compatibility("small").operators]
    assert found == [
        ("SPACE_TO_DEPTH", 1), ("CONV_2D", 6), ("MAX_POOL_2D", 1), ("MEAN", 1), ("FULLY_CONNECTED", 1), ("SOFTMAX", 1),
    ]  # fmt: skip


@pytest.mark.parametrize("precision", ["float32", "float16", "dynamic", "int8", "int16x8"])
def test_every_precision_of_ours_runs_everywhere(exported: dict[str, Path], precision: str) -> None:
    runs = {one.runtime: one.runs for one in compatibility(exported[precision]).verdicts}
    # Of a network whose dense layer has weights enough to be stored smaller.
    assert runs == dict.fromkeys(RELEASES, True) | {MICRO: precision not in ("float16", "dynamic")}


@pytest.mark.parametrize(("version", "runs"), [(7, True), (8, False), (9, False)])
def test_a_version_that_a_runtime_lacks_is_named(tmp_path: Path, version: int, runs: bool) -> None:
    path = changed(resolve("small"), tmp_path / "new.tflite", CONV_2D, version=version)
    new, old, *_ = compatibility(path).verdicts
    assert (new.runs, old.runs) == (version <= 8, runs)
    if not runs:
        (problem,) = old.problems
        assert (problem.operator, problem.reason) == ("CONV_2D", f"version {version}, and it has 7 at most")


@pytest.mark.parametrize("damage", [b"", b"short", b"\x1c\0\0\0TFL3" + bytes(100), b"\xff\xff\xff\x7fTFL3" + bytes(9)])
def test_damage_is_one_line(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(damage)
    with pytest.raises(ModelError, match=r"^a\.tflite [^\n]+$"):
        compatibility(path)


def test_a_graph_with_any_byte_changed_gives_an_answer_or_one_line(tmp_path: Path) -> None:
    sound, path = strip_metadata(resolve("nano").read_bytes()), tmp_path / "a.tflite"
    for at in (*range(0, 60, 3), *range(len(sound) - 3000, len(sound), 11)):
        path.write_bytes(sound[:at] + bytes([sound[at] ^ 0x81]) + sound[at + 1 :])
        try:
            compatibility(path)
        except ModelError as error:
            assert "\n" not in str(error)


def test_a_runtime_that_nobody_asked_is_refused() -> None:
    with pytest.raises(UsageError, match=r"nothing is known of tflite-runtime==2\.5\.0; choose of: ai-edge-litert=="):
        compatibility("small", ["tflite-runtime==2.5.0"])


def test_the_command_shows_and_judges(tmp_path: Path, invoke: Invoke) -> None:
    code, out, err = invoke("compat", "small")
    assert (code, err) == (0, "") and all(name in out for name in (*RELEASES, "CONV_2D"))
    path = changed(resolve("small"), tmp_path / "new.tflite", CONV_2D, version=8)
    code, out, err = invoke("compat", path)
    assert (code, err) == (0, "") and "version 8, and it has 7 at most" in out
    code, out, err = invoke("compat", path, "--runtime", OLD)
    assert code == 3 and err.count("\n") == 1 and f"cannot be run by {OLD}" in err
    code, out, err = invoke("compat", path, "--json")
    document = json.loads(out)
    assert code == 0 and {one["runtime"]: one["runs"] for one in document["runtimes"]}[OLD] is False
    assert {"name": "CONV_2D", "version": 8, "needed": 8, "takes": "int8", "count": 6} in document["operators"]


def opens(content: bytes) -> bool:
    try:
        Interpreter(model_content=content)
    except ValueError as error:
        # What it says of an operator that it has, but which here is in another's place, does not count.
        return "Didn't find op for builtin opcode" not in str(error)
    return True


@pytest.mark.skipif(installed_version("ai-edge-litert") != "2.3.0", reason="the table is of ai-edge-litert 2.3.0")
def test_the_table_is_what_the_runtime_has(tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    for name in ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "ADD", "PAD", "LEAKY_RELU", "HARD_SWISH"):
        code, newest, *_ = OPERATORS[name]
        for version, there in ((newest, True), (newest + 1, False)):
            changed(resolve("nano"), path, CONV_2D, version=version, builtin=code)
            assert opens(path.read_bytes()) == there, (name, version)
