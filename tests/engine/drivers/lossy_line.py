"""A line to a server that can be cut at a chosen moment, before or after the server has heard the last words."""

import contextlib
import socket
import threading
from collections.abc import Iterator


class Line:
    """Carries one connection at a time; listens at `port`."""

    def __init__(self, host: str, port: int) -> None:
        self._server = (host, port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._words = b""
        self._is_heard = False
        self._open: list[socket.socket] = []
        threading.Thread(target=self._listen, daemon=True).start()

    def cut_at(self, words: bytes, *, is_heard: bool) -> None:
        """Cuts the line once, when the client says `words`; the server hears them or does not."""
        self._words, self._is_heard = words, is_heard

    def close(self) -> None:
        self._listener.close()
        for end in self._open:
            end.close()

    def _listen(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self._server)
                self._open += [client, server]
                threading.Thread(target=self._carry_words, args=(client, server), daemon=True).start()
                threading.Thread(target=self._carry_answers, args=(server, client), daemon=True).start()

    def _carry_words(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := client.recv(65536):
                if self._words and self._words in data:
                    self._words = b""
                    client.shutdown(socket.SHUT_RDWR)
                    if self._is_heard:
                        server.sendall(data)
                        continue  # so that the server can answer, into the void
                    break
                server.sendall(data)
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_WR)

    def _carry_answers(self, server: socket.socket, client: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := server.recv(65536):
                with contextlib.suppress(OSError):
                    client.sendall(data)
        with contextlib.suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def line_to(host: str, port: int) -> Iterator[Line]:
    line = Line(host, port)
    try:
        yield line
    finally:
        line.close()
