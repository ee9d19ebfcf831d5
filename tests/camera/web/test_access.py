"""Who may see and change what: tokens, a limit on guessing them, and other sites."""

from typing import Any

import pytest

from mnist_edge.camera.web.access import client_name
from mnist_edge.errors import UsageError

PATHS = ("/", "/api/status", "/api/reading", "/api/events", "/stream.mjpg", "/snapshot.jpg", "/metrics", "/nothing")


def test_on_this_computer_nothing_is_asked_for(serve: Any, view: Any) -> None:
    served = serve()
    served.web.show(view())
    assert served.web.token is None
    assert served.notes == [f"web page at {served.web.url}"]
    answer = served.ask("/")
    assert answer.status == 200
    assert answer.headers["Set-Cookie"] is None
    assert b"<title>mnist-edge camera</title>" in answer.body
    assert served.ask("/nothing").status == 404


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1234", "127.0.0.1", "127.9.9.9:80", "[::1]:8000", "[::1]"])
def test_names_of_this_computer(serve: Any, host: str) -> None:
    assert serve().ask("/api/status", Host=host).status == 200


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "127.0.0.1.evil.example", "10.0.0.1", "", "::"])
def test_other_names_are_refused_against_rebinding(serve: Any, host: str) -> None:
    served = serve()
    for path in PATHS:
        assert served.ask(path, Host=host).status in (400, 403)


def test_a_token_is_made_up_beyond_this_computer(serve: Any, view: Any) -> None:
    served = serve("0.0.0.0:0")
    served.web.show(view())
    assert len(served.web.token) > 20
    (note,) = served.notes
    assert note == f"web page at {served.web.url}/?token={served.web.token}"
    for path in PATHS:
        assert served.ask(path).status == 401
        assert served.ask(f"{path}?token=wrong").status == 401
        assert served.ask(path, Authorization="Bearer wrong").status == 401
    assert served.change({"paused": True}).status == 401
    assert served.ask("/api/read", b"x" * 300_000, Content_Type="image/png").status == 401
    assert not served.controls.paused
    assert served.read == []
    assert served.ask("/healthz").status == 200
    assert served.ask(f"/api/status?token={served.web.token}").status == 200
    assert served.ask("/api/status", Authorization=f"Bearer {served.web.token}").status == 200
    assert served.change({"paused": True}, Authorization=f"bearer {served.web.token}").status == 200
    assert served.controls.paused
    assert serve("0.0.0.0:0").web.token != served.web.token


def test_a_given_token_is_asked_for_everywhere_and_not_told(serve: Any) -> None:
    served = serve(token="sesame öffne")
    assert "sesame" not in served.notes[0]
    assert served.ask("/api/status").status == 401
    assert served.ask("/api/status?token=sesame+%C3%B6ffne").status == 200
    assert served.ask("/api/status?token=sesame").status == 401
    assert served.ask("/api/status?token=%ff").status == 400


def test_the_pages_cookie_is_enough_and_cannot_be_read_or_used_elsewhere(serve: Any) -> None:
    served = serve(token="sesame")
    answer = served.ask("/?token=sesame")
    name, _, rest = answer.headers["Set-Cookie"].partition("=")
    value = rest.split(";")[0]
    flags = {flag.strip().lower() for flag in rest.split(";")[1:]}
    assert {"httponly", "samesite=strict", "path=/"} <= flags
    assert name == f"mnist-edge-{served.port}"
    assert "sesame" not in value
    assert served.ask("/api/status", Cookie=f"{name}={value}").status == 200
    assert served.ask("/api/status", Cookie=f"{name}={value}0").status == 401
    assert served.ask("/api/status", Cookie=f"{name}=sesame").status == 401
    assert served.ask(f"/api/status?token={value}").status == 401


def test_short_tokens_are_for_this_computer_only(serve: Any) -> None:
    assert serve(token="1234").ask("/api/status?token=1234").status == 200
    with pytest.raises(UsageError, match="4 characters can be guessed; give 8 or more, or leave out --token"):
        serve("0.0.0.0:0", token="1234")
    assert serve("0.0.0.0:0", token="12345678").ask("/api/status?token=12345678").status == 200


def test_an_empty_token_is_none(serve: Any) -> None:
    with pytest.raises(UsageError, match="the token is empty"):
        serve(token=" ")


@pytest.mark.parametrize("shown", ["query", "bearer", "cookie"])
def test_guessing_takes_its_time_and_is_noted_once(serve: Any, shown: str) -> None:
    served = serve(token="0777")

    def guess(token: str) -> int:
        if shown == "query":
            return int(served.ask(f"/api/status?token={token}").status)
        header = (
            {"Authorization": f"Bearer {token}"}
            if shown == "bearer"
            else {"Cookie": f"mnist-edge-{served.port}={token}"}
        )
        return int(served.ask("/api/status", **header).status)

    said = [guess(f"{number:04}") for number in range(100)]
    assert said.index(429) >= 10
    assert set(said[said.index(429) :]) <= {429, 401}
    assert said.count(401) < 40
    # A wrong and the right one are not told apart now.
    assert guess("0777") == guess("0778") == 429
    assert "this computer" in served.ask("/api/status?token=0777").document["error"]
    assert [note for note in served.notes if "wrong tokens" in note] == served.notes[1:]
    assert len(served.notes) == 2
    assert served.ask("/healthz").status == 200


def test_an_old_cookie_again_and_again_is_one_guess(serve: Any) -> None:
    served = serve(token="sesame")
    name = f"mnist-edge-{served.port}"
    assert {served.ask("/api/status", Cookie=f"{name}=old").status for _ in range(100)} == {401}
    assert served.ask("/api/status?token=sesame", Cookie=f"{name}=old").status == 200


def test_one_request_is_one_guess(serve: Any) -> None:
    served = serve(token="0007")
    assert served.ask("/api/status?" + "&".join(f"token={number:04}" for number in range(1000))).status == 401


def test_whose_an_address_is() -> None:
    assert client_name("192.0.2.7") == "192.0.2.7" == client_name("::ffff:192.0.2.7")
    assert client_name("127.0.0.1") == client_name("127.9.9.9") == client_name("::1") == client_name("::ffff:127.0.0.1")
    assert client_name("2001:db8::1") == client_name("2001:db8::ffff:2") != client_name("2001:db8:0:1::1")
    assert client_name("fe80::1%eth0") == "fe80::/64"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_other_sites_change_nothing(serve: Any, headers: dict[str, str]) -> None:
    served = serve()
    shown = {name.replace("-", "_"): value for name, value in headers.items()}
    assert served.change({"paused": True}, **shown).status == 403
    assert served.ask("/api/read", b"", Content_Type="image/png", **shown).status == 403
    assert not served.controls.paused


@pytest.mark.parametrize("path", ["/stream.mjpg", "/api/events", "/snapshot.jpg", "/api/status", "/metrics"])
@pytest.mark.parametrize(
    "headers",
    [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://evil.example"}],
)
def test_other_sites_get_nothing(serve: Any, view: Any, path: str, headers: dict[str, str]) -> None:
    served = serve()
    served.web.show(view())
    assert served.ask(path, **headers).status == 403
    # A link on another site may lead to the page.
    assert served.ask("/", Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 200


@pytest.mark.parametrize("origin", ["http://[", "http://", "[", "http://[::1", "://", "http://localhost/["])
def test_what_is_no_origin_is_refused(serve: Any, origin: str) -> None:
    served = serve()
    assert served.change({"paused": True}, Origin=origin).status == 403


def test_the_page_itself_and_programs_may_change_things(serve: Any) -> None:
    served = serve()
    own = served.web.url
    assert served.change({"paused": True}, Origin=own, Sec_Fetch_Site="same-origin").status == 200
    assert served.change({"paused": True}, Origin=own.upper().replace("HTTP", "http")).status == 200
    assert served.change({"paused": True}).status == 200
