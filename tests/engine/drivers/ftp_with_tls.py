"""An FTP server that insists on TLS, one session after the other."""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.engine.drivers.servers import USER, Store, folder, password


class Session:
    def __init__(self, control: socket.socket, context: ssl.SSLContext, served: Path, secret: str) -> None:
        self.control = control
        self.context = context
        self.served = served
        self.secret = secret
        self.listener: socket.socket | None = None
        self.is_private = False

    def run(self, resumed: list[bool]) -> None:
        self.say("220 hello")
        while line := self.line():
            word, _, rest = line.partition(" ")
            if word in ("RETR", "STOR"):
                self.transfer(word, self.served / rest, resumed)
            elif word in ("AUTH", "USER", "PASS", "PROT"):
                self.sign_in(word, rest)
            elif word == "PASV":
                self.listener = socket.create_server(("127.0.0.1", 0))
                port = self.listener.getsockname()[1]
                self.say(f"227 at (127,0,0,1,{port // 256},{port % 256})")
            else:
                self.say(f"213 {(self.served / rest).stat().st_size}" if word == "SIZE" else "200 yes")

    def sign_in(self, word: str, rest: str) -> None:
        if word == "AUTH":
            self.say("234 go on")
            self.control = self.context.wrap_socket(self.control, server_side=True)
        elif word == "USER":
            self.say("331 and the password" if isinstance(self.control, ssl.SSLSocket) else "530 not in plain text")
        elif word == "PASS":
            self.say("230 welcome" if rest == self.secret else "530 no")
        else:
            self.is_private = rest == "P"
            self.say("200 yes")

    def transfer(self, word: str, path: Path, resumed: list[bool]) -> None:
        assert self.listener is not None
        assert self.is_private
        data, _ = self.listener.accept()
        self.listener.close()
        self.say("150 it comes")
        with self.context.wrap_socket(data, server_side=True) as data:
            resumed.append(bool(data.session_reused))
            if word == "RETR":
                data.sendall(path.read_bytes())
                with contextlib.suppress(OSError):
                    data.unwrap()
            else:
                path.write_bytes(b"".join(iter(lambda: data.recv(65_536), b"")))
        self.say("226 done")

    def say(self, text: str) -> None:
        self.control.sendall(text.encode() + b"\r\n")

    def line(self) -> str:
        found = b""
        while not found.endswith(b"\r\n"):
            piece = self.control.recv(1)
            if not piece:
                return ""
            found += piece
        return found.decode().strip()


@contextlib.contextmanager
def ftp_with_tls(parent: Path, context: ssl.SSLContext, resumed: list[bool], mode: str) -> Iterator[Store]:
    """`mode`: as in the driver's settings. `resumed` tells of each transfer whether it went on with the session of its
    control connection."""
    served, secret = folder(parent), password()
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                control, _ = listener.accept()
                with contextlib.suppress(OSError):
                    if mode == "implicit":
                        control = context.wrap_socket(control, server_side=True)
                    session = Session(control, context, served, secret)
                    session.run(resumed)
                    control = session.control
                control.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    settings = {"host": "ftp.example", "port": listener.getsockname()[1], "user": USER, "tls": mode}
    try:
        yield Store("ftp", served, settings, {"password": secret})
    finally:
        socket.socket.shutdown(listener, socket.SHUT_RDWR)
        listener.close()
        thread.join(10)
