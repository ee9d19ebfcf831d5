"""Text that leaves the process."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnist_edge.safe_text import mask, mask_all, printable, quoted, to_json

# What is secret has an s and a 3 in it.
ADDRESSES = {
    "rtsp://camera/1": "rtsp://camera/1",
    "rtsp://me:s3c@camera/1": "rtsp://***@camera/1",
    "rtsp://s3c@camera:554/1": "rtsp://***@camera:554/1",
    "rtsp://u:s3c/ret@camera/1": "rtsp://***@camera/1",
    "rtsp://u:s3@c/r/t@camera/1": "rtsp://***@camera/1",
    "rtsp://u:s3&c=@camera/1": "rtsp://***@camera/1",
    "rtsp://u:s3&c/=r@camera/1": "rtsp://***",
    "rtsp://u:s3c?ret@camera/1": "rtsp://***",
    "http://camera/v?user=me&pwd=s3@c": "http://***",
    "http://u:s3c@camera/v?pwd=s3@c": "http://***",
    "http://camera;pwd=s3c": "http://camera;***",
    "rtsp://u:s3 c@camera/1": "rtsp://***@camera/1",
    "http://[::1]:80/v.cgi?user=s3&pwd=s3c": "http://[::1]:80/v.cgi?***",
    "http://camera/#s3c": "http://camera/#***",
    "rtsp://camera/user=s3&password=s3c.sdp": "rtsp://camera/user=***",
    "mqtt://u:s3c@broker/home/desk": "mqtt://***@broker/home/desk",
    "HTTP://u:s3c@CAMERA": "HTTP://***@CAMERA",
    "a folder/page.png": "a folder/page.png",
    "0": "0",
}


@pytest.mark.parametrize(("address", "seen"), ADDRESSES.items())
def test_an_address_is_seen_without_what_may_be_secret(address: str, seen: str) -> None:
    assert mask(address) == seen
    assert mask(seen) == seen


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_password_is_seen_whatever_it_is_made_of(user: str, password: str) -> None:
    assert mask(f"rtsp://{user}:{password}@camera/1") in ("rtsp://***@camera/1", "rtsp://***")
    assert mask(f"http://camera/v?user={user}&pwd={password}") in ("http://camera/v?***", "http://***")


def test_every_address_in_a_text_is_masked() -> None:
    text = "from (http://a/v?pwd=s3c) and rtsp://u:s3c/ret@b/1 to mqtt://u:s3c@c; see docs/web.md"
    assert mask_all(text) == "from (http://a/v?***) and rtsp://***@b/1 to mqtt://***@c; see docs/web.md"
    assert mask_all(mask_all(text)) == mask_all(text)
    assert mask_all("x" * 1_000_000) == "x" * 1_000_000


@pytest.mark.parametrize("character", [*map(chr, range(32)), "\x7f", "\x9b", "\u2028", "\u202e", "\ud800", "\udcff"])
def test_nothing_steers_a_terminal_or_breaks_an_encoding(character: str) -> None:
    name = f"page {character}[31m ünïcode 七.png"
    for text in (printable(name), to_json({"name": name})):
        text.encode()
        assert character not in text and "ünïcode 七" in text
    assert json.loads(to_json({character: [name]})) == {character: [name]}


def test_a_name_that_is_not_utf8_is_read_back_by_programs(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.png")
    assert printable(name) == r"caf\udce9.png"
    assert os.fsencode(json.loads(to_json(name).encode())) == b"caf\xe9.png"


def nested(depth: int) -> object:
    return [nested(depth - 1)] if depth else "x" * 5000


@pytest.mark.parametrize("value", ["a" * 20_000, [1] * 10_000, {"k" * 900: "v"}, nested(900), 10**4000, b"\x00" * 9000])
def test_a_message_quotes_no_value_at_length(value: object) -> None:
    assert len(quoted(value)) <= 70
    assert quoted(7) == "7" and quoted("temp") == "'temp'"
