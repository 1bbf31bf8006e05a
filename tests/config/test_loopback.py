import socket
from pathlib import Path

from config import loopback


def test_is_free_sees_a_server_even_one_that_would_share_its_port() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as server:
        port = server.getsockname()[1]
        assert not loopback.is_free(port)

    assert loopback.is_free(port)


def test_accepts_needs_a_server_behind_the_socket(tmp_path: Path) -> None:
    path = tmp_path / "socket"
    assert not loopback.accepts(path)

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        assert not loopback.accepts(path)
        server.listen()
        assert loopback.accepts(path)


def test_answers_is_false_where_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert not loopback.answers(port, "/")
