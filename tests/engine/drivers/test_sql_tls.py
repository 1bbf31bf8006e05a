"""What of a server's certificate is believed: tried on impostors that end where a password would be next."""

import socket
import ssl
import threading
from collections.abc import Callable

import pytest

from engine.drivers.sql.driver import SqlDriver
from engine.errors import ConfigError, EngineError
from engine.registry import driver_class
from engine.toolkit.egress import Egress
from engine.toolkit.surroundings import Surroundings
from tests.engine.certificates import Authority
from tests.engine.drivers.systems import LOOPBACK

NAME = "db.example"
USER = "olga"


def postgresql_upgrade(peer: socket.socket) -> None:
    peer.recv(8)
    peer.sendall(b"S")


def mysql_upgrade(peer: socket.socket) -> None:
    # PROTOCOL_41, SSL, SECURE_CONNECTION, PLUGIN_AUTH; latin1; autocommit
    greeting = b"\x0a8.0.0\0" + b"\1\0\0\0" + b"saltsalt\0" + b"\x00\x8a" + b"\x08" + b"\2\0" + b"\x08\0" + b"\x15"
    greeting += b"\0" * 10 + b"saltsaltsalt\0" + b"mysql_native_password\0"
    peer.sendall(len(greeting).to_bytes(3, "little") + b"\0" + greeting)
    peer.recv(36)


class Impostor:
    """A server that agrees to TLS, listens to what comes next and hangs up."""

    def __init__(self, upgrade: Callable[[socket.socket], None], context: ssl.SSLContext) -> None:
        self.upgrade = upgrade
        self.context = context
        self.heard = b""
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)

    def __enter__(self) -> "Impostor":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(10)
        self.listener.close()

    def _serve(self) -> None:
        peer, _ = self.listener.accept()
        with peer:
            self.upgrade(peer)
            try:
                with self.context.wrap_socket(peer, server_side=True) as encrypted:
                    self.heard = encrypted.recv(4096)
            except OSError:
                return  # the client did not believe the certificate


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(params=[("postgresql", postgresql_upgrade), ("mysql", mysql_upgrade)], ids=["postgresql", "mysql"])
def kind(request):
    return request.param


def driver(name: str, port: int, **settings: str) -> SqlDriver:
    surroundings = Surroundings(Egress(LOOPBACK.allow, resolve=lambda host, port: ["127.0.0.1"]))
    where = {"host": NAME, "port": port, "database": "shop", "user": USER, "sslmode": "verify-full"}
    return driver_class(name)({**where, **settings}, {"password": "CANARY"}, surroundings)


def heard(kind, context: ssl.SSLContext, **settings: str) -> tuple[bytes, EngineError]:
    """What a server hears after the handshake, and what becomes of the connection."""
    name, upgrade = kind
    with Impostor(upgrade, context) as impostor, pytest.raises(EngineError) as caught:
        driver(name, impostor.port, **settings).check()
    return impostor.heard, caught.value


def test_believes_a_certificate_of_the_authority_named_for_the_name_asked_for(kind, authority, tmp_path):
    said, _ = heard(kind, authority.context(NAME, tmp_path), ca_certificate=authority.pem)
    assert USER.encode() in said


@pytest.mark.parametrize("mode", ["prefer", "require"])
def test_believes_any_certificate_where_none_is_to_be_checked(kind, authority, tmp_path, mode):
    said, _ = heard(kind, authority.context("other.example", tmp_path), sslmode=mode)
    assert USER.encode() in said


def test_believes_another_name_where_only_the_authority_is_to_be_checked(kind, authority, tmp_path):
    settings = {"sslmode": "verify-ca", "ca_certificate": authority.pem}
    said, _ = heard(kind, authority.context("other.example", tmp_path), **settings)
    assert USER.encode() in said


@pytest.mark.parametrize(
    ("certified", "trusts", "mode"),
    [
        (NAME, "nobody", "verify-full"),
        (NAME, "another", "verify-full"),
        (NAME, "another", "verify-ca"),
        ("other.example", "it", "verify-full"),
    ],
)
def test_says_nothing_to_a_server_that_it_does_not_believe(kind, authority, tmp_path, certified, trusts, mode):
    settings = {"nobody": {}, "another": {"ca_certificate": Authority().pem}, "it": {"ca_certificate": authority.pem}}
    said, error = heard(kind, authority.context(certified, tmp_path), sslmode=mode, **settings[trusts])
    assert said == b""
    assert isinstance(error, ConfigError)
    assert error.code == "tls_failed"
    assert "CANARY" not in str(error)
