"""The address of a broker: what a URL means, and that no message shows a password."""

import pytest

from mnist_edge.camera.sinks.mqtt_address import parse_address
from mnist_edge.errors import UsageError


def test_an_address_has_sensible_defaults() -> None:
    plain, full = parse_address("mqtt://pi.local"), parse_address("mqtts://ann:p%40ss@[::1]:1234/a%20b/c/")
    assert (plain.host, plain.port, plain.tls, plain.user, plain.prefix) == ("pi.local", 1883, False, "", "mnist-edge")
    assert (full.host, full.port, full.tls, full.user, full.password) == ("::1", 1234, True, "ann", "p@ss")
    assert full.prefix == "a b/c" and parse_address("mqtts://pi.local").port == 8883


@pytest.mark.parametrize(
    "url",
    [
        "",
        "S3CRET",
        "pi.local/S3CRET",
        "http://ann:S3CRET@pi.local",
        "mqtt://ann:S3CRET@",
        "mqtt://ann:S3CRET@pi.local:port",
        "mqtt://ann:S3CRET@pi.local:0",
        "mqtt://ann:S3CRET@pi.local:70000",
        "mqtt://ann:S3CRET/x@pi.local",
        "mqtt://ann:12/S3CRET@pi.local",
        "mqtt://ann:S3CRET#x@pi.local",
        "mqtt://ann:S3CRET?x@pi.local",
        "mqtt://:S3CRET@pi.local",
        "mqtt://ann:S3CRET@[::1",
        "mqtt://ann:S3CRET@pi..local",
        f"mqtt://ann:S3CRET@{'x' * 100}.local",
        "mqtt://ann:S3CRET@pi.local/a/+/b",
        "mqtt://ann:S3CRET@pi.local/a/#",
        "mqtt://ann:S3CRET@pi.local/a/%23",
        "mqtt://ann:S3CRET@pi.local/$SYS",
        "mqtt://ann:S3CRET@pi.local/a%00b",
        "mqtt://ann:S3CRET@pi.local/a\nb",
        f"mqtt://ann:S3CRET@pi.local/{'x' * 100_000}",
        f"mqtt://ann:S3CRET@pi.local/{'a/' * 300}b",
    ],
)
def test_a_wrong_address_is_refused_without_showing_the_password(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_address(url)
    message = str(caught.value)
    assert "S3CRET" not in message and len(message) < 1000 and "MQTT" in message


def test_the_password_is_not_shown_elsewhere() -> None:
    address = parse_address("mqtt://ann:S3CRET@pi.local")
    assert "S3CRET" not in repr(address) + str(address)
