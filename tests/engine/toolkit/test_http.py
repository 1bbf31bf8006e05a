import contextlib
import gzip
import ipaddress
import random
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from engine.errors import ConfigError, EngineError, TransientError
from engine.toolkit import http
from engine.toolkit.egress import Egress
from engine.toolkit.http import HttpClient, Request
from tests.engine.certificates import Authority
from tests.engine.web import Handler, Route, WebServer, web_server

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
SECRET = {"Authorization": "Bearer CANARY-1"}


@pytest.fixture(autouse=True)
def called(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that were called; none but loopback can be."""
    found: list[str] = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: tuple[str, int]) -> None:
        found.append(address[0])
        if not ipaddress.ip_address(address[0]).is_loopback:
            raise ConnectionRefusedError(f"The test does not let {address} be called")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    return found


def known(host: str, port: int) -> list[str]:
    return ["127.0.0.1"] if host.endswith(".example") else [host]


@contextlib.contextmanager
def client(**options) -> Iterator[HttpClient]:
    found = HttpClient(Egress(allow=LOOPBACK, resolve=known), **options)
    try:
        yield found
    finally:
        found.close()


def text(body: bytes, status: int = 200, **headers: str) -> Route:
    return lambda handler: handler.answer(status, body, **headers)


def redirect(location: str, status: int = 302) -> Route:
    return text(b"", status, location=location)


def failure(act) -> EngineError:
    with pytest.raises(EngineError) as caught:
        act()
    assert "CANARY" not in str(caught.value)
    return caught.value


def get(url: str, **options) -> http.Answer:
    with client() as found:
        return found.send(Request("GET", url, **options))


def test_gives_the_whole_answer():
    with web_server({"/a": text(b"hello", 201, x_more="1")}) as server:
        answer = get(f"{server.url}/a?b=c", headers={"X-Own": "2"}, secret_headers=SECRET)
    assert (answer.status, answer.body, answer.headers["X-More"]) == (201, b"hello", "1")
    [(method, path, headers)] = server.seen
    assert (method, path, headers["X-Own"], headers["Authorization"]) == ("GET", "/a?b=c", "2", "Bearer CANARY-1")
    assert headers["Host"] == f"web.example:{server.port}"


def test_sends_a_body_and_keeps_the_connection():
    bodies = []

    def take(handler: Handler) -> None:
        bodies.append((handler.body, handler.client_address))
        handler.answer(204)

    with web_server({"/a": take}) as server, client() as found:
        for body in (b"one", b"two"):
            found.send(Request("POST", f"{server.url}/a", body=body))
    (one, first), (two, second) = bodies
    assert (one, two) == (b"one", b"two")
    assert first == second


def test_keeps_no_cookies():
    with web_server({"/a": text(b"", set_cookie="a=1; Path=/")}) as server, client() as found:
        for _ in range(2):
            found.send(Request("GET", f"{server.url}/a"))
    assert all("Cookie" not in headers for _, _, headers in server.seen)


def test_takes_no_proxy_from_the_environment(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.9:1")
    with web_server({"/a": text(b"hello")}) as server:
        assert get(f"{server.url}/a").body == b"hello"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/b", "b", "//web.example:{port}/b", "http://web.example:{port}/b"])
def test_follows_redirects_to_the_same_server_with_its_secrets(status, location):
    routes = {"/b": text(b"there")}
    with web_server(routes) as server:
        routes["/a"] = redirect(location.format(port=server.port), status)
        answer = get(f"{server.url}/a", secret_headers=SECRET)
    assert (answer.body, answer.url) == (b"there", f"{server.url}/b")
    assert server.seen[1][2]["Authorization"] == "Bearer CANARY-1"


def test_leaves_its_secrets_behind_when_the_server_changes():
    with web_server({"/b": text(b"there")}) as other:
        for target in (f"http://other.example:{other.port}/b", f"http://web.example:{other.port}/b"):
            with web_server({"/a": redirect(target)}) as server:
                assert get(f"{server.url}/a", secret_headers=SECRET, headers={"X": "y"}).body == b"there"
    assert all("Authorization" not in headers and headers["X"] == "y" for _, _, headers in other.seen)


def test_does_not_give_its_secrets_back_when_a_redirect_returns():
    routes = {"/c": text(b"back")}
    with web_server(routes) as server, web_server({"/b": redirect(f"{server.url}/c")}) as other:
        routes["/a"] = redirect(f"http://other.example:{other.port}/b")
        get(f"{server.url}/a", secret_headers=SECRET)
    assert "Authorization" not in server.seen[1][2]


@pytest.mark.parametrize("hops", range(1, 8))
def test_follows_five_redirects_and_no_more(hops):
    routes = {f"/{number}": redirect(f"/{number + 1}") for number in range(hops)}
    with web_server({**routes, f"/{hops}": text(b"end")}) as server:
        if hops <= 5:
            assert get(f"{server.url}/0").body == b"end"
        else:
            assert failure(lambda: get(f"{server.url}/0")).code == "too_many_redirects"
    assert len(server.seen) == min(hops, 5) + 1


@pytest.mark.parametrize("options", [{"redirects": 0}, {"method": "POST"}])
def test_refuses_redirects_of_what_must_not_go_elsewhere(options):
    with web_server({"/a": redirect("/b"), "/b": text(b"")}) as server, client() as found:
        request = Request(options.pop("method", "GET"), f"{server.url}/a", body=b"", **options)
        assert failure(lambda: found.send(request)).code == "redirect_refused"
    assert len(server.seen) == 1


@pytest.mark.parametrize(
    "location",
    [
        "file:///etc/passwd",
        "gopher://web.example/",
        "ftp://web.example/",
        "data:text/plain,x",
        "http://user@web.example/",
    ],
)
def test_refuses_redirects_to_what_is_no_web_server(location):
    with web_server({"/a": redirect(location)}) as server:
        assert failure(lambda: get(f"{server.url}/a")).code == "redirect_refused"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "10.0.0.5", "[::ffff:10.0.0.5]", "[::1]", "100.100.100.200", "192.168.1.1", "metadata"],
)
def test_judges_where_a_redirect_leads_and_does_not_name_it(called, host):
    with web_server({"/a": redirect(f"http://{host}/secret")}) as server:
        error = failure(lambda: get(f"{server.url}/a"))
    assert (type(error), error.code) == (ConfigError, "destination_not_allowed")
    assert host not in error.message
    assert set(called) == {"127.0.0.1"}


def test_refuses_a_redirect_from_https_to_http(tmp_path):
    authority = Authority()
    with web_server({"/b": text(b"")}) as plain:
        routes = {"/a": redirect(f"{plain.url}/b")}
        context = authority.context("web.example", tmp_path)
        with web_server(routes, context) as server, client(authority=authority.pem) as found:
            error = failure(lambda: found.send(Request("GET", f"{server.url}/a")))
    assert error.code == "redirect_refused"
    assert plain.seen == []


@pytest.mark.parametrize(
    "url",
    [
        "", "/a", "//web.example/", "file:///etc/passwd", "ftp://web.example/", "gopher://web.example/", "http:///a",
        "http:web.example", "http://user:CANARY@web.example/", "http://web.example:99999/", "http://a\nb/", "unix:/x",
        "http://good.example@127.0.0.1/",
    ],
)  # fmt: skip
def test_refuses_what_is_no_address_of_a_web_server(called, url):
    assert failure(lambda: get(url)).code in ("invalid_url", "invalid_host", "invalid_port")
    assert called == []


@pytest.mark.parametrize(
    "host",
    ["10.0.0.5", "127.0.0.1", "[::1]", "[::ffff:7f00:1]", "169.254.169.254", "2002:7f00:1::", "metadata.goog"],
)
def test_calls_no_address_that_is_refused(called, host):
    host = f"[{host}]" if ":" in host and "[" not in host else host
    client = HttpClient(Egress(resolve=lambda name, port: [name]))
    error = failure(lambda: client.send(Request("GET", f"http://{host}/")))
    assert error.code == "destination_not_allowed"
    assert called == []


def test_never_calls_what_random_answers_and_redirects_hide(called):
    """A name service that changes its mind and a server that sends anywhere: only judged addresses are called."""
    choose = random.Random(5)
    answers: list[list[str]] = []

    def rebinding(host: str, port: int) -> list[str]:
        answers.append(
            choose.sample(["127.0.0.1", "10.0.0.5", "169.254.169.254", "192.168.0.1"], choose.choice([1, 1, 2]))
        )
        return answers[-1]

    with web_server(
        {
            "/a": lambda handler: handler.answer(
                302, b"", location=f"//h{choose.random()}.example:{handler.server.port}/a"
            )
        }
    ) as server:
        for _ in range(60):
            found = HttpClient(Egress(allow=LOOPBACK, resolve=rebinding))
            with contextlib.suppress(EngineError):
                found.send(Request("GET", f"{server.url}/a"))
            found.close()
    assert set(called) == {"127.0.0.1"}
    assert len(called) == sum(set(answer) == {"127.0.0.1"} for answer in answers) > 10


def test_looks_up_anew_for_every_connection_and_calls_what_it_judged(called):
    answers = iter([["127.0.0.1"], ["10.0.0.5"]])
    found = HttpClient(Egress(allow=LOOPBACK, resolve=lambda host, port: next(answers)))
    with web_server({"/a": text(b"", connection="close")}) as server:
        found.send(Request("GET", f"{server.url}/a"))
        assert failure(lambda: found.send(Request("GET", f"{server.url}/a"))).code == "destination_not_allowed"
    assert called == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("certified", "days", "trusts"),
    [("other.example", 1, True), ("web.example", -1, True), ("web.example", 1, False)],
)
def test_says_nothing_to_a_server_whose_certificate_it_does_not_believe(tmp_path, certified, days, trusts):
    authority = Authority()
    context = authority.context(certified, tmp_path, days=days)
    believed = authority if trusts else Authority()
    with web_server({"/a": text(b"")}, context) as server, client(authority=believed.pem) as found:
        error = failure(lambda: found.send(Request("GET", f"{server.url}/a", secret_headers=SECRET)))
    assert (type(error), error.code) == (ConfigError, "tls_failed")
    assert server.seen == []


def test_believes_a_certificate_for_the_name_that_was_typed(tmp_path):
    authority = Authority()
    context = authority.context("web.example", tmp_path)
    with web_server({"/a": text(b"hello")}, context) as server, client(authority=authority.pem) as found:
        assert found.send(Request("GET", f"{server.url}/a")).body == b"hello"


def test_refuses_an_authority_that_is_none():
    with pytest.raises(ConfigError) as caught:
        HttpClient(Egress(), authority="no certificate")
    assert caught.value.code == "invalid_setting"


def test_unpacks_what_it_asked_to_have_packed():
    body = b"line\n" * 100_000
    members = gzip.compress(body[:1000]) + gzip.compress(body[1000:])
    with web_server({"/a": text(members, content_encoding="gzip")}) as server:
        assert get(f"{server.url}/a").body == body
    assert server.seen[0][2]["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize(
    ("body", "encoding", "code"),
    [
        (gzip.compress(b"hello" * 100)[:-9], "gzip", "truncated_response"),
        (b"hello", "gzip", "invalid_compression"),
        (b"hello", "br", "unexpected_encoding"),
        (gzip.compress(bytes(40_000_000)), "gzip", "compression_bomb"),
    ],
)
def test_refuses_what_cannot_be_unpacked(body, encoding, code):
    with web_server({"/a": text(body, content_encoding=encoding)}) as server:
        assert failure(lambda: get(f"{server.url}/a")).code == code


@pytest.mark.parametrize("packed", [True, False])
def test_refuses_more_than_the_caller_wants(packed):
    body = random.Random(1).randbytes(1000) * 20
    headers = {"content_encoding": "gzip"} if packed else {}
    with web_server({"/a": text(gzip.compress(body) if packed else body, **headers)}) as server, client() as found:
        request = Request("GET", f"{server.url}/a")
        assert failure(lambda: found.send(request, most_bytes=len(body) - 1)).code == "response_too_large"
        assert found.send(request, most_bytes=len(body)).body == body


def endless(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while True:
        handler.wfile.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")


def test_reads_no_more_of_an_endless_answer_than_it_may():
    with web_server({"/a": endless}) as server, client() as found:
        error = failure(lambda: found.send(Request("GET", f"{server.url}/a"), most_bytes=1_000_000))
    assert error.code == "response_too_large"


HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "route",
    [
        pytest.param(Handler.wait, id="says nothing"),
        pytest.param(lambda handler: handler.raw(HEAD, *[b"x"] * 100, pause=0.1), id="drips its head"),
        pytest.param(lambda handler: handler.raw(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 100, pause=0.1), id="goes on"),
        pytest.param(
            lambda handler: handler.raw(HEAD + b"Content-Length: 100\r\n\r\n", *[b"x"] * 100, pause=0.1),
            id="drips its body",
        ),
        pytest.param(endless, id="never ends"),
    ],
)
def test_gives_up_at_the_deadline(route):
    with web_server({"/a": route}) as server, client() as found:
        request = Request("GET", f"{server.url}/a", deadline=0.5)
        error = failure(lambda: found.send(request, most_bytes=10**12))
    assert (type(error), error.code) == (TransientError, "timed_out")


@pytest.mark.parametrize("context", [None, "tls"])
def test_gives_up_on_a_port_that_accepts_and_says_nothing(context):
    scheme = "https" if context else "http"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"{scheme}://web.example:{silent.getsockname()[1]}/"
        assert failure(lambda: get(url, deadline=0.3)).code == "timed_out"


def test_a_body_may_take_as_long_as_it_moves():
    pieces = [HEAD + b"Content-Length: 6\r\n\r\n", *[b"x"] * 6]
    with (
        web_server({"/a": lambda handler: handler.raw(*pieces, pause=0.1)}) as server,
        client() as found,
        found.stream(Request("GET", f"{server.url}/a", deadline=0.3)) as download,
    ):
        assert (download.length, b"".join(download.chunks())) == (6, b"xxxxxx")


def test_a_body_that_stands_still_is_given_up(monkeypatch):
    monkeypatch.setitem(http.TIMEOUTS, "read", 0.2)

    def stand_still(handler: Handler) -> None:
        handler.wfile.write(HEAD + b"Content-Length: 9\r\n\r\nxx")
        handler.wait()

    with (
        web_server({"/a": stand_still}) as server,
        client() as found,
        found.stream(Request("GET", f"{server.url}/a")) as download,
    ):
        assert failure(lambda: b"".join(download.chunks())).code == "timed_out"


def test_an_answer_that_ends_early_is_no_answer():
    with web_server({"/a": lambda handler: handler.raw(HEAD + b"Content-Length: 9\r\n\r\nxx")}) as server:
        error = failure(lambda: get(f"{server.url}/a"))
    assert (type(error), error.code) == (TransientError, "connection_lost")


def test_knows_what_is_no_web_server():
    with web_server({"/a": lambda handler: handler.raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n")}) as server:
        error = failure(lambda: get(f"{server.url}/a"))
    assert (type(error), error.code) == (ConfigError, "wrong_protocol")


def test_a_connection_that_is_closed_at_once_may_be_tried_again():
    with web_server({"/a": Handler.raw}) as server:
        error = failure(lambda: get(f"{server.url}/a"))
    assert (type(error), error.code) == (TransientError, "connection_lost")


def test_does_not_know_who_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = failure(lambda: get(f"http://web.example:{port}/"))
    assert (error.code, error.message) == ("unreachable", f"web.example:{port} could not be reached.")


@pytest.mark.parametrize("value", ["CANARY\r\nX: y", "CANARY\0", "CANARY\u20ac"])
def test_sends_no_header_that_is_none(value):
    with web_server({"/a": text(b"")}) as server:
        error = failure(lambda: get(f"{server.url}/a", secret_headers={"X-Key": value}))
    assert error.code == "invalid_request"
    assert server.seen == []


@pytest.mark.parametrize("tls", [False, True])
def test_is_broken_off_from_another_thread(tmp_path, tls):
    authority = Authority()
    context = authority.context("web.example", tmp_path) if tls else None
    with (
        web_server({"/a": lambda handler: handler.wait()}, context) as server,
        client(authority=authority.pem) as found,
    ):
        breaker = threading.Thread(target=lambda: (_seen(server), found.interrupt()))
        breaker.start()
        error = failure(lambda: found.send(Request("GET", f"{server.url}/a")))
        breaker.join()
        assert error.code == "connection_lost"
        assert failure(lambda: found.send(Request("GET", f"{server.url}/a"))).code == "interrupted"


def _seen(server: WebServer) -> None:
    while not server.seen:
        time.sleep(0.01)
