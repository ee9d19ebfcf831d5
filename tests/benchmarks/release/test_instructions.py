import json
import os
from pathlib import Path

import pytest

from mnist_edge.benchmarks.release import instructions
from mnist_edge.benchmarks.release.instructions import (
    CPUS,
    PROGRAMS,
    TOOLS,
    Pi,
    count_instructions,
    main,
    parse_count,
)
from mnist_edge.errors import ModelError
from mnist_edge.shipped_models import find_shipped

# What the emulated Pi 4 wrote of `small.int8`, of 15 invokes before mark 2 and 20 behind it.
RECORDED = """INFO: Created TensorFlow Lite XNNPACK delegate for CPU.
MARK 1 insn 1643460696 sdot 0 tb 358078335
MARK 2 insn 1656664829 sdot 0 tb 358640968
MARK 3 insn 1683050794 sdot 0 tb 359761310
TOTAL insn 1708217382 sdot 0 translated 89410
"""
COUNT = 1_319_298
# Makes OUT with a `run` that writes what was recorded, and keeps what it was called with.
PI_CHECK = """#!/bin/sh
mkdir -p "$3" && echo "$@" > "$3/made"
printf '#!/bin/sh\\necho "$PLUGIN $@" >> "%s/runs"\\ncat "%s" >&2\\n' "$3" "{recorded}" > "$3/run"
chmod +x "$3/run"
"""


def script(path: Path, text: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand-ins for the scripts and for the programs that they need."""
    (tmp_path / "recorded").write_text(RECORDED)
    for name in TOOLS:
        script(tmp_path / "tools" / name, PI_CHECK.format(recorded=tmp_path / "recorded"))
    for name in PROGRAMS:
        script(tmp_path / "bin" / name, '#!/bin/sh\nwhile [ "$1" != -o ]; do shift; done; touch "$2"\n')
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    reference = tmp_path / "three-conv.int8.tflite"
    reference.write_bytes(b"as trained")
    monkeypatch.setattr(instructions, "TRAINED_REFERENCE", reference)
    return tmp_path / "tools"


def kept(folder: Path) -> tuple[str, str]:
    return "--output", str(folder / "instructions.json")


def failure(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code, (out, err) = main(arguments), capsys.readouterr()
    assert out == "" and err.startswith("error: ") and err.count("\n") == 1
    return code, err


def test_the_count_is_of_one_invoke_between_marks_2_and_3() -> None:
    assert parse_count(RECORDED) == COUNT == round((1_683_050_794 - 1_656_664_829) / 20)


@pytest.mark.parametrize("missing", [2, 3])
def test_without_its_marks_there_is_no_count(missing: int) -> None:
    output = "".join(line for line in RECORDED.splitlines(True) if not line.startswith(f"MARK {missing}"))
    with pytest.raises(ModelError, match="counted nothing"):
        parse_count(output)


def test_a_model_that_does_not_run_is_named_with_the_reason(tmp_path: Path) -> None:
    script(tmp_path / "run", "#!/bin/sh\necho 'ValueError: no model' >&2\necho 'TOTAL insn 5 sdot 0' >&2\nexit 1\n")
    pi = Pi("cortex-a72", tmp_path / "run", tmp_path / "plugin.so", tmp_path / "count.py")
    with pytest.raises(ModelError, match=r"bad\.tflite cannot be run on an emulated cortex-a72: ValueError: no model"):
        count_instructions(tmp_path / "bad.tflite", pi)


def test_the_results_hold_every_model_on_every_processor(tools: Path, tmp_path: Path) -> None:
    assert main([str(tools), str(tmp_path / "pi"), "small", *kept(tmp_path)]) == 0
    document = json.loads((tmp_path / "instructions.json").read_text())
    assert (document["reference"], document["reference_weights"]) == ("three-conv", "trained")
    assert document["cpu"] == {cpu: {"three-conv": COUNT, "small": COUNT} for cpu in CPUS}
    for cpu in CPUS:
        (root,) = (tmp_path / "pi").glob(f"{cpu}-*")
        assert (root / "made").read_text().startswith(f"bookworm {cpu} {root} -- ai-edge-litert==")
        models = [tmp_path / "three-conv.int8.tflite", find_shipped("small").default.resolve()]
        expected = [f"{tmp_path / 'pi' / 'libinsncount.so'} {tools / 'count_invoke.py'} {path}" for path in models]
        assert (root / "runs").read_text().splitlines() == expected


def test_a_pi_is_set_up_once_and_finished_where_it_was_broken_off(tools: Path, tmp_path: Path) -> None:
    assert main([str(tools), str(tmp_path / "pi"), "small", *kept(tmp_path)]) == 0
    whole, broken = (next((tmp_path / "pi").glob(f"{cpu}-*")) for cpu in CPUS)
    (broken / "run").unlink()
    for root in (whole, broken):
        (root / "old").touch()
    assert main([str(tools), str(tmp_path / "pi"), "small", *kept(tmp_path)]) == 0
    assert (whole / "old").exists()
    assert not (broken / "old").exists()


def test_without_a_trained_reference_an_untrained_one_is_made(
    tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(instructions, "TRAINED_REFERENCE", tmp_path / "none.tflite")
    assert main([str(tools), str(tmp_path / "pi"), *kept(tmp_path)]) == 0
    document = json.loads((tmp_path / "instructions.json").read_text())
    assert document["reference_weights"].startswith("untrained")
    assert (tmp_path / "pi" / "untrained-three-conv.int8.tflite").stat().st_size > 90_000
    assert "small" in document["cpu"]["cortex-a76"]


def test_missing_tools_are_one_line(tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tools / "insncount.c").unlink()
    code, line = failure(capsys, str(tools), str(tmp_path / "pi"))
    assert code == 2 and "no insncount.c in" in line and "PI_TOOLS=DIR" in line
    code, line = failure(capsys)
    assert code == 2 and "pi_check.sh, insncount.c, count_invoke.py" in line


def test_missing_programs_are_one_line(
    tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bin" / "uv").unlink()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    code, line = failure(capsys, str(tools), str(tmp_path / "pi"))
    assert code == 1 and "uv not found" in line


def test_a_failed_set_up_says_why(tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script(tools / "pi_check.sh", "#!/bin/sh\necho 'no Debian mirror' >&2\nexit 1\n")
    code, line = failure(capsys, str(tools), str(tmp_path / "pi"))
    assert code == 1 and line.endswith("cannot be set up: pi_check.sh: no Debian mirror\n")


def test_two_models_of_one_name_are_refused(tools: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = tmp_path / "small.int8.tflite"
    other.write_bytes(b"another")
    code, line = failure(capsys, str(tools), str(tmp_path / "pi"), "small", str(other))
    assert code == 2 and "a file name of its own" in line
