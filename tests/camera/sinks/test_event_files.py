"""Events in files: lines that are whole, and files of a bounded size."""

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.camera.events import EventSink
from mnist_edge.camera.sinks.event_files import COLUMNS, EventFile, open_events
from tests.camera.sinks.event_lines import LINE_BYTES, event, frames

Sink = Callable[..., EventFile]


def test_json_lines_are_added_to_a_file_and_there_at_once(tmp_path: Path) -> None:
    path = tmp_path / "new" / "events.jsonl"
    for number in (1, 2):
        open_events(str(path), max_mb=1, files=1).write([event(number), event(number)])
        assert frames(path) == [1, 1, 2, 2][: 2 * number]
    assert json.loads(path.read_text().splitlines()[0]) == event(1).to_json()


def test_csv_has_one_header_and_quotes_what_must_be(tmp_path: Path) -> None:
    path = tmp_path / "events.CSV"
    for _ in range(2):
        file = open_events(str(path), max_mb=1, files=1)
        file.write([event(text=("4 2", "7"), source='a "b", c.mp4'), event(kind="gone", text=())])
    lines = path.read_text().splitlines()
    assert lines[0] == "time,frame,event,track,label,text,seconds,source,confidence,x,y,width,height"
    assert lines.count(lines[0]) == 1 and len(lines) == 5
    first, second = list(csv.DictReader(io.StringIO(path.read_text())))[:2]
    assert (first["event"], first["label"], first["text"], first["source"]) == (
        "appeared",
        "2",
        "4 2 / 7",
        'a "b", c.mp4',
    )
    assert (first["time"], first["frame"], first["seconds"]) == ("2026-01-02T03:04:05.678+00:00", "1", "0.04")
    assert [first[name] for name in COLUMNS[-5:]] == ["0.9877", "10", "20", "30", "40"]
    assert (second["event"], second["label"], second["text"]) == ("gone", "2", "")


def test_a_csv_without_events_has_its_header(tmp_path: Path, sink: Sink) -> None:
    sink(tmp_path / "events.csv")
    assert (tmp_path / "events.csv").read_text() == ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize("name", ["events.jsonl", "events.csv"])
@pytest.mark.parametrize("files", [0, 1, 3])
def test_files_are_bounded_in_size_and_number(tmp_path: Path, sink: Sink, name: str, files: int) -> None:
    path = tmp_path / name
    file = sink(path, max_mb=0.002, files=files)
    for number in range(1, 101):
        file.write([event(number)])
    parts = sorted(tmp_path.iterdir(), key=lambda part: -int(f"0{part.suffix[1:]}") if part != path else 1)
    assert {part.name for part in parts} == {name, *(f"{name}.{number}" for number in range(1, files + 1))}
    assert all(part.stat().st_size <= 2000 for part in parts)
    kept = [number for part in parts for number in frames(part)]
    assert kept == list(range(101 - len(kept), 101)) and len(kept) > 4 * files
    if files:
        # A full one is as full as it can be.
        assert (tmp_path / f"{name}.1").stat().st_size > 2000 - LINE_BYTES - 50


def test_a_line_longer_than_a_file_is_written_all_the_same(
    tmp_path: Path, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("events.jsonl", "events.csv"):
        file = sink(tmp_path / name, max_mb=0.00001, files=1)
        file.write([event(1)])
        assert frames(tmp_path / name) == [1] and not (tmp_path / f"{name}.1").exists()
        file.write([event(2), event(3)])
        assert frames(tmp_path / name) == [3] and frames(tmp_path / f"{name}.1") == [2] and not caplog.messages


@pytest.mark.parametrize("half", ['{"frame": 7, "ev', "no events at all"])
def test_half_a_line_is_not_written_on(tmp_path: Path, sink: Sink, half: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(f'{{"frame": 6}}\n{half}')
    sink(path).write([event(8)])
    lines = path.read_text().splitlines()
    assert lines[:2] == ['{"frame": 6}', half] and json.loads(lines[2])["frame"] == 8 and len(lines) == 3


def test_half_a_csv_row_does_not_swallow_the_next(tmp_path: Path, sink: Sink) -> None:
    path = tmp_path / "events.csv"
    sink(path).write([event(1, source="a,b"), event(2, source="a,b")])
    path.write_bytes(path.read_bytes().rpartition(b",b")[0])
    sink(path).write([event(3, source="a,b")])
    assert frames(path) == [1, 2, 3]


def test_what_was_moved_away_or_deleted_begins_anew(
    tmp_path: Path, sink: Sink, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "events.csv"
    file = sink(path)
    file.write([event(1)])
    path.rename(tmp_path / "old.csv")
    file.write([event(2)])
    assert frames(path) == [2] and frames(tmp_path / "old.csv") == [1]
    path.unlink()
    file.write([event(3)])
    assert frames(path) == [3] and not caplog.messages


def test_a_link_is_followed(tmp_path: Path, sink: Sink) -> None:
    (tmp_path / "stick").mkdir()
    (tmp_path / "events.jsonl").symlink_to(tmp_path / "stick" / "events.jsonl")
    file = sink(tmp_path / "events.jsonl", max_mb=0.0001, files=1)
    file.write([event(1), event(2)])
    assert frames(tmp_path / "stick" / "events.jsonl.1") == [1]
    assert frames(tmp_path / "events.jsonl") == [2] and (tmp_path / "events.jsonl").is_symlink()


def test_a_name_that_is_no_text_can_be_written(tmp_path: Path, sink: Sink) -> None:
    path = tmp_path / "events.jsonl"
    source = os.fsdecode(b"caf\xe9.mp4") + " é"
    sink(path).write([event(source=source)])
    assert json.loads(path.read_text(encoding="utf-8"))["source"] == source
    sink(tmp_path / "events.csv").write([event(source=source)])


PROGRAM = """
import sys
sys.path.insert(0, {tests!r})
from event_lines import event
from mnist_edge.camera.sinks.event_files import open_events
sink, number = open_events({target!r}, max_mb=1, files=1), 0
while True:
    number += 1
    sink.write([event(number)])
"""


def start(target: str) -> "subprocess.Popen[bytes]":
    """A program that writes events as fast as it can, until something stops it."""
    program = PROGRAM.format(tests=str(Path(__file__).parent), target=target)
    return subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_standard_output_is_json_lines_and_ends_where_nobody_reads() -> None:
    with start("-") as process:
        assert process.stdout and process.stderr
        assert json.loads(process.stdout.readline()) == event(1).to_json()
        process.stdout.close()
        # 120 where Python, at its end, tries once more to write what is left.
        assert process.wait(60) in (1, 120)
        assert b"BrokenPipeError" in process.stderr.read()


def test_a_pipe_is_written_to_for_one_reader_after_the_other(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.jsonl"
    os.mkfifo(pipe)
    with start(str(pipe)) as process:
        try:
            for _ in range(2):
                with pipe.open() as reader:
                    # The one before may have taken the beginning of the first line.
                    reader.readline()
                    assert json.loads(reader.readline())["event"] == "appeared"
            assert process.poll() is None
        finally:
            process.kill()
    assert pipe.is_fifo()


@pytest.mark.parametrize("name", ["events.jsonl", "events.csv"])
def test_a_killed_program_leaves_whole_lines(tmp_path: Path, sink: Sink, name: str) -> None:
    path = tmp_path / name
    with start(str(path)) as process:
        while not path.exists() or path.stat().st_size < 20_000:
            assert process.poll() is None
        process.kill()
    content = path.read_bytes()
    # Where a line crosses a page of memory, the kernel may stop between the two; nothing can be done about that.
    assert content.endswith(b"\n") or len(content) % 4096 == 0
    sink(path).write([event(0)])
    whole = content.count(b"\n") - name.endswith("csv")
    found = frames(path) if content.endswith(b"\n") else [*range(1, whole + 1), 0]
    assert found == [*range(1, whole + 1), 0] and whole > 50
    last = path.read_text().splitlines()[-1]
    assert json.loads(last) if name.endswith("l") else len(next(csv.reader([last]))) == len(COLUMNS)


def test_the_loop_may_write_nothing(tmp_path: Path, sink: Sink) -> None:
    file: EventSink = sink(tmp_path / "events.jsonl")
    file.write([])
    assert (tmp_path / "events.jsonl").read_bytes() == b""
