"""The messages of MQTT discovery, by which Home Assistant adds the camera and its readings by itself."""

import hashlib
from typing import Any

from mnist_edge import __version__
from mnist_edge.safe_text import to_json

DISCOVERY = "homeassistant"
# The longest state that Home Assistant keeps.
LONGEST_STATE = 255

# Key of the statistics -> name and unit of its sensor.
DIAGNOSTICS = {
    "capture_fps": ("Capture rate", "fps"),
    "reading_fps": ("Reading rate", "fps"),
    "read_ms": ("Reading time", "ms"),
    "latency_ms": ("Latency", "ms"),
    "dropped": ("Dropped frames", "frames"),
    "events_dropped": ("Dropped events", "events"),
}
TEXT = {"name": "Text", "icon": "mdi:text-recognition"}
COUNT = {"name": "Digits", "icon": "mdi:counter", "state_class": "measurement"}
CONNECTIVITY = {"name": "Camera", "device_class": "connectivity"}
DIAGNOSTIC = {"state_class": "measurement", "entity_category": "diagnostic"}
# Key -> kind of entity, topic below the prefix, template of its value, and further options of the entity.
ENTITIES: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "text": ("sensor", "reading", f"(value_json.text | join(' / '))[:{LONGEST_STATE}]", TEXT),
    "digits": ("sensor", "reading", "value_json.digits | count", COUNT),
    "camera": ("binary_sensor", "stats", "'OFF' if value_json.away else 'ON'", CONNECTIVITY),
} | {
    key: ("sensor", "stats", f"value_json.{key}", {"name": name, "unit_of_measurement": unit, **DIAGNOSTIC})
    for key, (name, unit) in DIAGNOSTICS.items()
}
# What people can change from there: key -> kind of entity, and its options.
COMMANDS: dict[str, tuple[str, dict[str, Any]]] = {
    "paused": ("switch", {
        "name": "Pause", "icon": "mdi:pause", "state_topic": "controls",
        "value_template": "{{ 'ON' if value_json.paused else 'OFF' }}", "state_on": "ON", "state_off": "OFF",
        "payload_on": '{"paused": true}', "payload_off": '{"paused": false}',
    }),
    "snapshot": ("button", {"name": "Snapshot", "icon": "mdi:camera", "payload_press": '{"snapshot": true}'}),
    "min_confidence": ("number", {
        "name": "Least confidence", "icon": "mdi:tune", "state_topic": "controls", "min": 0, "max": 1, "step": 0.05,
        "value_template": "{{ value_json.min_confidence }}",
        "command_template": '{"min_confidence": {{ value }} }',
    }),
}  # fmt: skip


def announcements(prefix: str, commands: bool = False) -> dict[str, dict[str, Any]]:
    """Return the retained messages of MQTT discovery by topic, one for each entity of the device named by a prefix.

    Args:
        prefix: Of the topics.
        commands: Whether commands are obeyed.
    """
    node, shared = _device(prefix)
    announced = {
        f"{DISCOVERY}/{kind}/{node}/{key}/config": {
            **more,
            "unique_id": f"{node}_{key}",
            "state_topic": f"{prefix}/{topic}",
            "value_template": f"{{{{ {value} }}}}",
            **shared,
        }
        for key, (kind, topic, value, more) in ENTITIES.items()
    }
    for key, (kind, more) in COMMANDS.items() if commands else ():
        filled = {name: f"{prefix}/{value}" if name == "state_topic" else value for name, value in more.items()}
        own = {"unique_id": f"{node}_{key}", "command_topic": f"{prefix}/set"}
        announced[f"{DISCOVERY}/{kind}/{node}/{key}/config"] = filled | own | shared
    return announced


def field_announcement(prefix: str, name: str) -> tuple[str, dict[str, Any]]:
    """Return topic and message for one field of a form, or one region: a sensor whose attributes tell its trust."""
    node, shared = _device(prefix)
    key = f"field_{hashlib.sha256(name.encode()).hexdigest()[:12]}"
    # JSON's text is one of Jinja, too.
    value = f"(value_json[{to_json(name)}] or {{}})"
    return f"{DISCOVERY}/sensor/{node}/{key}/config", {
        "name": name,
        "icon": "mdi:form-textbox",
        "unique_id": f"{node}_{key}",
        "state_topic": f"{prefix}/fields",
        "value_template": f"{{{{ ({value}.value or '')[:{LONGEST_STATE}] }}}}",
        "json_attributes_topic": f"{prefix}/fields",
        "json_attributes_template": f"{{{{ {value} | tojson }}}}",
        **shared,
    }


def _device(prefix: str) -> tuple[str, dict[str, Any]]:
    """Return the name of a device in topics of discovery, and what its entities share."""
    # A topic of discovery may hold fewer characters than a prefix.
    node = f"mnist_edge_{hashlib.sha256(prefix.encode()).hexdigest()[:12]}"
    return node, {
        "availability_topic": f"{prefix}/available",
        "device": {
            "identifiers": [node],
            "name": prefix.replace("/", " "),
            "manufacturer": "mnist-edge",
            "model": "Camera that reads digits",
            "sw_version": __version__,
        },
        "origin": {"name": "mnist-edge", "sw_version": __version__},
    }
