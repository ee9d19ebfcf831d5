"""What a broker hears: events, readings, availability, and what Home Assistant is told."""

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from mnist_edge.camera.meter import Stats
from mnist_edge.camera.sinks.home_assistant import announcements
from mnist_edge.camera.sinks.mqtt import MqttSink
from mnist_edge.camera.view import View
from mnist_edge.errors import PackageMissing
from tests.camera.sinks.conftest import Listen, Listener, Start
from tests.camera.sinks.mqtt_events import LATE, event, seven, threads, tracks
from tests.helpers import Broker, wait_until, with_broker

Views = Callable[..., View]
Log = pytest.LogCaptureFixture


@with_broker
def test_a_broker_hears_all_there_is_to_hear_at_once(
    broker: Broker, listener: Listener, view: Views, monkeypatch: pytest.MonkeyPatch, caplog: Log
) -> None:
    # Nothing may wait for the next look at a quiet connection.
    monkeypatch.setattr("mnist_edge.camera.sinks.mqtt.TURN_SECONDS", 300.0)
    happened = [event(number, (seven(number),)) for number in range(1, 31)]
    with MqttSink(broker.url()) as sink:
        sink.write(happened[:10])
        wait_until(lambda: len(listener.of("desk/camera/events")) == 10 and not sink.waiting, "the first events")
        sink.write(happened[10:])
        sink.show(view(digits=(seven(30),), stats=Stats(frames=12, reading_fps=24.5)))
        wait_until(lambda: len(listener.of("desk/camera/events")) == 30, "the events")
        wait_until(lambda: listener.of("desk/camera/stats"), "the stats")
        assert listener.last("desk/camera/available") == "online"
    assert caplog.messages == [] and threads() == []
    wait_until(lambda: listener.last("desk/camera/available") == "offline", "the end")
    assert listener.of("desk/camera/events") == [one.to_json() for one in happened]
    assert listener.last("desk/camera/reading") == {
        "time": happened[-1].time,
        "text": ["7"],
        "digits": [{"track": 30, "label": 7, "confidence": 0.9877, "box": [10, 20, 30, 40]}],
    }
    stats = listener.last("desk/camera/stats")
    assert (stats["frames"], stats["reading_fps"], stats["away"], stats["events_dropped"]) == (12, 24.5, "", 0)


@with_broker
def test_who_comes_late_knows_the_state_and_not_the_past(broker: Broker, listen: Listen, view: Views) -> None:
    with MqttSink(broker.url()) as sink:
        first = listen(broker)
        sink.write([event(1, (seven(1),))])
        sink.show(view(digits=(seven(1),)))
        wait_until(lambda: first.of("desk/camera/stats") and not sink.waiting, "all messages")
        second = listen(broker, name="second")
        wait_until(lambda: len(second.messages) == 3, "what is retained")
    third = listen(broker, name="third")
    wait_until(lambda: len(third.messages) == 3, "what is retained")
    for late, available in ((second, "online"), (third, "offline")):
        kept = {message.topic: message.payload for message in late.messages[:3] if message.retain}
        assert set(kept) == {f"desk/camera/{name}" for name in ("available", "reading", "stats")}
        assert kept["desk/camera/available"] == available.encode()


@with_broker
def test_only_a_changed_reading_is_published(broker: Broker, listener: Listener, view: Views) -> None:

    def published() -> list[list[str]]:
        return [document["text"] for document in listener.of("desk/camera/reading")]

    with MqttSink(broker.url()) as sink:
        wait_until(lambda: published() == [[]], "the empty reading")
        for number in range(50):
            sink.show(view(number=number, digits=(seven(x=10 + number % 3, confidence=0.9 + number / 1000),)))
            time.sleep(0.002)
        wait_until(lambda: published() == [[], ["7"]], "the first reading")
        sink.show(view(digits=(seven(label=1),)))
        wait_until(lambda: published() == [[], ["7"], ["1"]], "the second reading")
        sink.show(view(digits=(seven(label=1), seven(2))))
    wait_until(lambda: listener.last("desk/camera/available") == "offline", "the end")
    assert published() == [[], ["7"], ["1"], ["17"]]


@with_broker
def test_a_lost_camera_is_published_at_once(broker: Broker, listener: Listener, view: Views) -> None:
    with MqttSink(broker.url()) as sink:
        for outage in ("", "camera 0 is gone", ""):
            sink.show(view(outage=outage))
            wait_until(lambda text=outage: (listener.last("desk/camera/stats") or {}).get("away") == text, outage)  # type: ignore[misc]
    assert [document["away"] for document in listener.of("desk/camera/stats")] == ["", "camera 0 is gone", ""]


@with_broker
def test_a_wrong_password_is_one_note_and_the_right_one_none(
    start_broker: Start, listen: Listen, tmp_path: Path, caplog: Log
) -> None:
    passwords = tmp_path / "passwords"
    subprocess.run(["mosquitto_passwd", "-b", "-c", str(passwords), "ann", "s3cr@t/"], check=True, capture_output=True)
    broker = start_broker(f"password_file {passwords}")
    listener = listen(broker, login=("ann", "s3cr@t/"))
    with MqttSink(broker.url("wrong", "ann:other@")) as sink:
        wait_until(lambda: caplog.messages, "the note")
        sink.write([event(1)])
        time.sleep(1.5)
    away, lost = caplog.messages
    assert "Not authorized" in away and "other" not in away
    assert lost.endswith(f" lost: 1; {LATE}")
    with MqttSink(broker.url("right", "ann:s3cr%40t%2F@")) as sink:
        sink.write([event(1)])
    wait_until(lambda: tracks(listener, "right/events") == [1], "the event")
    assert len(caplog.messages) == 2 and not listener.of("wrong/events")


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    """Of 127.0.0.1, signed by itself; and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    own, key = tmp_path / "own.pem", tmp_path / "key.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(own)], check=True, capture_output=True)
    return own, key


@with_broker
def test_encryption_trusts_the_systems_authorities_only(
    start_broker: Start, certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch, view: Views, caplog: Log
) -> None:
    own, key = certificate
    broker = start_broker(f"certfile {own}", f"keyfile {key}")
    url = broker.url().replace("mqtt:", "mqtts:")
    with MqttSink(url) as sink:
        wait_until(lambda: caplog.messages, "the note")
    assert "certificate verify failed" in caplog.messages[0]
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    with MqttSink(url) as sink:
        sink.write([event(number) for number in range(1, 501)])
        sink.show(view())
        wait_until(lambda: not sink.waiting, "the acknowledgements")
    assert len(caplog.messages) == 1


@with_broker
def test_home_assistant_finds_what_is_published(broker: Broker, listener: Listener, view: Views) -> None:
    with MqttSink(broker.url("büro/desk 1"), discovery=True) as sink:
        sink.show(view(digits=(seven(),)))
        wait_until(lambda: listener.of("büro/desk 1/stats"), "the stats")
    configs = {
        message.topic: json.loads(message.payload) for message in listener.messages if "homeassistant" in message.topic
    }
    kinds = [topic.split("/")[1] for topic in configs]
    assert (kinds.count("sensor"), kinds.count("binary_sensor")) == (8, 1)
    assert len({config["unique_id"] for config in configs.values()}) == 9
    assert len({json.dumps(config["device"]) for config in configs.values()}) == 1
    for topic, config in configs.items():
        assert re.fullmatch(r"homeassistant/(binary_)?sensor/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+/config", topic)
        assert config["availability_topic"] == "büro/desk 1/available"
        (key,) = re.findall(r"value_json\.(\w+)", config["value_template"])
        assert key in listener.last(config["state_topic"])
        assert config["origin"]["name"] == "mnist-edge" and config["device"]["identifiers"]


def test_another_prefix_is_another_device() -> None:
    assert not set(announcements("desk")) & set(announcements("door"))


def test_without_paho_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.split(".")[0] == "paho"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(PackageMissing, match="install paho-mqtt"):
        MqttSink("mqtt://pi.local")
