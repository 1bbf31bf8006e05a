"""Clients that bring their own HTTP stay at the address that was judged."""

import contextlib
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from urllib3.exceptions import SSLError

from engine.errors import ConfigError
from engine.toolkit import guarded_pools, guarded_requests, tls
from tests.engine.certificates import Authority


class Server(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Redirecting)
        self.asked: list[tuple[str, str]] = []


class Redirecting(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        self.send_response(302 if self.path == "/away" else 200)
        self.send_header("Location", f"http://127.0.0.1:{self.server.server_port}/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def handle(self) -> None:
        with contextlib.suppress(ConnectionError, ssl.SSLError):  # a client that does not believe it
            super().handle()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_a_pool_follows_no_redirection(server: Server) -> None:
    with guarded_pools.pool("db.example", None) as pool:
        response = pool.request("GET", f"http://127.0.0.1:{server.server_port}/away", redirect=True, retries=3)
    assert response.status == 302
    assert [path for _, path in server.asked] == ["/away"]


def test_a_session_speaks_to_its_host_at_one_address(server: Server) -> None:
    port = server.server_port
    with guarded_requests.session("db.example", port, "127.0.0.1", None) as session:
        assert session.get(f"http://db.example:{port}/here").status_code == 200
        assert server.asked == [(f"db.example:{port}", "/here")]
        for url in (f"http://127.0.0.1:{port}/", "http://db.example/", f"https://db.example:{port}/"):
            with pytest.raises(ConfigError) as refusal:
                session.get(url)
            assert refusal.value.code == "destination_not_allowed"
        with pytest.raises(ConfigError):
            session.get(f"http://db.example:{port}/away")
    assert [path for _, path in server.asked] == ["/here", "/away"]


@pytest.fixture
def encrypted(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    """A server with a certificate for db.example, and the authority that signed it."""
    authority = Authority()
    with Server() as server:
        context = authority.context("db.example", tmp_path)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server, authority.pem
        server.shutdown()
        thread.join()


def test_a_pool_checks_the_certificate_against_the_name(encrypted: tuple[Server, str]) -> None:
    server, pem = encrypted
    url = f"https://127.0.0.1:{server.server_port}/here"
    with guarded_pools.pool("db.example", tls.client_context(pem)) as pool:
        assert pool.request("GET", url, retries=False).status == 200
    for name, authority in (("other.example", pem), ("db.example", "")):
        with guarded_pools.pool(name, tls.client_context(authority)) as pool, pytest.raises(SSLError):
            pool.request("GET", url, retries=False)
    assert len(server.asked) == 1


def test_a_session_checks_the_certificate_against_the_name(encrypted: tuple[Server, str]) -> None:
    server, pem = encrypted
    port = server.server_port
    with guarded_requests.session("db.example", port, "127.0.0.1", tls.client_context(pem)) as session:
        assert session.get(f"https://db.example:{port}/here").status_code == 200
    for name, authority in (("other.example", pem), ("db.example", "")):
        session = guarded_requests.session(name, port, "127.0.0.1", tls.client_context(authority))
        with session, pytest.raises(OSError, match="certificate verify failed"):
            session.get(f"https://{name}:{port}/here")
    assert len(server.asked) == 1
