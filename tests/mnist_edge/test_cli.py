"""The boundary between the library and a terminal: what users see when something goes wrong, and when it does not."""

import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from mnist_edge import __version__, errors, native_stderr
from mnist_edge.cli.boundary import Root
from mnist_edge.cli.console import print_json, print_table

Process = Callable[..., "subprocess.Popen[str]"]
Invoke = Callable[..., tuple[int, str, str]]
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.MnistEdgeError)]
CELL = "a cell that is much longer than a column"
SHOW = f"""
import sys
from mnist_edge.cli.console import progress, print_table
with progress("working") as report:
    report(1, 2, "half way")
cells = [{CELL!r}, *map(str, range(10_000, 10_010))]
print_table("title", ["first", *"0123456789"], [cells])
"""


def raising(error: BaseException) -> Result:
    """A command line whose only command raises this."""
    app = typer.Typer(cls=Root, rich_markup_mode=None, pretty_exceptions_enable=False)

    @app.callback()
    def root() -> None: ...

    @app.command()
    def work() -> None:
        print("a result", flush=True)
        raise error

    return CliRunner().invoke(app, ["work"])


def test_there_are_errors_to_try() -> None:
    assert {errors.UsageError, errors.CheckFailed, errors.DataError, errors.PackageMissing} <= set(ERRORS)


@pytest.mark.parametrize("kind", ERRORS)
def test_each_error_is_one_line_and_its_exit_code(kind: type[errors.MnistEdgeError]) -> None:
    result = raising(kind("what is wrong\n  over two lines; do this"))
    assert result.stderr == "error: what is wrong over two lines; do this\n"
    assert result.stdout == "a result\n"
    assert result.exit_code == {errors.UsageError: 2, errors.CheckFailed: 3}.get(kind, 1)


def test_a_file_that_cannot_be_opened_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(OSError) as caught:
        (tmp_path / "missing").read_bytes()
    result = raising(caught.value)
    assert (result.exit_code, result.stderr) == (1, f"error: {tmp_path / 'missing'}: No such file or directory\n")


def test_a_bug_is_not_swallowed() -> None:
    for bug in (ZeroDivisionError("a bug"), OSError("without a number"), ImportError("broken")):
        assert raising(bug).exception is bug


def test_a_bug_keeps_its_traceback() -> None:
    code = "from mnist_edge import shipped_models as s, cli; s.shipped_models = lambda: 1 / 0; cli.main()"
    command = [sys.executable, "-c", code, "models"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("Traceback (most recent call last)")
    assert done.stderr.endswith("ZeroDivisionError: division by zero\n")


def test_ctrl_c_is_130() -> None:
    assert raising(KeyboardInterrupt()).exit_code == 130


@pytest.mark.parametrize(
    ("line", "what", "where"),
    [
        ("reed page.jpg", "'reed'", "mnist-edge"),
        ("--jason", "--jason", "mnist-edge"),
        ("train --jason", "--jason", "mnist-edge train"),
        ("train --epochs many", "--epochs", "mnist-edge train"),
        ("train --epochs 0", "--epochs", "mnist-edge train"),
        ("evaluate", "MODEL", "mnist-edge evaluate"),
        ("evaluate small other", "other", "mnist-edge evaluate"),
        ("data --data", "--data", "mnist-edge"),
        ("models shaw", "'shaw'", "mnist-edge models"),
        ("models show", "NAME", "mnist-edge models show"),
    ],
)
def test_wrong_usage_is_one_line_that_names_the_help(invoke: Invoke, line: str, what: str, where: str) -> None:
    code, out, err = invoke(*line.split())
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.endswith(f"see: {where} --help\n") and err.count("\n") == 1
    assert what in err


def test_without_a_command_there_is_help(process: Process) -> None:
    out, err = process().communicate(timeout=60)
    assert "Usage: mnist-edge" in out + err and "Start here:" in out + err


@pytest.mark.slow
def test_a_terminal_that_only_knows_ascii_gets_its_table(process: Process) -> None:
    out, err = process("doctor", env={**os.environ, "PYTHONIOENCODING": "ascii"}).communicate(timeout=120)
    assert "OpenCV" in out and "Traceback" not in err


def test_the_version(invoke: Invoke) -> None:
    assert invoke("--version") == (0, f"mnist-edge {__version__}\n", "")


@pytest.mark.parametrize("line", ["--verbose models --json", "models --verbose --json", "models --json --verbose"])
def test_verbose_goes_anywhere(invoke: Invoke, line: str) -> None:
    code, out, _ = invoke(*line.split())
    assert code == 0 and json.loads(out)
    assert not native_stderr.silencing_enabled
    invoke("models", "--json")
    assert native_stderr.silencing_enabled


def test_behind_two_dashes_verbose_is_a_name(invoke: Invoke) -> None:
    code, _, err = invoke("models", "show", "--", "--verbose")
    assert code == 1 and "'--verbose'" in err
    assert native_stderr.silencing_enabled


@pytest.mark.parametrize(
    "line", ["models", "models --json", "models show small", "--version", "--help", "train --help"]
)
def test_a_closed_pipe_and_a_full_disk_leave_no_traceback(process: Process, line: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as closed:
        running = process(*line.split(), stdout=closed)
    assert running.communicate(timeout=60)[1] == ""
    assert running.returncode == 128 + signal.SIGPIPE
    running = process(*line.split(), stdout=None, preexec_fn=lambda: os.close(1))
    assert running.communicate(timeout=60)[1].startswith("error: standard output is closed; ")
    assert running.returncode == 1
    if os.path.exists("/dev/full"):
        with open("/dev/full", "w") as full:
            running = process(*line.split(), stdout=full)
        assert running.communicate(timeout=60)[1] == "error: standard output: No space left on device\n"
        assert running.returncode == 1


def test_json_is_one_line_of_utf8(capsys: pytest.CaptureFixture[str]) -> None:
    print_json({"text": "zwölf\n12", "rows": [1, 2]})
    assert capsys.readouterr().out == '{"text": "zwölf\\n12", "rows": [1, 2]}\n'


def test_a_table_in_a_pipe_is_not_cut(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/home/someone/" + "folder/" * 12 + "model.tflite"
    print_table("title", ("what", "value"), [("model", path), ("[bold]", ":smile:")])
    out = capsys.readouterr().out
    assert path in out and "[bold]" in out and ":smile:" in out
    assert "\x1b" not in out and "…" not in out


def test_without_a_terminal_there_is_no_progress() -> None:
    done = subprocess.run([sys.executable, "-c", SHOW], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stderr == ""
    assert CELL in done.stdout and "10009" in done.stdout


def test_a_narrow_terminal_shows_progress_and_the_whole_table() -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": "60", "TERM": "xterm"}
    running = subprocess.Popen([sys.executable, "-c", SHOW], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    shown = _until_closed(ours)
    assert running.wait(timeout=60) == 0
    assert "working" in shown and "half way" in shown
    table = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown[shown.rindex("title") :])
    # Wrapped between words, and what has no room goes below: nothing is cut, no figure broken.
    words = table.split()
    assert all(word in words for word in CELL.split())
    assert all(str(figure) in words for figure in range(10_000, 10_010))


def _until_closed(descriptor: int) -> str:
    parts = []
    while True:
        try:
            part = os.read(descriptor, 4096)
        # Linux reports the end of a terminal as an error.
        except OSError:
            break
        if not part:
            break
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts).decode()


# Such a thread is what a stuck stream leaves behind: in OpenCV, and back again when Python ends.
LEFT_BEHIND = """
import sys, threading
import cv2, numpy
from mnist_edge.__main__ import main
noise = numpy.random.default_rng(0).integers(0, 256, (600, 600), numpy.uint8)
def work():
    while True:
        cv2.medianBlur(noise, 31)
        begun.set()
begun = threading.Event()
threading.Thread(target=work, daemon=True).start()
begun.wait()
main()
"""


@pytest.mark.parametrize(("line", "code"), [("--version", 0), ("read --nothing", 2), ("read nothing.png", 1)])
def test_a_thread_that_is_left_in_opencv_aborts_nothing(line: str, code: int) -> None:
    pytest.importorskip("cv2")
    done = subprocess.run(
        [sys.executable, "-c", LEFT_BEHIND, *line.split()], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == code, done.stderr
    assert done.stdout or done.stderr.startswith("error: ")


# Python's own end would take every module apart; what is registered for it must be done all the same.
AT_THE_END = """
import atexit, gc, sys
from mnist_edge.__main__ import main
class TakenApart:
    def __del__(self):
        print("taken apart", flush=True)
kept = TakenApart()
kept.itself = kept
atexit.register(lambda: print("garbage is looked for", gc.isenabled(), flush=True))
main()
"""


def test_the_process_ends_at_once_and_does_what_is_registered() -> None:
    command = [sys.executable, "-c", AT_THE_END, "models"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and done.stdout.endswith("garbage is looked for True\n")
    # A profiler, which would print what it measured after that, is waited for.
    profiled = [sys.executable, "-c", f"import cProfile; cProfile.run({AT_THE_END!r})", "read", "nothing.png"]
    done = subprocess.run(profiled, capture_output=True, text=True, timeout=120)
    assert "function calls" in done.stdout, done.stderr


def test_what_was_typed_is_repeated_without_its_secrets(invoke: Invoke) -> None:
    code, out, err = invoke("camera", "rtsp://u:s3c/ret@camera/1")
    assert code == 2 and "s3c" not in out + err and "rtsp://***@camera/1" in err
    assert "mqtt://[USER:PASSWORD@]HOST[:PORT]/PREFIX" in invoke("camera", "--source", "fake", "--mqtt", "x")[2]
