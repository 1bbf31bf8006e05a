"""A web server on loopback that answers as a test says, with lies where they are wanted."""

import contextlib
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Route = Callable[["Handler"], None]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "WebServer"

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in {"content_length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def raw(self, *pieces: bytes, pause: float = 0.0) -> None:
        """These bytes and the end of the connection."""
        self.close_connection = True
        for piece in pieces:
            self.wfile.write(piece)
            time.sleep(pause)

    def wait(self) -> None:
        """Says nothing until the client goes away."""
        self.close_connection = True
        self.connection.settimeout(60)
        with contextlib.suppress(OSError):
            self.connection.recv(1)

    def do_GET(self) -> None:
        length = int(self.headers.get("content-length", 0))
        self.body = self.rfile.read(length)
        self.server.seen.append((self.command, self.path, dict(self.headers.items())))
        route = self.server.routes.get(self.path.partition("?")[0])
        if route is None:
            return self.answer(404, b"nothing here")
        with contextlib.suppress(OSError):
            return route(self)

    do_HEAD = do_POST = do_PUT = do_DELETE = do_GET  # noqa: N815 (the server's names)

    def log_message(self, *_: Any) -> None:
        pass


class WebServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, routes: dict[str, Route], context: ssl.SSLContext | None = None) -> None:
        self.routes = routes
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        super().__init__(("127.0.0.1", 0), Handler)
        self.port: int = self.server_address[1]
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"{'https' if context else 'http'}://web.example:{self.port}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        pass  # clients that hang up are what the tests are about


@contextlib.contextmanager
def web_server(routes: dict[str, Route], context: ssl.SSLContext | None = None) -> Iterator[WebServer]:
    server = WebServer(routes, context)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
