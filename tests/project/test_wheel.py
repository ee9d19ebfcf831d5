"""What users get: the wheel, built from a clean copy and installed where there is no TensorFlow."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from ctypes.util import find_library
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def run(*command: object, cwd: Path, env: dict[str, str] | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True, timeout=280)


def files_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name for name in archive.namelist() if not name.endswith("/")}


@pytest.fixture(scope="module")
def clone(root: Path, tracked: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a fresh clone would hold."""
    folder = tmp_path_factory.mktemp("clone")
    for path in tracked:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / path, folder / path, follow_symlinks=False)
    return folder


@pytest.fixture(scope="module")
def wheel(clone: Path) -> Path:
    """Built straight from the clone."""
    built = run(sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", "direct", cwd=clone)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((clone / "direct").glob("*.whl"))


@pytest.fixture(scope="module")
def sdist(clone: Path, wheel: Path) -> Path:
    """The source distribution; beside it lies the wheel that was built from it."""
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist", cwd=clone)
    assert built.returncode == 0, built.stdout + built.stderr
    return next((clone / "dist").glob("*.tar.gz"))


@pytest.fixture(scope="module")
def device(root: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel and its `headless` extra, as on a device: no TensorFlow, no data."""
    folder = tmp_path_factory.mktemp("device")
    shutil.copy(wheel, folder)
    # As the document says, but without a window.
    follow(install_lines("## From a wheel")[1].replace("[camera]", "[headless]"), folder, root)
    return folder / ".venv"


def install_lines(heading: str) -> list[str]:
    """The shell blocks of docs/install.md below a heading."""
    text = (Path(__file__).parents[2] / "docs" / "install.md").read_text().partition(heading)[2].partition("\n## ")[0]
    return re.findall(r"```sh\n(.*?)```", text, re.DOTALL)


def follow(lines: str, folder: Path, root: Path) -> str:
    """What the shell prints that runs such lines in a folder, with the versions that are tested together."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    options = {"PIP_CONSTRAINT": str(root / "constraints.txt"), "PIP_QUIET": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = run("sh", "-e", "-c", lines, cwd=folder, env={**os.environ, **options, "PATH": path})
    if done.returncode:
        # No index, no answer; but where the index can be reached, the failure is ours.
        pip = folder / ".venv" / "bin" / "pip"
        reached = run(pip, "download", "--quiet", "--no-deps", "--dest", folder / "probe", "typer", cwd=folder)
        if reached.returncode and not os.environ.get("CI"):
            pytest.skip(f"no package index can be reached: {reached.stderr.strip().splitlines()[-1]}")
        pytest.fail(done.stdout + done.stderr)
    return done.stdout


@pytest.fixture(scope="module")
def there(device: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """`there("mnist-edge", ...)` runs a program of that environment, away from this checkout."""
    home = tmp_path_factory.mktemp("home")
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}

    def run_there(program: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
        return run(device / "bin" / program, *arguments, cwd=home, env=env)

    return run_there


def test_the_wheel_holds_the_package_and_nothing_else(wheel: Path) -> None:
    names = files_in(wheel)
    tops = {name.partition("/")[0] for name in names}
    assert tops == {"mnist_edge", f"{'-'.join(wheel.name.split('-')[:2])}.dist-info"}
    for room in ("camera", "converters", "models", "benchmarks", "cli", "doctor"):
        assert f"mnist_edge/{room}/__init__.py" in names
    assert "mnist_edge/py.typed" in names
    # `selftest.py` is a command.
    assert not [name for name in names if re.search(r"(^|/)tests?(/|_)|conftest", name)]
    assert wheel.stat().st_size < 3_000_000


def test_every_source_and_every_model_ships_but_the_tools_of_a_checkout(
    root: Path, tracked: list[Path], wheel: Path
) -> None:
    rooms = ("mnist_edge", "camera", "converters", "models", "benchmarks")
    shipping = {
        path.as_posix() if path.parts[0] == "mnist_edge" else f"mnist_edge/{path.as_posix()}"
        for path in tracked
        if path.parts[0] in rooms
        and not (path.parts[0] == "benchmarks" and path.parts[1] in ("endurance", "harness", "pi", "release"))
        and not (root / path).is_symlink()
        # Records for developers, and results of which only the documents and `make bench-check` make use.
        and path.name not in ("LOG.md", "baseline.json")
        and (path.parent.name != "results" or path.name == "models.json")
    }
    assert "mnist_edge/benchmarks/results/models.json" in shipping
    assert any(name.endswith(".tflite") for name in shipping)
    assert any(name.endswith("page.html") for name in shipping)
    assert {name for name in files_in(wheel) if ".dist-info/" not in name} == shipping


def test_the_source_distribution_gives_the_same_wheel(sdist: Path, wheel: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "tests/conftest.py", "tests/project/test_wheel.py", "camera/reader/reader.py"} <= names
    assert files_in(next(sdist.parent.glob("*.whl"))) == files_in(wheel)


def test_only_the_package_is_installed(device: Path) -> None:
    site = next((device / "lib").glob("python*/site-packages"))
    record = next(site.glob("mnist_edge-*.dist-info")) / "RECORD"
    paths = [line.partition(",")[0] for line in record.read_text().splitlines()]
    assert {path.partition("/")[0] for path in paths} == {"mnist_edge", record.parent.name, ".."}
    assert {path for path in paths if path.startswith("..")} == {"../../../bin/mnist-edge"}
    for name in ("camera", "converters", "models", "benchmarks", "tests", "tensorflow", "keras", "click"):
        assert not (site / name).exists()


def test_help_lists_every_command(there: Run) -> None:
    done = there("mnist-edge", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for command in ("quickstart", "data", "train", "evaluate", "export", "verify", "benchmark", "read", "camera"):
        assert f"\n  {command} " in done.stdout


def test_models_lists_what_ships(there: Run) -> None:
    assert "small" in there("mnist-edge", "models").stdout
    rows = json.loads(there("mnist-edge", "models", "--json").stdout)
    row = next(row for row in rows if (row["name"], row["precision"]) == ("small", "int8"))
    assert Path(row["path"]).stat().st_size == row["size_bytes"]
    assert row["accuracy"] > 0.99


def test_models_shows_a_card_of_each(there: Run) -> None:
    for row in json.loads(there("mnist-edge", "models", "--json").stdout):
        card = there("mnist-edge", "models", "show", row["name"])
        assert card.returncode == 0, card.stderr
        assert card.stdout.startswith("# ")


def test_doctor_says_that_reading_works_and_what_training_wants(there: Run) -> None:
    done = there("mnist-edge", "doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    checks = {check["name"]: check for check in document["checks"]}
    assert checks["ai-edge-litert"]["status"] == "ok"
    assert checks["OpenCV"]["status"] == "ok"
    assert checks["tensorflow"]["status"] == "missing"
    assert checks["training"]["status"] == "missing"
    assert "pip install tensorflow" in checks["training"]["advice"]


def test_a_picture_is_read(there: Run, page: Path) -> None:
    done = there("mnist-edge", "read", page, "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["text"] == ["372", "20"]


def test_the_camera_runs(there: Run, device: Path) -> None:
    done = there("mnist-edge", "camera", "--source", "fake", "--no-window", "--events", "-", "--max-frames", "25")
    assert done.returncode == 0, done.stderr
    assert {json.loads(line)["event"] for line in done.stdout.splitlines()} == {"appeared", "gone"}
    done = there("mnist-edge", "camera", "--source", "fake", "--no-window", "--serve", "0")
    assert (done.returncode, done.stdout) == (1, "")
    # The environment is not activated: the system's pip would refuse, or install beside it.
    hint = rf"error: tornado is not installed; install it with: {device}/bin/python[\d.]* -m pip install tornado\n"
    assert re.fullmatch(hint, done.stderr)


def test_the_public_names_work(there: Run, page: Path) -> None:
    code = f"from mnist_edge import Reader, read; print(*read({str(page)!r}).text, Reader().model)"
    done = there("python", "-c", code)
    assert (done.returncode, done.stdout) == (0, "372 20 small\n"), done.stderr


def test_importing_costs_nothing(there: Run) -> None:
    code = "import mnist_edge, sys; assert not {'numpy', 'cv2', 'typer', 'ai_edge_litert'} & set(sys.modules)"
    done = there("python", "-c", code)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [("train", "mlp"), ("quickstart",)])
def test_training_names_what_to_install(there: Run, command: tuple[str, ...]) -> None:
    done = there("mnist-edge", *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("error: tensorflow is not installed")
    assert "-m pip install tensorflow keras scikit-learn matplotlib" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_clone_is_installed_as_the_documents_say(clone: Path, root: Path, page: Path) -> None:
    readme = (root / "README.md").read_text()
    lines = re.findall(r"```sh\n(.*?)```", readme, re.DOTALL)[0]
    assert all(line in readme for line in install_lines("## From a clone")[0].splitlines())
    if sys.platform.startswith("linux") and find_library("GL") is None:
        lines = lines.replace("[camera]", "[headless]")
    out = follow(f"{lines}\nmnist-edge doctor", clone, root)
    assert "digits can be read here" in out and "71264" in out
