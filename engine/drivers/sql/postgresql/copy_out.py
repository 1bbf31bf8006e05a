"""COPY … TO STDOUT in chunks, drained in one loop: through a cursor each row would cost a round of Python."""

from collections.abc import Iterator

from psycopg import errors as client_errors
from psycopg import generators
from psycopg.abc import PQGen
from psycopg.pq.abc import PGconn
from psycopg.waiting import Wait

from engine.drivers.sql.postgresql import errors
from engine.drivers.sql.postgresql.session import Connection

CHUNK_BYTES = 256 * 1024


def chunks(connection: Connection, command: bytes, *, size: int = CHUNK_BYTES) -> Iterator[bytes]:
    """What `command` puts out, in whole rows of at least `size` bytes together. Whoever leaves it before its end leaves
    a connection of no more use: it is closed."""
    is_over = False
    try:
        with errors.translated():
            connection.wait(_started(connection.pgconn, command))
        while not is_over:
            with errors.translated():
                chunk, is_over = connection.wait(_chunk(connection.pgconn, size))
            if chunk:
                yield chunk
    finally:
        if not is_over:
            connection.close()


def _started(server: PGconn, command: bytes) -> PQGen[None]:
    server.send_query(command)
    [result] = yield from generators.execute(server)
    if result.error_message:
        raise client_errors.error_from_result(result)


def _chunk(server: PGconn, least: int) -> PQGen[tuple[bytes, bool]]:
    """A chunk, and whether it is the last."""
    parts: list[bytes] = []
    size = 0
    while size < least:
        count, part = server.get_copy_data(1)
        if count > 0:
            parts.append(bytes(part))  # a copy each is cheaper than holding thousands of views
            size += count
        elif count < 0:
            yield from _ended(server)
            return b"".join(parts), True
        elif (yield Wait.R):
            server.consume_input()
    return b"".join(parts), False


def _ended(server: PGconn) -> PQGen[None]:
    [result] = yield from generators.fetch_many(server)
    if result.error_message:
        raise client_errors.error_from_result(result)
