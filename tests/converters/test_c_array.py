"""C files compile without a warning, hold the model's bytes, and tell what a microcontroller's program needs."""

import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from mnist_edge.classifier import Classifier
from mnist_edge.converters.c_array import write_c
from mnist_edge.converters.flatbuffer import to_flatbuffer
from mnist_edge.converters.golden import drawn_figures
from mnist_edge.converters.keras_source import load_source
from mnist_edge.converters.micro import activation_bytes, arena_bytes, resolver_calls
from mnist_edge.converters.precisions import PRECISIONS
from mnist_edge.dataset import Dataset
from mnist_edge.golden import outputs_in_front
from mnist_edge.metadata import strip_metadata
from mnist_edge.shipped_models import resolve, shipped_models
from mnist_edge.tensors import as_input, quantise
from tests.tflite_micro import micro_interpreter, micro_outputs, with_micro

Invoke = Callable[..., tuple[int, str, str]]
FLAGS = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
# Prints the model's address modulo 16, its bytes as FNV-1a, and whatever else the header tells.
PROGRAM = """
#include <stdio.h>
#include "NAME.h"
static struct { int count; } resolver;
#define AddSpaceToDepth() count++
#define AddConv2D() count++
#define AddMaxPool2D() count++
#define AddMean() count++
#define AddFullyConnected() count++
#define AddSoftmax() count++
int main(void) {
    static const char *const labels[] = UPPER_LABELS;
    static const int input[] = UPPER_INPUT_SHAPE, output[] = UPPER_OUTPUT_SHAPE;
    uint64_t hash = 0xcbf29ce484222325u;
    for (unsigned i = 0; i < sizeof NAME_model; i++) hash = (hash ^ NAME_model[i]) * 0x100000001b3u;
    UPPER_ADD_OPERATORS(resolver);
    printf("%u %llu %zu\\n", (unsigned)((uintptr_t)NAME_model % 16), (unsigned long long)hash, sizeof NAME_model);
    printf("%d %d %d\\n", resolver.count, UPPER_OPERATORS, UPPER_ARENA_BYTES);
    printf("%.9g %d %.9g %d\\n", (double)UPPER_INPUT_SCALE, UPPER_INPUT_ZERO_POINT, (double)UPPER_OUTPUT_SCALE,
           UPPER_OUTPUT_ZERO_POINT);
    for (unsigned i = 0; i < sizeof input / sizeof *input; i++) printf("%d ", input[i]);
    for (unsigned i = 0; i < sizeof output / sizeof *output; i++) printf("%d ", output[i]);
    for (unsigned i = 0; i < sizeof labels / sizeof *labels; i++) printf("%s ", labels[i]);
    puts("");
    for (int k = 0; k < UPPER_GOLDEN_COUNT; k++) {
        for (int i = 0; i < UPPER_INPUT_VALUES; i++) printf("%.9g ", (double)NAME_golden_inputs[k][i]);
        for (int i = 0; i < UPPER_OUTPUT_VALUES; i++) printf("%.9g ", (double)NAME_golden_outputs[k][i]);
    }
    return 0;
}
"""


def fnv1a(content: bytes) -> int:
    found = 0xCBF29CE484222325
    for byte in content:
        found = (found ^ byte) * 0x100000001B3 % 2**64
    return found


def compiled(compiler: str, language: list[str], folder: Path, name: str) -> list[str]:
    """The lines that the program prints, compiled with the C files `name` in a folder."""
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    (folder / "main.c").write_text(PROGRAM.replace("NAME", name).replace("UPPER", name.upper()))
    files = [folder / "main.c", folder / f"{name}.c", folder / f"{name}_golden.c"]
    subprocess.run([compiler, *FLAGS, *language, *files, "-o", folder / "main"], check=True)
    return subprocess.run([folder / "main"], check=True, capture_output=True, text=True).stdout.splitlines()


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
@pytest.mark.parametrize("language", [["-std=c11"], ["-x", "c++", "-std=c++17"]], ids=["c", "c++"])
@pytest.mark.parametrize("model", ["nano", "nano.float32"])
def test_they_compile_and_hold_the_model(tmp_path: Path, compiler: str, language: list[str], model: str) -> None:
    path = resolve(model)
    array = write_c(path, tmp_path / "digits.c")
    lines = compiled(compiler, language, tmp_path, "digits")
    content, classifier = strip_metadata(path.read_bytes()), Classifier(path)
    assert lines[0] == f"0 {fnv1a(content)} {len(content)}" and array.size_bytes == len(content)
    assert lines[1] == f"6 6 {array.arena_bytes}"
    ends = (classifier.input, classifier.output)
    scaling = [value for end in ends for value in (end["quantization"][0] or 1.0, end["quantization"][1])]
    assert [float(value) for value in lines[2].split()] == pytest.approx(scaling, rel=1e-8)
    assert lines[3].split() == ["1", "28", "28", "1", "1", "10", *"0123456789"]
    vectors = np.array(lines[4].split(), np.float64).astype(np.float32).reshape(array.vectors, 794)
    np.testing.assert_array_equal(vectors[:, 784:], run(content, vectors[:, :784]).astype(np.float32))


def run(content: bytes, inputs: np.ndarray) -> np.ndarray:
    """What ai-edge-litert makes of stored inputs, shape (n, 784), as stored."""
    interpreter = Interpreter(model_content=content)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for image in inputs:
        interpreter.set_tensor(taken["index"], image.reshape(1, 28, 28, 1).astype(taken["dtype"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(given["index"])[0])
    return np.stack(outputs)


@pytest.mark.parametrize("model", ["nano", "small", "nano.float32"])
def test_the_stripped_file_gives_the_same_outputs(digits: Dataset, model: str) -> None:
    path = resolve(model)
    images = as_input(digits.test.images[:50])
    inputs = quantise(images, Classifier(path).input).reshape(50, 784)
    complete = path.read_bytes()
    assert np.array_equal(run(strip_metadata(complete), inputs), run(complete, inputs))


def test_the_command_writes_three_files_and_replaces_none(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = invoke("export", "nano", "--format", "c")
    assert (code, err) == (0, "") and "AddConv2D(), AddMaxPool2D(), AddMean(), AddFullyConnected()" in out
    names = ["nano_int8.c", "nano_int8.h", "nano_int8_golden.c"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    before = [Path(name).read_bytes() for name in names]
    header = Path("nano_int8.h").read_text()
    sha256 = hashlib.sha256(strip_metadata(resolve("nano").read_bytes())).hexdigest()
    assert sha256 in header and "#define NANO_INT8_TEMPERATURE 0." in header
    Path("nano_int8.c").unlink()
    code, out, err = invoke("export", "nano", "--format", "c")
    assert (code, out) == (1, "") and err.startswith("error: nano_int8.h exists already") and err.count("\n") == 1
    assert not Path("nano_int8.c").exists()
    code, out, _ = invoke("export", resolve("nano"), "--format", "c", "--force", "--output", "nano_int8.c", "--json")
    document = json.loads(out)
    assert code == 0 and (document["name"], document["vectors"], document["source"]) == ("nano_int8", 6, None)
    assert [Path(name).read_bytes() for name in names] == before


@pytest.mark.slow
@pytest.mark.parametrize("quantize", [[], ["--quantize", "none"]], ids=["int8", "none"])
def test_a_network_is_converted_on_the_way(
    trained: Path, data_folder: Path, tmp_path: Path, invoke: Invoke, quantize: list[str]
) -> None:
    command = ["export", trained, "--format", "c", "--data", data_folder, "--output", tmp_path / "digits.c", *quantize]
    code, out, err = invoke(*command, "--json")
    document = json.loads(out)
    precision = "float32" if quantize else "int8"
    assert code == 0 and (document["source"]["precision"], document["vectors"]) == (precision, 6)
    assert document["source"]["parity"]["passed"] and "path" not in document["source"]
    assert f"two-conv.{precision} for TensorFlow Lite Micro" in (tmp_path / "digits.h").read_text()
    compiled("gcc", ["-std=c11"], tmp_path, "digits") if "AddMean()" in document["operators"] else None
    code, out, err = invoke(*command)
    assert (code, out) == (1, "") and "digits.h exists already" in err


def test_a_file_of_others_gets_drawn_figures(trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "it's \\\n1.tflite"
    path.write_bytes(to_flatbuffer(load_source(trained), PRECISIONS["float32"], "float32", None))
    array = write_c(path, tmp_path / "digits.c")
    header = (tmp_path / "digits.h").read_text()
    assert (
        array.vectors == len(drawn_figures())
        and "REFUSAL" not in header
        and header.startswith("/* it_s___1.tflite for ")
    )
    assert header.count("/*") == header.count("*/")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nano", "--format", "d"], "there is no format 'd'; choose one of: tflite, c"),
        (
            ["nano.float32", "--format", "c", "--quantize", "int8"],
            "is a .tflite already, and --quantize is for networks",
        ),
        (["nano", "--format", "c", "--output", "a b.c"], "by letters, digits and _"),
        (["nano", "--format", "c", "--output", "digits.tflite"], "by letters, digits and _"),
        (
            ["nano", "--format", "c", "--quantize", "dynamic"],
            "does not run dynamic; choose one of: float32, int8, int16x8",
        ),
    ],
)
def test_misuse_is_one_line(
    tmp_path: Path, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, arguments: list[str], message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = invoke("export", *arguments)
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_what_micro_cannot_run_is_refused_with_the_reason(
    exported: dict[str, Path], tmp_path: Path, invoke: Invoke
) -> None:
    code, out, err = invoke("export", exported["float16"], "--format", "c", "--output", tmp_path / "digits.c")
    assert (code, out) == (1, "") and err.count("\n") == 1
    assert "TensorFlow Lite Micro cannot run two-conv.float16.tflite: DEQUANTIZE: of float16" in err
    assert not list(tmp_path.iterdir())


def test_an_operator_is_called_what_the_resolver_calls_it() -> None:
    assert resolver_calls(strip_metadata(resolve("small").read_bytes())) == [
        "AddSpaceToDepth()", "AddConv2D()", "AddMaxPool2D()", "AddMean()", "AddFullyConnected()", "AddSoftmax()",
    ]  # fmt: skip


@with_micro
@pytest.mark.parametrize("model", ["nano", "nano.float32", "small", "small.float32", "large"])
def test_the_arena_is_enough_and_hardly_more(model: str) -> None:
    content = strip_metadata(resolve(model).read_bytes())
    micro_interpreter(content, arena_bytes(content))
    with pytest.raises(RuntimeError):
        micro_interpreter(content, int(0.8 * arena_bytes(content)))
    assert activation_bytes(content) < arena_bytes(content)


@with_micro
def test_the_arena_of_every_precision_is_enough(exported: dict[str, Path]) -> None:
    for precision in (name for name, row in PRECISIONS.items() if row.micro):
        content = strip_metadata(exported[precision].read_bytes())
        assert micro_interpreter(content, arena_bytes(content)), precision


@with_micro
@pytest.mark.parametrize("model", shipped_models())
def test_the_vectors_hold_in_micro(tmp_path: Path, model: str) -> None:
    path = resolve(model)
    write_c(path, tmp_path / "digits.c")
    text = (tmp_path / "digits_golden.c").read_text()
    numbers = [list(map(int, re.findall(r"-?\d+", row))) for row in re.findall(r"\{([^{}]+)\}", text)]
    inputs, outputs = np.array(numbers[:6]), np.array(numbers[6:])
    given = micro_outputs(path.read_bytes(), (inputs + 128).astype(np.uint8).reshape(-1, 28, 28))
    assert (given.argmax(1) == outputs.argmax(1)).all() and np.abs(given - outputs).max() <= 12


@with_micro
def test_nano_decides_the_same_in_micro_on_a_thousand_images(digits: Dataset) -> None:
    path, images = resolve("nano"), digits.test.images[:1000]
    decided = micro_outputs(path.read_bytes(), images).argmax(1)
    differ = decided != Classifier(path, calibrated=False).probabilities(images).argmax(1)
    in_front = micro_outputs(path.read_bytes(), images, in_front=True)
    expected, _ = outputs_in_front(path.read_bytes(), path.name, images.reshape(-1, 28, 28))
    # Of the logits, in quanta.
    assert np.abs(in_front - expected).max() <= 2
    # scikit-learn's digits, enlarged from 8x8, leave it unsure of some: there the two best are as near as that.
    margins = [np.diff(np.sort(logits[differ], axis=1)[:, -2:], axis=1) for logits in (in_front, expected)]
    assert (np.minimum(*margins) <= 2).all()
    assert differ.sum() <= (0 if digits.name == "MNIST" else 3)
