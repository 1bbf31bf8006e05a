"""Bodies without a length, through the real server: Django would read nothing of them."""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config import loopback
from tests.config.echo import LIMIT

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def server() -> Iterator[http.client.HTTPConnection]:
    port = next(port for port in range(18_900, 19_000) if loopback.is_free(port))
    command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", loopback.HOST, "--port", str(port)]
    process = subprocess.Popen([*command, "tests.config.echo:application"], cwd=ROOT, stderr=subprocess.DEVNULL)
    try:
        while not loopback.answers(port, "/"):
            assert process.poll() is None
            time.sleep(0.1)
        with closing(http.client.HTTPConnection(loopback.HOST, port, timeout=30)) as connection:
            yield connection
    finally:
        process.terminate()
        process.wait()


def chunks(length: int) -> Iterator[bytes]:
    for begin in range(0, length, 10_000):
        yield b"x" * min(10_000, length - begin)


@pytest.mark.parametrize("length", [0, 1, 10_000, LIMIT])
def test_a_chunked_body_gets_its_length(length: int, server: http.client.HTTPConnection) -> None:
    server.request("POST", "/", body=chunks(length), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert server.getresponse().read().decode() == f"{length} {length}"


def test_one_that_is_too_large_is_read_and_thrown_away(server: http.client.HTTPConnection) -> None:
    length = LIMIT + 1
    server.request("POST", "/", body=chunks(length), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
    assert server.getresponse().read().decode() == f"{length} 0"


def test_a_body_with_a_length_is_left_alone(server: http.client.HTTPConnection) -> None:
    server.request("POST", "/", body=b"x" * 5000)
    assert server.getresponse().read().decode() == "5000 5000"
