"""The proxy forwards while it is open, and cuts and refuses connections while it is closed."""

import socket

import pytest

from mnist_edge.benchmarks.endurance.proxy import open_proxy


def test_a_proxy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, open_proxy(server.getsockname()[1]) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            inside, _ = server.accept()
            with inside:
                client.sendall(b"in")
                inside.sendall(b"out")
                assert (inside.recv(9), client.recv(9)) == (b"in", b"out")
                with proxy.closed():
                    assert (inside.recv(9), client.recv(9)) == (b"", b"")
                    with pytest.raises(ConnectionRefusedError):
                        socket.create_connection(("127.0.0.1", proxy.port))
        with socket.create_connection(("127.0.0.1", proxy.port)) as client:
            inside, _ = server.accept()
            with inside:
                client.sendall(b"again")
                assert inside.recv(9) == b"again"
