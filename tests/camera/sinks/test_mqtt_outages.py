"""Brokers and networks that fail: nothing is lost that can be kept, and nobody is held up."""

import contextlib
import itertools
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mnist_edge.camera.sinks.mqtt import IN_FLIGHT, MqttSink
from mnist_edge.camera.view import View
from tests.camera.sinks.conftest import Listen, Listener, Start
from tests.camera.sinks.mqtt_events import LATE, event, seven, threads, tracks
from tests.helpers import PATIENCE_SECONDS, Broker, free_port, wait_until, with_broker

Views = Callable[..., View]
Log = pytest.LogCaptureFixture


@pytest.fixture
def persistent(start_broker: Start, tmp_path: Path) -> Broker:
    """A broker that remembers, over a restart, what its subscribers have not got yet."""
    return start_broker("persistence true", f"persistence_location {tmp_path}/")


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
    assert wait_until(lambda: listener.last("desk/camera/available") == "offline", "the last will")


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
