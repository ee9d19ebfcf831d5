"""`mnist-edge read --output FILE`: broken off in every way and gone on with, no picture is lost and none read twice."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_edge.camera.archive.read_archive import read_archive
from mnist_edge.camera.archive.walk import Found
from mnist_edge.camera.archive.workers import started
from mnist_edge.cli import app
from mnist_edge.errors import UsageError
from mnist_edge.opencv import cv2
from mnist_edge.reading import Box
from tests.camera.archive.acting import Acting
from tests.helpers import wait_until

MAIN = "from mnist_edge.__main__ import main; main()"
PICTURES, DAMAGED, TIMES_EACH = 6, 5, 40
Run = Callable[..., "subprocess.CompletedProcess[str]"]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def archive(tmp_path: Path, write_digit: Callable[..., Box]) -> Path:
    """A few hundred pictures in folders, each of three digits, and some that are damaged."""
    root = tmp_path / "archive"
    for picture in range(PICTURES):
        page = np.full((160, 300, 3), 235, np.uint8)
        for column in range(3):
            write_digit(page, (picture + column) % 10, 40 + 80 * column, 45, 70, 8)
        encoded = cv2.imencode(".png", page)[1].tobytes()
        folder = root / f"box {picture}"
        folder.mkdir(parents=True)
        for number in range(TIMES_EACH):
            (folder / f"{number:03}.png").write_bytes(encoded)
        if picture < DAMAGED:
            (folder / "cut.png").write_bytes(encoded[:60])
    return root


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return tmp_path / "results.jsonl"


@pytest.fixture
def start(archive: Path, results: Path) -> Start:
    """`start(...)`: the command as a process, as a shell starts it in front."""

    def begin(*options: object, before: tuple[str, ...] = ("-m", "mnist_edge"), **how: Any) -> "subprocess.Popen[str]":
        command = [
            sys.executable, *before, "read", str(archive), "--recursive", "--workers", "2",
            "--output", str(results), *map(str, options),
        ]  # fmt: skip
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how
        )

    return begin


@pytest.fixture
def run(start: Start) -> Run:
    def ran(*options: object, **how: Any) -> "subprocess.CompletedProcess[str]":
        with start(*options, **how) as process:
            out, err = process.communicate(timeout=240)
        return subprocess.CompletedProcess([], process.returncode, out, err)

    return ran


@pytest.fixture
def invoke(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """`invoke(...)`: the command in this process; exit code, stdout and stderr."""

    def invoked(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            app(arguments, prog_name="mnist-edge")
        return int(ended.value.code or 0), *capsys.readouterr()

    return invoked


def rows(results: Path) -> list[dict[str, Any]]:
    """All rows; the file has whole lines only."""
    content = results.read_bytes()
    assert content.endswith(b"\n")
    return [json.loads(line) for line in content.splitlines()]


def check_complete(archive: Path, results: Path) -> None:
    """There is exactly one row for each picture, and it says what the picture says."""
    found = rows(results)
    assert Counter(row["source"] for row in found) == Counter(map(str, archive.rglob("*.png")))
    errors = [row for row in found if "error" in row]
    assert {Path(row["source"]).name for row in errors} == {"cut.png"} and len(errors) == DAMAGED
    texts = {(Path(row["source"]).parent.name, *row["text"]) for row in found if "error" not in row}
    # Equal pictures of a folder are read alike, whichever process read them.
    assert len(texts) == PICTURES and all(text[1:] for text in texts)


def stop_in_the_middle(process: "subprocess.Popen[str]", results: Path, least: int = 10) -> None:
    """Wait until some rows are written, far from all of them, and let the one that writes them stand still."""

    def some() -> bool:
        assert process.poll() is None
        return results.exists() and results.read_bytes().count(b"\n") >= least

    wait_until(some, "the first rows")
    process.send_signal(signal.SIGSTOP)


@pytest.mark.slow
def test_killed_in_the_middle_and_gone_on_with(archive: Path, results: Path, start: Start, run: Run) -> None:
    with start() as process:
        stop_in_the_middle(process, results)
        second = run("--resume")
        assert second.returncode == 1
        assert second.stderr == (
            f"error: {results} is being written by process {process.pid}; end that first, or name another place\n"
        )
        process.kill()
    before = results.read_bytes()
    kept = before.count(b"\n")
    assert 10 <= kept < PICTURES * TIMES_EACH
    refused = run()
    assert (refused.returncode, refused.stdout, len(refused.stderr.splitlines())) == (1, "", 1)
    assert "exists already; go on with it by --resume" in refused.stderr
    other = run("--resume", "--model", "nano")
    assert other.returncode == 2 and "go on with --model small" in other.stderr
    assert results.read_bytes() == before
    ended = run("--resume")
    total = PICTURES * TIMES_EACH + DAMAGED
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith(f"wrote {total - kept} rows to {results}; ")
    assert f"; {kept} files had theirs already; " in ended.stderr
    assert results.read_bytes().startswith(before)
    check_complete(archive, results)
    again = run("--resume")
    assert again.stderr == f"wrote 0 rows to {results}; {total} files had theirs already\n"
    assert again.returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_a_signal_ends_it_at_once_and_tells_how_to_go_on(
    archive: Path, results: Path, start: Start, run: Run, number: signal.Signals
) -> None:
    # To the whole group, as a terminal does.
    with start(start_new_session=True) as process:
        stop_in_the_middle(process, results)
        os.killpg(process.pid, number)
        process.send_signal(signal.SIGCONT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert err.splitlines() == [
        f"note: what was read until now is in {results}; the same command with --resume reads the rest",
        "interrupted",
    ]
    assert run("--resume").returncode == 1
    check_complete(archive, results)


@pytest.mark.slow
def test_a_full_disk_leaves_whole_lines_and_is_gone_on_with(
    archive: Path, results: Path, start: Start, run: Run
) -> None:
    full = run(before=("-c", "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, -1)); " + MAIN))
    assert full.returncode == 1
    assert full.stderr.splitlines() == [
        f"note: what was read until now is in {results}; the same command with --resume reads the rest",
        f"error: {results}: File too large",
    ]
    assert 90_000 < results.stat().st_size <= 100_000
    assert rows(results)
    assert run("--resume").returncode == 1
    check_complete(archive, results)


def test_a_row_is_what_json_prints_and_the_rest_is_the_same_line(
    archive: Path, results: Path, run: Run, tmp_path: Path
) -> None:
    for folder in archive.iterdir():
        if folder.name != "box 0":
            shutil.rmtree(folder)
        else:
            for picture in folder.glob("0[1-9]*.png"):
                picture.unlink()
    # Results lie among the pictures that they are of.
    inside = archive / "box 0" / "results.jsonl"
    ended = run("--output", inside)
    assert (ended.returncode, ended.stdout) == (1, "") and not results.exists()
    assert ended.stderr.startswith(f"wrote 11 rows to {inside}; 1 with an error; ")
    written = {row["source"]: row for row in rows(inside)}
    command = [sys.executable, "-m", "mnist_edge", "read", "--json", str(archive / "box 0")]
    printed = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    documents = [json.loads(line) for line in printed.stdout.splitlines()]
    assert len(documents) == 10
    for document in documents:
        row = written.pop(document["source"])
        assert {**row, "milliseconds": 0} == {**document, "milliseconds": 0}
    (damaged,) = written.values()
    assert printed.stderr == f"error: {damaged['error']}\n" and sorted(damaged) == ["error", "source"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", "2"], "name one with --output"),
        (["--resume"], "name one with --output"),
        (["--scheduler", "tcp://127.0.0.1:1"], "name one with --output"),
        (["--output", "x.jsonl", "--workers", "2", "--scheduler", "tcp://127.0.0.1:1"], "choose one"),
        (["--output", "x.jsonl", "--json"], "--output writes rows"),
        (["--output", "x.jsonl", "--annotate", "out"], "--output writes rows"),
        (["--output", "x.csv"], "end in .jsonl or .parquet"),
        (["--output", "x.jsonl", "--resume", "--force"], "choose one"),
        (["--output", "x.jsonl", "-"], "standard input has no name"),
    ],
)
def test_wrong_usage(
    invoke: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    options: list[str], message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    code, out, err = invoke("read", ".", *options)
    assert (code, out, len(err.splitlines())) == (2, "", 1) and message in err
    assert not [*tmp_path.iterdir()]


def test_where_no_picture_is_nothing_is_written(
    invoke: Callable[..., tuple[int, str, str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("empty").mkdir()
    for name, message in (("empty", "empty: no picture in there (--recursive"), ("gone", "gone: no such file")):
        code, out, err = invoke("read", name, "--output", "results.jsonl")
        assert (code, out, len(err.splitlines())) == (1, "", 1) and message in err
    code, _, err = invoke("read", __file__, "--output", "results.jsonl", "--model", "huge")
    assert code == 1 and "huge" in err
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]


def test_no_picture_is_begun_twice_and_new_ones_are_added(tmp_path: Path) -> None:
    acting, output = Acting(str(tmp_path / "log")), tmp_path / "results.jsonl"
    found = [Found(f"{number}.png") for number in range(30)]
    # A folder that could not be listed is told once, and looked into again.
    found.insert(3, Found("locked", "locked cannot be listed"))
    first = read_archive(found[:11], output, started(2, acting))
    assert (first.rows, first.failed, first.skipped) == (11, 1, 0)
    calls: list[tuple[float, float]] = []
    second = read_archive(
        found, output, started(2, acting), resume=True, expected=lambda: len(found),
        progress=lambda done, total, note="": calls.append((done, total)),
    )  # fmt: skip
    assert (second.rows, second.failed, second.skipped) == (20, 0, 11)
    assert sorted(acting.begun()) == sorted(one.source for one in found if not one.error)
    # The estimate is about those that are left.
    assert [done for done, _ in calls] == [*range(1, 21)] and calls[-1] == (20, 20)
    assert sorted(row["source"] for row in rows(output)) == sorted(one.source for one in found)
    with pytest.raises(UsageError, match="has what acting read, not small"):
        read_archive(found, output, started(1, Other(acting.log)), resume=True)


def test_results_in_columns_are_gone_on_with_too(tmp_path: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    acting, output = Acting(str(tmp_path / "log")), tmp_path / "results.parquet"
    found = [Found(f"{number}.png") for number in range(20)]
    with pytest.raises(KeyboardInterrupt):
        read_archive(found, output, started(2, acting), progress=interrupting)
    assert not output.exists() and len(rows(tmp_path / "results.parquet.jsonl")) == 5
    assert read_archive(found, output, started(2, acting), resume=True).skipped == 5
    table = parquet.read_table(output)
    assert sorted(table["source"].to_pylist()) == sorted(one.source for one in found)
    assert {*table["model"].to_pylist()} == {"acting"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["log", "results.parquet"]


def interrupting(done: float, total: float, note: str = "") -> None:
    """Press Ctrl-C after the fifth row."""
    if done == 5:
        raise KeyboardInterrupt


class Other(Acting):
    """Has another model."""

    def __call__(self) -> Any:
        return "small", super().__call__()[1]


MEMORY = """
import sys
from pathlib import Path
from mnist_edge.benchmarks.memory import peak_rss_mb
from mnist_edge.camera.archive.read_archive import read_archive
from mnist_edge.camera.archive.walk import walk
from mnist_edge.camera.archive.workers import started
from tests.camera.archive.acting import Acting
if __name__ == "__main__":
    folder = Path(sys.argv[1])
    summary = read_archive(walk(folder / sys.argv[2], True), folder / f"{sys.argv[2]}.jsonl", started(2, Silent()))
    print(summary.rows, peak_rss_mb())
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_pictures(tmp_path: Path) -> None:
    peaks = []
    script = tmp_path / "reads.py"
    script.write_text(MEMORY.replace("acting import Acting", "acting import Silent"))
    for name, folders in (("few", 1), ("many", 40)):
        for folder in range(folders):
            (tmp_path / name / str(folder)).mkdir(parents=True)
            for number in range(500):
                (tmp_path / name / str(folder) / f"{number}.png").touch()
        ran = subprocess.run(
            [sys.executable, str(script), str(tmp_path), name],
            capture_output=True, text=True, timeout=280, check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(part for part in sys.path if part)},
        )  # fmt: skip
        count, peak = ran.stdout.split()
        assert int(count) == 500 * folders == len(rows(tmp_path / f"{name}.jsonl"))
        peaks.append(float(peak))
    assert peaks[1] < peaks[0] + 3
