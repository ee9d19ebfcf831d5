"""The configuration file and the flags: the same settings, one over the other, and errors that name what to mend."""

import os
import re
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from mnist_edge.camera.config import FIELDS, Configuration, as_toml, default_file, load_settings
from mnist_edge.camera.settings import Settings, by_group, flag
from mnist_edge.cli import app
from mnist_edge.errors import PackageMissing, UsageError

# A value of each type that is within all limits, as TOML and on the command line; the choices have one of their own.
SAMPLES: dict[Any, str] = {
    int: "2",
    int | None: "2",
    float: "0.5",
    float | None: "0.5",
    bool: "true",
    bool | None: "true",
}
CHOSEN = {"rotate": "90", "flip": '"both"', "record_on": '"demand"'}


def sample(name: str) -> str:
    """A value for this key, as TOML, that is not its default."""
    return CHOSEN.get(name) or SAMPLES.get(FIELDS[name].type, '"/some/where"')


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user without settings, who is somewhere else than at home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    return tmp_path / "home"


def written(text: str, path: Path = Path("camera.toml"), mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def shown(*arguments: object) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["camera", *map(str, arguments), "--show-config"])
    return result.exit_code, result.stdout, result.stderr


def wrong(text: str) -> str:
    """The error that a file with this text gives."""
    with pytest.raises(UsageError) as caught:
        load_settings(written(text), {})
    assert str(caught.value).startswith("camera.toml") and "\n" not in str(caught.value)
    return str(caught.value)


def test_nothing_given_is_the_defaults() -> None:
    assert load_settings(None, {}) == Configuration(Settings(), dict.fromkeys(FIELDS, "default"))


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_is_a_key_and_a_flag_with_an_explanation(name: str) -> None:
    option, text = FIELDS[name], sample(name)
    for key in (name, name.replace("_", "-")):
        by_key = load_settings(written(f"{key} = {text}"), {})
        assert getattr(by_key.settings, name) != option.default
        assert by_key.origins[name] == "camera.toml"
    words = [flag(option)] if text == "true" else [flag(option), text.strip('"')]
    code, out, err = shown("--config", "camera.toml", *words)
    assert (code, err) == (0, "")
    by_flag = load_settings(written(out), {}).settings
    # A token is not shown.
    assert getattr(by_flag, name) == (None if option.metadata.get("secret") else getattr(by_key.settings, name))
    assert len(option.metadata["help"]) > 10


def test_help_has_every_flag_once_under_its_group() -> None:
    text = CliRunner().invoke(app, ["camera", "--help"], terminal_width=200).stdout
    places = [text.index(f"\n{heading}:") for heading in by_group()]
    assert places == sorted(places) and len(places) >= 5
    for option in fields(Settings):
        assert len(re.findall(rf"\n  --(\[no-\])?{flag(option)[2:]}[ ,]", text)) == 1
    assert "(default 0)" in text and "--show-config" in text


def test_flags_win_over_the_file_and_the_file_over_defaults(home: Path) -> None:
    usual = written('source = "rtsp://camera/1"\nrotate = 90\ndetails = true', home / ".config/mnist-edge/camera.toml")
    code, out, err = shown("--rotate", 180, "--no-details")
    assert (code, err) == (0, "")
    assert f'source = "rtsp://camera/1"  # {usual}\n' in out
    assert "rotate = 180  # flag\n" in out and "details = false  # flag\n" in out
    assert 'flip = "none"  # default\n' in out


def test_a_flag_with_the_default_wins_too() -> None:
    written("rotate = 90\nserve = 8080")
    assert "rotate = 0  # flag" in shown("--config", "camera.toml", "--rotate", 0)[1]
    assert load_settings(Path("camera.toml"), {"serve": ""}).settings.serve is None


@pytest.mark.parametrize(("key", "name"), [("model", "small"), ("finder", "finder")])
def test_the_name_of_a_model_that_ships_stays_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for file in (name, "mine.tflite"):
        Path(file).touch()
    given = (name, f"./{name}", "mine.tflite")
    found = [getattr(load_settings(written(f'{key} = "{one}"'), {}).settings, key) for one in given]
    assert found == [name, str(tmp_path / name), str(tmp_path / "mine.tflite")]


def test_the_folder_of_settings_may_be_elsewhere(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_file() == home / ".config/mnist-edge/camera.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    assert default_file() == home / ".config/mnist-edge/camera.toml"
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    written("threads = 3", tmp_path / "xdg/mnist-edge/camera.toml")
    assert load_settings(None, {}).settings.threads == 3
    assert load_settings(written("threads = 2"), {}).settings.threads == 2


def test_what_is_shown_can_be_the_file(tmp_path: Path) -> None:
    awkward = 'a "quoted" \\ text\twith ünïcode, \x7f and 𝟟 # no comment'
    given = {"crop": awkward, "record": "clips/door.mp4", "min_confidence": 0.25, "window": False, "max_retries": 0}
    first = load_settings(None, given)
    other = written(as_toml(first), tmp_path / "elsewhere" / "copy.toml")
    second = load_settings(other, {})
    clip, shots = (str(tmp_path / "here" / name) for name in ("clips/door.mp4", "snapshots"))
    assert second.settings == replace(first.settings, record=clip, snapshots=shots)
    assert as_toml(second).count(f"# {other}") > 10


def test_every_value_that_is_shown_as_an_example_is_a_comment() -> None:
    for line in as_toml(load_settings(None, {})).splitlines():
        if "not set" in line:
            assert line.startswith("# ") and getattr(Settings(), line.split()[1]) is None


def test_secrets_are_not_shown(home: Path) -> None:
    written('token = "s3cret"\nmqtt = "mqtt://me:s3cret@broker/home"\nsource = "rtsp://me:s3@cret@camera/1"')
    code, out, _ = shown("--config", "camera.toml")
    assert code == 0 and "cret" not in out.replace("secret", "")
    assert '# mqtt = "mqtt://***@broker/home"' in out and '# source = "rtsp://***@camera/1"' in out
    # All that is hidden is a comment, so that nobody logs in with stars.
    assert load_settings(written(out), {}).settings == replace(Settings(), snapshots=str(Path("snapshots").absolute()))


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
@pytest.mark.parametrize("line", ['token = "s3cret"', 'source = "http://me:s3cret@camera"'])
def test_a_secret_that_others_may_read_is_a_note(line: str, caplog: pytest.LogCaptureFixture) -> None:
    load_settings(written(line, mode=0o644), {})
    (note,) = caplog.messages
    assert note.startswith("others may read camera.toml") and "chmod 600 camera.toml" in note
    assert "s3cret" not in note
    load_settings(written(line, mode=0o600), {})
    load_settings(written("serve = 8080", mode=0o644), {})
    assert len(caplog.messages) == 1


def test_paths_in_a_file_count_from_its_folder(tmp_path: Path, home: Path) -> None:
    folder = tmp_path / "door"
    file = written(
        'events = "log/e.jsonl"\nsnapshots = "~/shots"\nmodel = "./my.tflite"\nsource = "door.mp4"', folder / "c.toml"
    )
    (folder / "door.mp4").touch()
    read = load_settings(Path("../door/c.toml"), {"record": "clip.avi"}).settings
    assert read.events == str(folder / "log/e.jsonl")
    assert read.snapshots == str(home / "shots")
    assert (read.model, read.source) == (str(folder / "my.tflite"), str(folder / "door.mp4"))
    assert read.record == "clip.avi"
    assert load_settings(file, {}).settings.events == read.events


@pytest.mark.parametrize("source", ["0", "picamera", "fake", "-", "rtsp://camera/1", "/dev/video0"])
def test_what_is_no_path_stays(source: str) -> None:
    read = load_settings(written(f'source = "{source}"\nmodel = "small.int8"\nevents = "-"'), {}).settings
    assert (read.source, read.model, read.events) == (source, "small.int8", "-")


def test_numbers_serve_as_text_and_as_fractions() -> None:
    read = load_settings(written("source = 1\nserve = 8080\ntimeout = 5"), {}).settings
    assert (read.source, read.serve, read.timeout) == ("1", "8080", 5.0)
    assert isinstance(read.timeout, float)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ('soruce = "0"', "there is no key soruce; did you mean source?"),
        ("record-file = 3", "there is no key record-file; did you mean record_files?"),
        (f"{'z' * 5000} = 1", f"there is no key {'z' * 60}...; mnist-edge camera"),
        ("zzz = 1", "there is no key zzz; mnist-edge camera --show-config lists them all"),
        ("[web]\nserve = 1", "there is no key web; there are no [tables], all keys stand at the top"),
        ("max-frames = 1\nmax_frames = 2", "max_frames is given twice; leave one out"),
        ("threads = true", "threads = 'true' does not serve: give a whole number from 1 to 256"),
        ("threads = 0", "threads = 0 does not serve: give a whole number from 1 to 256"),
        ("threads = 1.5", "threads = 1.5 does not serve: give a whole number from 1 to 256"),
        ('rate = "fast"', "rate = 'fast' does not serve: give a number from 0.1 to 240"),
        ("timeout = nan", "timeout = nan does not serve: give a number from 0.1 to 86,400"),
        ("timeout = 1e306", "timeout = 1e+306 does not serve: give a number from 0.1 to 86,400"),
        ("events_mb = 1e306", "events_mb = 1e+306 does not serve: give a number from 0.001 to 1,000,000,000"),
        (f"threads = {'9' * 5000}", "camera.toml is not TOML: "),
        (f"threads = 0x{'f' * 5000}", "threads = 0xffff"),
        (f"rate = 0x{'f' * 5000}", "rate = 0xffff"),
        (f"source = 0x{'f' * 5000}", "source = 0xffff"),
        (f"crop = {'[' * 5000}", "camera.toml is not TOML: "),
        (r'source = "a\u0000b"', "leave out the zero byte"),
        (f"source = ['{'x' * 5000}']", "source = ['xxxx"),
        ("timeout = inf", "timeout = inf does not serve: give a number from 0.1 to 86,400"),
        ("min-confidence = 1.5", "min-confidence = 1.5 does not serve: give a number from 0 to 1"),
        ("rotate = 45", "rotate = 45 does not serve: choose 0, 90, 180 or 270"),
        ('flip = "up"', "flip = 'up' does not serve: choose none, horizontal, vertical or both"),
        ("details = 1", "details = 1 does not serve: give true or false"),
        ('details = "yes"', "details = 'yes' does not serve: give true or false"),
        ("source = true", "source = 'true' does not serve: give text"),
        ("source = [1]", "source = [1] does not serve: give text"),
        ("events = 2026-01-01", "does not serve: give text"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_what_is_wanted(text: str, what: str) -> None:
    assert what in wrong(text)


def test_text_that_is_not_toml_is_named_with_its_line() -> None:
    assert "is not TOML" in wrong('source = "0"\nserve 8080\n') and "line 2" in wrong('source = "0"\nserve 8080\n')
    assert "line 2" in wrong("threads = 1\nthreads = 2\n")
    for deep in ("a = " + "[" * 10_000, "threads = " + "9" * 5000, "a" + ".a" * 10_000 + " = 1"):
        assert "is not TOML" in wrong(deep) or "there is no key" in wrong(deep)
    Path("camera.toml").write_bytes(b"source = '\xff'")
    with pytest.raises(UsageError, match=r"camera.toml is not UTF-8"):
        load_settings(Path("camera.toml"), {})
    Path("camera.toml").write_bytes("\ufeffthreads = 2".encode())
    assert load_settings(Path("camera.toml"), {}).settings.threads == 2


def test_a_file_that_is_not_there_or_not_readable() -> None:
    with pytest.raises(UsageError, match=r"there is no nowhere.toml; write one with: mnist-edge camera --show-config"):
        load_settings(Path("nowhere.toml"), {})
    with pytest.raises(UsageError, match=r"cannot be read: Is a directory"):
        load_settings(Path("."), {})


def test_without_a_toml_parser_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    written("threads = 2")
    monkeypatch.setattr("sys.version_info", (3, 10, 0))
    monkeypatch.setitem(__import__("sys").modules, "tomli", None)
    with pytest.raises(PackageMissing, match=r"tomli is not installed.*install tomli"):
        load_settings(Path("camera.toml"), {})
    # Who has no file needs none.
    assert load_settings(None, {}).settings == Settings()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--rotate", "45"], "--rotate 45: choose 0, 90, 180 or 270"),
        (["--flip", "up"], "--flip up: choose none, horizontal, vertical or both"),
        (["--record-on", "never"], "--record-on never: choose always or demand"),
        (["--timeout", "nan"], "--timeout"),
        (["--max-frames", "0"], "--max-frames"),
        (["--soruce", "0"], "--source"),
        (["--config", "nowhere.toml"], "there is no nowhere.toml"),
    ],
)
def test_a_wrong_flag_is_one_line_and_exit_code_2(arguments: list[str], what: str) -> None:
    code, out, err = shown(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("error: ") and err.count("\n") == 1 and what in err
