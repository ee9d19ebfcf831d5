"""The messages of MQTT discovery, by which Home Assistant adds the camera and its readings by itself."""

import hashlib
from typing import Any

from mnist_edge import __version__

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


def announcements(prefix: str) -> dict[str, dict[str, Any]]:
    """Return the retained messages of MQTT discovery by topic, one for each entity of the device named by a prefix."""
    # A topic of discovery may hold fewer characters than a prefix.
    node = f"mnist_edge_{hashlib.sha256(prefix.encode()).hexdigest()[:12]}"
    shared = {
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
    return {
        f"{DISCOVERY}/{kind}/{node}/{key}/config": {
            **more,
            "unique_id": f"{node}_{key}",
            "state_topic": f"{prefix}/{topic}",
            "value_template": f"{{{{ {value} }}}}",
            **shared,
        }
        for key, (kind, topic, value, more) in ENTITIES.items()
    }
