"""Commands and fields over a real broker; and what a hostile one sends to who subscribes."""

import itertools
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from mnist_edge.camera.controls import Controls
from mnist_edge.camera.regions import parse_regions
from mnist_edge.camera.rows import Row, Value
from mnist_edge.camera.run_camera import run_camera
from mnist_edge.camera.settings import Settings
from mnist_edge.camera.sinks.home_assistant import COMMANDS, announcements, field_announcement
from mnist_edge.camera.sinks.mqtt import MqttSink
from mnist_edge.camera.sinks.mqtt_commands import MAX_COMPLAINTS
from mnist_edge.camera.view import View
from tests.camera.sinks.conftest import Listener
from tests.helpers import Broker, wait_until, with_broker

Views = Callable[..., View]
Log = pytest.LogCaptureFixture
SET, CONTROLS, FIELDS = (f"desk/camera/{name}" for name in ("set", "controls", "fields"))


@pytest.fixture
def publish(broker: Broker) -> Iterator[Callable[..., None]]:
    """`publish(content, topic=..., retain=False, qos=0)`: what another client says."""
    client = paho.Client(CallbackAPIVersion.VERSION2, "another")
    client.connect("127.0.0.1", broker.port)
    client.loop_start()

    def send(content: Any, topic: str = SET, **how: Any) -> None:
        content = content if isinstance(content, bytes | str) else json.dumps(content)
        client.publish(topic, content, **how).wait_for_publish(60)

    yield send
    client.disconnect()
    client.loop_stop()


def row(**values: Value) -> Row:
    return Row("2026-01-02T03:04:05.678+00:00", 1, 0.04, "a camera", "page", "marks", values)


@with_broker
def test_a_command_pauses_snaps_and_sets_the_threshold(
    broker: Broker, listener: Listener, publish: Callable[..., None], view: Views, caplog: Log
) -> None:
    controls = Controls(0.5)
    with MqttSink(broker.url(), commands=controls) as sink:
        wait_until(lambda: listener.last(CONTROLS) is not None, "the state")
        assert listener.last(CONTROLS) == {"paused": False, "recording": False, "details": False, "min_confidence": 0.5}
        publish({"paused": True, "min_confidence": 0.75}, qos=2)
        wait_until(lambda: (controls.paused, controls.min_confidence) == (True, 0.75), "the change")
        wait_until(lambda: listener.last(CONTROLS)["min_confidence"] == 0.75, "its state")
        publish({"snapshot": True})
        wait_until(lambda: controls.snapshot, "the snapshot")
        # What others change is published as well.
        controls.paused = False
        sink.show(view())
        wait_until(lambda: listener.last(CONTROLS)["paused"] is False, "what the page changed")
    assert caplog.messages == []


@with_broker
def test_wrong_commands_are_a_line_each_and_change_nothing(
    broker: Broker, listener: Listener, publish: Callable[..., None], caplog: Log
) -> None:
    wrong = {
        "pause": "no JSON", '["paused"]': "JSON object", '{"pause": true}': "known are paused", b"\xff\xfe{": "no JSON",
        '{"paused": 1}': "paused must be", '{"min_confidence": NaN}': "no JSON", "": "no JSON",
        '{"min_confidence": 2, "paused": true}': "min_confidence must be", "[" * 1900: "no JSON",
        '{"correct": {"track": 1, "label": 2}}': "correct is for the web page",
    }  # fmt: skip
    controls = Controls(0.5)
    publish({"paused": True}, retain=True)
    with MqttSink(broker.url(), commands=controls):
        wait_until(lambda: len(caplog.messages) == 1, "the retained one")
        assert "was retained" in caplog.messages[0]
        for number, (content, said) in enumerate(wrong.items(), 2):
            publish(content)
            wait_until(lambda n=number: len(caplog.messages) == n, said)  # type: ignore[misc]
            line = caplog.messages[-1]
            assert line.startswith(f"a command to {SET} is refused: ") and said in line and len(line.splitlines()) == 1
        for _ in range(3 * MAX_COMPLAINTS):
            publish("no")
        publish({"min_confidence": 0.25})
        wait_until(lambda: controls.min_confidence == 0.25, "the command behind them")
    assert len(caplog.messages) == MAX_COMPLAINTS, "no more than some a minute"
    assert not (controls.paused or controls.snapshot)


@with_broker
def test_nothing_is_obeyed_unasked(broker: Broker, listener: Listener, publish: Callable[..., None]) -> None:
    with MqttSink(broker.url(), discovery=True):
        wait_until(lambda: listener.last("desk/camera/available") == "online")
        publish({"paused": True})
        wait_until(lambda: listener.of(SET))
    assert listener.of(CONTROLS) == []
    assert not any(kind in topic for topic in announcements("desk/camera") for kind in ("switch", "button", "number"))


@with_broker
def test_fields_are_entities_with_their_newest_values(
    broker: Broker, listener: Listener, publish: Callable[..., None], view: Views
) -> None:
    controls = Controls(0.5, regions=parse_regions("meter=1,2,30,40;gas=50,2,30,40"))

    def names() -> list[str]:
        return ["total", *(region.name for region in controls.regions)]

    with MqttSink(broker.url(), discovery=True, commands=controls, fields=names) as sink:
        topics = {name: field_announcement("desk/camera", name)[0] for name in (*names(), "new")}
        wait_until(lambda: all(listener.last(topics[name]) for name in names()), "the entities")
        for key, (kind, _) in COMMANDS.items():
            found = [topic for topic in announcements("desk/camera", True) if topic.endswith(f"/{key}/config")]
            assert f"/{kind}/" in found[0] and listener.last(found[0])["command_topic"] == SET
        assert listener.of(FIELDS) == []
        sink.write([row(total=Value("70", 0.98123)), row(meter=Value("", 0.4, "review"))])
        time = "2026-01-02T03:04:05.678+00:00"
        wait_until(lambda: len(listener.last(FIELDS) or {}) == 2, "the values")
        assert listener.last(FIELDS) == {
            "total": {"value": "70", "trust": 0.9812, "outcome": "read", "time": time},
            "meter": {"value": "", "trust": 0.4, "outcome": "review", "time": time},
        }
        # A region is drawn, and another one taken away.
        controls.regions = parse_regions("meter=1,2,30,40;new=5,2,3,4")
        sink.show(view())
        wait_until(lambda: listener.last(topics["new"]), "the new one")
        assert listener.last(topics["gas"]) == ""


def test_home_assistants_templates_give_the_value_whatever_the_name() -> None:
    jinja = pytest.importorskip("jinja2")
    for name in ("total", 'a "b" \\ {{ c }}', "\N{SNOWMAN} 7", "x'y"):
        _, document = field_announcement("desk", name)
        render = jinja.Environment(autoescape=False).from_string
        known = {name: {"value": "7" * 300, "trust": 0.9}}
        assert render(document["value_template"]).render(value_json=known) == "7" * 255
        assert render(document["value_template"]).render(value_json={}) == ""
        attributes = json.loads(render(document["json_attributes_template"]).render(value_json=known))
        assert attributes == known[name]
    template = COMMANDS["min_confidence"][1]["command_template"]
    assert json.loads(jinja.Environment().from_string(template).render(value=0.75)) == {"min_confidence": 0.75}


@pytest.mark.slow
@with_broker
def test_a_running_camera_obeys_and_ends(
    broker: Broker, listener: Listener, publish: Callable[..., None], tmp_path: Any
) -> None:
    snapshots = tmp_path / "kept"
    more: dict[str, Any] = {"window": False, "snapshots": str(snapshots), "max_frames": 200}
    publish({"paused": True}, retain=True)

    def ask() -> None:
        wait_until(lambda: listener.last(CONTROLS) is not None, "the camera")
        publish({"snapshot": True})

    asking = threading.Thread(target=ask)
    asking.start()
    # Signals are for the main thread, and so is the camera.
    run_camera(Settings(source="fake", mqtt=broker.url(), mqtt_commands=True, **more))
    asking.join()
    assert len(list(snapshots.glob("*.jpg"))) == 1


CONNACK, SUBACK = b"\x20\x02\x00\x00", b"\x90\x03\x00\x01\x00"


@pytest.mark.parametrize(
    "flood",
    [
        pytest.param(
            itertools.chain([b"\x30\x80\x80\x80\x20\x00\x01t"], itertools.repeat(bytes(1 << 20), 63)), id="large"
        ),
        pytest.param(itertools.repeat(b"\x34\x09\x00\x01t\x00\x01hell", 100_000), id="QoS 2"),
        pytest.param(itertools.repeat(b"\x30\x03\x00\x01t", 100_000), id="another topic"),
        pytest.param(itertools.repeat(b"\x30\x01\x00", 100_000), id="cut short"),
        pytest.param(itertools.repeat(b"\x30\x03\x00\x01\xff", 100_000), id="no text"),
        pytest.param(itertools.repeat(b"\x30\xff\xff\xff\xff\xff", 100_000), id="endless length"),
        pytest.param(itertools.repeat(b"\x30\x03\x00\x00\x00", 100_000), id="no topic"),
    ],
)
def test_a_broker_that_floods_a_subscriber_is_left(flood: Iterator[bytes], caplog: Log) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"mqtt://127.0.0.1:{server.getsockname()[1]}/desk"
        with MqttSink(url, commands=Controls(0.5)):
            connection, _ = server.accept()
            with connection:
                connection.settimeout(60)
                connection.recv(4096)
                with pytest.raises(ConnectionError):
                    connection.sendall(CONNACK + SUBACK)
                    for piece in flood:
                        connection.sendall(piece)
                        time.sleep(1e-5)
            wait_until(lambda: caplog.messages, "the note")
    assert "is away (" in caplog.messages[0] and len(caplog.messages[0].splitlines()) == 1
