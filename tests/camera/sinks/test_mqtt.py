"""What a broker is told: against a real one, which comes late, refuses, restarts, hangs and goes."""

import contextlib
import itertools
import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from mnist_edge.camera.events import Event
from mnist_edge.camera.meter import Stats
from mnist_edge.camera.sinks.home_assistant import announcements
from mnist_edge.camera.sinks.mqtt import IN_FLIGHT, MqttSink
from mnist_edge.camera.view import View
from mnist_edge.errors import PackageMissing
from mnist_edge.reading import Box, Digit
from tests.helpers import PATIENCE_SECONDS, Broker, free_port, wait_until, with_broker

Views = Callable[..., View]
Log = pytest.LogCaptureFixture
LATE = "it did not take them in time"


def seven(track: int = 1, *, label: int = 7, x: int = 10, confidence: float = 0.98765) -> Digit:
    return Digit(label, confidence, Box(x, 20, 30, 40), track=track)


def event(number: int, digits: tuple[Digit, ...] = ()) -> Event:
    text = ("".join(str(digit.label) for digit in digits),) if digits else ()
    time = "2026-01-02T03:04:05.678+00:00"
    return Event(time, number, number / 25, "a camera", "appeared", seven(number), digits, text)


Start = Callable[..., Broker]


@pytest.fixture
def start_broker(tmp_path: Path) -> Iterator[Start]:
    """`start_broker(*lines of its configuration)`: a broker for the test."""
    brokers: list[Broker] = []

    def start(*options: str) -> Broker:
        brokers.append(Broker(tmp_path, *options))
        brokers[-1].start()
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.stop(signal.SIGKILL)


@pytest.fixture
def broker(start_broker: Start) -> Broker:
    """A plain broker."""
    return start_broker()


@pytest.fixture
def persistent(start_broker: Start, tmp_path: Path) -> Broker:
    """A broker that remembers, over a restart, what its subscribers have not got yet."""
    return start_broker("persistence true", f"persistence_location {tmp_path}/")


class Listener:
    """Collects all that is published; the broker keeps for it what it misses."""

    def __init__(self, broker: Broker, name: str = "listener", login: tuple[str, str] | None = None) -> None:
        self.messages: list[paho.MQTTMessage] = []
        self._ready = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2, name, clean_session=False)
        if login:
            self._client.username_pw_set(*login)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = lambda client, *_: client.subscribe("#", qos=1)
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.on_message = lambda client, data, message: self.messages.append(message)
        self._client.connect("127.0.0.1", broker.port)
        self._client.loop_start()
        assert self._ready.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def of(self, topic: str) -> list[Any]:
        """The contents of what came to a topic: JSON, or else text."""
        found = [message.payload.decode() for message in list(self.messages) if message.topic == topic]
        return [json.loads(content) if content.startswith("{") else content for content in found]

    def last(self, topic: str) -> Any:
        found = self.of(topic)
        return found[-1] if found else None


@pytest.fixture
def listen() -> Iterator[Callable[..., Listener]]:
    listeners: list[Listener] = []

    def listen(*args: Any, **more: Any) -> Listener:
        listeners.append(Listener(*args, **more))
        return listeners[-1]

    yield listen
    for listener in listeners:
        listener.close()


Listen = Callable[..., Listener]


@pytest.fixture
def listener(broker: Broker, listen: Listen) -> Listener:
    """Hears all that the plain broker gets."""
    return listen(broker)


def tracks(listener: Listener, topic: str = "desk/camera/events") -> list[int]:
    """The numbers of the events that came, each where it came first."""
    return list(dict.fromkeys(document["track"] for document in listener.of(topic)))


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("events for the MQTT broker")]


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
def test_a_restarted_broker_misses_nothing(persistent: Broker, listen: Listen, caplog: Log) -> None:
    listener = listen(persistent)
    with MqttSink(persistent.url()) as sink:
        for number in range(1, 301):
            sink.write([event(number)])
            if number == 100:
                wait_until(lambda: tracks(listener), "the first events")
                persistent.stop()
            if number == 200:
                wait_until(lambda: caplog.messages, "the note")
                persistent.start()
            time.sleep(0.001)
        wait_until(lambda: len(tracks(listener)) == 300, "all events")
        assert tracks(listener) == list(range(1, 301))
        wait_until(lambda: len(caplog.messages) == 2, "the second note")
    assert re.fullmatch(
        rf"the MQTT broker 127.0.0.1:{persistent.port} is away \(.+\); reading goes on .+", caplog.messages[0]
    )
    assert caplog.messages[1] == f"the MQTT broker 127.0.0.1:{persistent.port} is back; 0 events were dropped meanwhile"


@with_broker
def test_a_broker_that_forgot_everything_gets_all_again(broker: Broker, listener: Listener, view: Views) -> None:
    with MqttSink(broker.url(), discovery=True) as sink:
        sink.show(view(digits=(seven(),)))
        wait_until(lambda: (listener.last("desk/camera/reading") or {}).get("text") == ["7"], "the reading")
        broker.stop(signal.SIGKILL)
        listener.messages.clear()
        broker.start()
        wait_until(lambda: len({message.topic for message in listener.messages}) == 12, "all that is retained")
        assert listener.last("desk/camera/available") == "online"
        assert listener.last("desk/camera/reading")["text"] == ["7"]


@with_broker
def test_a_late_broker_gets_the_newest_events(persistent: Broker, listen: Listen, view: Views, caplog: Log) -> None:
    listener = listen(persistent)
    persistent.stop()
    with MqttSink(persistent.url()) as sink:
        for number in range(1, 1101):
            sink.write([event(number)])
        sink.show(view())
        wait_until(lambda: caplog.messages, "the note")
        assert sink.lost == 100
        persistent.start()
        wait_until(lambda: len(tracks(listener)) == 1000, "the newest events")
        assert tracks(listener) == list(range(101, 1101))
        wait_until(lambda: listener.of("desk/camera/stats"), "the stats")
        assert listener.last("desk/camera/stats")["events_dropped"] == 100
        assert len(caplog.messages) == 2
    assert caplog.messages[2:] == [f"events for the MQTT broker 127.0.0.1:{persistent.port} lost: 100; {LATE}"]


@with_broker
def test_a_broker_that_hangs_holds_nobody_up(broker: Broker, listener: Listener, view: Views) -> None:
    with MqttSink(broker.url()) as sink:
        sink.write([event(1)])
        wait_until(lambda: tracks(listener) == [1], "the first event")
        broker.send(signal.SIGSTOP)
        began = time.monotonic()
        for number in range(2, 3002):
            sink.write([event(number)])
            sink.show(view(digits=(seven(number),)))
        assert time.monotonic() - began < 10
        broker.send(signal.SIGCONT)
        wait_until(lambda: tracks(listener)[-1] == 3001, "the newest event")
        wait_until(lambda: listener.last("desk/camera/reading")["digits"][0]["track"] == 3001, "the newest reading")
        assert len(tracks(listener)) == 3001 - sink.lost
        # Of the readings meanwhile, hardly any was worth sending.
        assert len(listener.of("desk/camera/reading")) < 100


class Relay:
    """Stands between a client and a broker, and can keep the broker's answers from the client."""

    def __init__(self, broker: Broker) -> None:
        self.deaf = False
        self._broker = broker
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._pairs: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            broker = socket.create_connection(("127.0.0.1", self._broker.port))
            self._pairs += [client, broker]
            threading.Thread(target=self._pass, args=(client, broker, False), daemon=True).start()
            threading.Thread(target=self._pass, args=(broker, client, True), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, answers: bool) -> None:
        try:
            while data := source.recv(4096):
                if not (answers and self.deaf):
                    target.sendall(data)
        except OSError:
            pass

    def cut(self) -> None:
        for end in self._pairs:
            # Closing alone does not wake the thread that reads.
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._pairs.clear()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()


@pytest.fixture
def relay(broker: Broker) -> Iterator[Relay]:
    relay = Relay(broker)
    yield relay
    relay.close()


@with_broker
def test_what_was_not_acknowledged_is_sent_again_in_order(listener: Listener, relay: Relay) -> None:
    with MqttSink(f"mqtt://127.0.0.1:{relay.port}/desk/camera") as sink:
        sink.write([event(1)])
        wait_until(lambda: tracks(listener) == [1] and not sink.waiting, "the first event")
        relay.deaf = True
        sink.write([event(number) for number in range(2, 102)])
        wait_until(lambda: len(tracks(listener)) == IN_FLIGHT + 1, "those that may go without an answer")
        relay.deaf = False
        relay.cut()
        wait_until(lambda: len(tracks(listener)) == 101, "all events")
    received = [document["track"] for document in listener.of("desk/camera/events")]
    assert received == [1, *range(2, 2 + IN_FLIGHT), *range(2, 102)]


@pytest.mark.slow
@with_broker
def test_a_network_that_swallows_everything_is_noticed(
    listener: Listener, relay: Relay, monkeypatch: pytest.MonkeyPatch, caplog: Log
) -> None:
    monkeypatch.setattr("mnist_edge.camera.sinks.mqtt_connection.KEEPALIVE_SECONDS", 2)
    with MqttSink(f"mqtt://127.0.0.1:{relay.port}/desk/camera") as sink:
        wait_until(lambda: listener.last("desk/camera/available") == "online", "the connection")
        relay.deaf = True
        sink.write([event(number) for number in range(1, 101)])
        wait_until(lambda: caplog.messages, "the note")
        relay.deaf = False
        wait_until(lambda: not sink.waiting, "the acknowledgements")
        wait_until(lambda: len(tracks(listener)) == 100, "all events")
        assert tracks(listener) == list(range(1, 101))


@with_broker
def test_a_killed_program_is_offline(broker: Broker, listener: Listener) -> None:
    program = f"""
import time
from mnist_edge.camera.sinks.home_assistant import announcements
from mnist_edge.camera.sinks.mqtt import MqttSink
with MqttSink({broker.url()!r}):
    time.sleep(600)
"""
    process = subprocess.Popen([sys.executable, "-c", program])
    try:
        wait_until(lambda: listener.last("desk/camera/available") == "online", "the program")
    finally:
        process.kill()
        process.wait()
    wait_until(lambda: listener.last("desk/camera/available") == "offline", "the last will")


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


@pytest.mark.parametrize("host", ["127.0.0.1", "no-such-host.invalid"])
def test_nobody_there_is_one_note_and_costs_nothing(host: str, view: Views, caplog: Log) -> None:
    with MqttSink(f"mqtt://{host}:{free_port()}/desk") as sink:
        wait_until(lambda: caplog.messages, "the note")
        began = time.monotonic()
        for number in range(500):
            sink.write([event(number)])
            sink.show(view())
        assert time.monotonic() - began < 5
        began = time.monotonic()
    assert time.monotonic() - began < 10
    away, lost = caplog.messages
    assert host in away and lost.endswith(f" lost: 500; {LATE}")
    wait_until(lambda: not threads(), "the thread to end")


def test_it_is_tried_again_and_again_but_ever_less_often(monkeypatch: pytest.MonkeyPatch, caplog: Log) -> None:
    monkeypatch.setattr("mnist_edge.camera.sinks.mqtt.FIRST_DELAY_SECONDS", 0.1)
    monkeypatch.setattr("mnist_edge.camera.sinks.mqtt.LAST_DELAY_SECONDS", 0.4)
    attempts: list[float] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(PATIENCE_SECONDS)
        with MqttSink(f"mqtt://127.0.0.1:{server.getsockname()[1]}"):
            for _ in range(6):
                caller, _ = server.accept()
                attempts.append(time.monotonic())
                caller.close()
    waits = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert all(wait > least for wait, least in zip(waits, (0.05, 0.15, 0.35, 0.35, 0.35), strict=True))
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
