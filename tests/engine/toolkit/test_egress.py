import contextlib
import ipaddress
import random
import socket
from collections.abc import Iterator

import pytest

from engine.errors import ConfigError, EngineError, TransientError
from engine.toolkit.egress import Egress, resolve

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
EVERYWHERE = (ipaddress.ip_network("0.0.0.0/0"), ipaddress.ip_network("::/0"))

METADATA = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "100.100.100.200",
    "168.63.129.16",
    "192.0.0.192",
    "fd00:ec2::254",
    "fd00:ec2::23",
    "fd20:ce::254",
    "::ffff:169.254.169.254",
    "64:ff9b::a9fe:a9fe",
    "2002:a9fe:a9fe::",
]
LOCAL = ["127.0.0.1", "127.1.2.3", "0.0.0.0", "::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::127.0.0.1"]
WRAPPED = [
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "2002:7f00:1::",
    "2002:a00:5::1",
    "::ffff:10.0.0.1",
    "2001:0:4136:e378::1",
]
PRIVATE = [
    "10.0.0.5",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "100.64.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "fc00::1",
    "fd12:3456::1",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "2001:db8::1",
    "3fff::1",
    "100::1",
]
PUBLIC = ["8.8.8.8", "1.1.1.1", "172.15.255.255", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::5"]
WRAPPED_PUBLIC = ["::ffff:808:808", "64:ff9b::808:808", "2002:808:808::1"]

Attempts = list[tuple[str, int]]


class Server:
    """Answers on a loopback port, and counts whoever else is called."""

    def __init__(self, port: int, attempts: Attempts) -> None:
        self.port = port
        self.attempts = attempts


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Nothing but this server can be reached, and nothing at all looked up, while it is there."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    attempts: Attempts = []
    connect = socket.socket.connect

    def watched(self: socket.socket, address: tuple[str, int]) -> None:
        attempts.append(address[:2])
        if address[:2] != ("127.0.0.1", port):
            raise ConnectionRefusedError(f"The test does not let {address} be called")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", watched)
    with listener:
        yield Server(port, attempts)


def knowing(*addresses: str, **options) -> Egress:
    """A guard whose name service knows these addresses for every name."""
    return Egress(resolve=lambda host, port: addresses, **options)


def refusal(act) -> str:
    with pytest.raises(ConfigError) as caught:
        act()
    assert caught.value.code == "destination_not_allowed"
    return caught.value.message


@pytest.mark.parametrize("address", [*METADATA, *LOCAL, *WRAPPED, *PRIVATE])
def test_calls_no_address_that_is_not_public(server, address):
    message = refusal(lambda: knowing(address).connect("db.example", server.port, 1))
    assert message == refusal(lambda: knowing("10.9.8.7").connect("another.example", 1, 1))
    assert server.attempts == []


@pytest.mark.parametrize("address", [*PUBLIC, *WRAPPED_PUBLIC])
def test_lets_public_addresses_be_called_as_they_are(address):
    assert knowing(address).addresses("db.example", 5432) == [address]


@pytest.mark.parametrize("address", METADATA)
def test_no_allow_list_opens_metadata(server, address):
    refusal(lambda: knowing(address, allow=EVERYWHERE).connect("db.example", server.port, 1))
    assert server.attempts == []


@pytest.mark.parametrize(
    "name", ["metadata.google.internal", "METADATA.google.internal.", "metadata.goog", "instance-data"]
)
def test_refuses_the_names_of_metadata_before_looking_them_up(name):
    def look_up(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    refusal(lambda: Egress(allow=EVERYWHERE, resolve=look_up).addresses(name, 80))


@pytest.mark.parametrize(
    ("allowed", "address"),
    [
        ("127.0.0.0/8", "127.0.0.1"),
        ("127.0.0.0/8", "::ffff:7f00:1"),
        ("10.1.0.0/16", "10.1.2.3"),
        ("10.1.0.0/16", "64:ff9b::a01:203"),
        ("fd12::/16", "fd12::1"),
        ("::1/128", "::1"),
    ],
)
def test_an_operator_opens_networks(allowed, address):
    egress = knowing(address, allow=(ipaddress.ip_network(allowed),))
    assert egress.addresses("db.example", 5432) == [address]


def test_an_open_network_opens_no_other():
    egress = knowing("10.2.0.1", allow=(ipaddress.ip_network("10.1.0.0/16"), *LOOPBACK))
    refusal(lambda: egress.addresses("db.example", 5432))
    # what connects to loopback without being in its network
    refusal(lambda: knowing("0.0.0.0", allow=LOOPBACK).addresses("db.example", 5432))


@pytest.mark.parametrize("addresses", [("8.8.8.8", "10.0.0.1"), ("10.0.0.1", "8.8.8.8"), ("8.8.8.8", "::1")])
def test_one_bad_address_refuses_the_host(server, addresses):
    refusal(lambda: knowing(*addresses).connect("mixed.example", server.port, 1))
    assert server.attempts == []


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "017700000001",
        "127.1",
        "0x7f.1",
        "\uff11\uff12\uff17.0.0.1",
        "\u2460\u2461\u2466.0.0.1",
        "127\u30020\u30020\u30021",
    ],
)
def test_sees_through_other_spellings_of_loopback(host):
    """Whatever the system's own resolver makes of them is judged, and never what they look like."""
    with pytest.raises(ConfigError) as caught:
        Egress().addresses(host, 80)
    assert caught.value.code in ("destination_not_allowed", "unknown_host")


def test_sees_through_a_number_for_metadata():
    refusal(lambda: Egress(allow=EVERYWHERE).addresses("2852039166", 80))


def test_refuses_the_names_of_this_machine():
    refusal(lambda: Egress().addresses("localhost", 80))
    refusal(lambda: Egress().addresses("LOCALHOST", 80))


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "/var/run/postgresql",
        "@abstract",
        "a,b",
        "good.example,127.0.0.1",
        "user@127.0.0.1",
        "good.example\\@127.0.0.1",
        "127.0.0.1#good.example",
        "127.0.0.1\t.good.example",
        "127.0.0.1\r\nHost: x",
        "a\0b",
        "fe80::1%eth0",
        "[::1]",
        "http://127.0.0.1/",
        "x" * 2048,
    ],
)
def test_refuses_what_is_no_host_before_looking_it_up(host):
    def look_up(host: str, port: int) -> list[str]:
        raise AssertionError(host)

    with pytest.raises(ConfigError) as caught:
        Egress(allow=EVERYWHERE, resolve=look_up).addresses(host, 80)
    assert caught.value.code == "invalid_host"


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_refuses_what_is_no_port(port):
    with pytest.raises(ConfigError) as caught:
        knowing("8.8.8.8").addresses("db.example", port)
    assert caught.value.code == "invalid_port"


@pytest.mark.parametrize("host", ["nowhere.invalid", "a..b", ".", "x" * 64 + ".example"])
def test_does_not_know_a_host_without_an_address(host):
    with pytest.raises(ConfigError) as caught:
        Egress().addresses(host, 80)
    assert caught.value.code == "unknown_host"


@pytest.mark.parametrize("answer", [[], ["not an address"]])
def test_does_not_know_a_host_with_a_strange_answer(answer):
    with pytest.raises(ConfigError) as caught:
        knowing(*answer).addresses("db.example", 80)
    assert caught.value.code == "unknown_host"


def test_may_ask_a_silent_name_service_again():
    def silent(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    with pytest.raises(TransientError) as caught:
        Egress(resolve=silent).addresses("db.example", 80)
    assert caught.value.code == "unknown_host"


def test_looks_up_once_and_calls_what_it_judged(server):
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])  # the second is what a rebinding name would say
    egress = Egress(allow=LOOPBACK, resolve=lambda host, port: next(answers))
    egress.connect("rebinding.example", server.port, 5).close()
    assert server.attempts == [("127.0.0.1", server.port)]


def test_never_calls_what_random_answers_hide(server):
    """Whatever a name service mixes and however it changes its mind, only public or allowed addresses are called."""
    choose = random.Random(7)
    pool = [*METADATA, *LOCAL, *WRAPPED, *PRIVATE, *PUBLIC]
    allowed = 0
    for _ in range(200):
        answer = choose.sample(pool, choose.randint(1, 4))
        with contextlib.suppress(EngineError):
            knowing(*answer).connect("db.example", server.port, 0.01)
        called = {address for address, _ in server.attempts}
        server.attempts.clear()
        is_good = set(answer) <= set(PUBLIC)
        assert called == (set(answer) if is_good else set())
        allowed += is_good
    assert allowed > 3


def test_tries_every_address(server):
    egress = knowing("127.0.0.9", "127.0.0.1", allow=LOOPBACK)
    egress.connect("db.example", server.port, 5).close()
    assert server.attempts == [("127.0.0.9", server.port), ("127.0.0.1", server.port)]


def test_tells_nobody_why_nothing_answered(server):
    with pytest.raises(TransientError) as caught:
        knowing("127.0.0.9", "127.0.0.8", allow=LOOPBACK).connect("db.example", 1, 1)
    assert caught.value.code == "unreachable"
    assert caught.value.message == "db.example:1 could not be reached."


@pytest.mark.parametrize("own", ["127.0.0.1", "10.0.0.5", "db.internal"])
def test_our_own_servers_are_never_called(own):
    def look_up(host: str, port: int) -> list[str]:
        return ["10.0.0.5"] if host in ("db.internal", "10.0.0.5") else ["127.0.0.1"]

    egress = Egress(allow=EVERYWHERE, deny=((own, 5432),), resolve=look_up)
    host = "elsewhere.example" if own == "127.0.0.1" else "10.0.0.5"
    refusal(lambda: egress.addresses(host, 5432))
    assert egress.addresses(host, 5433)


@pytest.mark.parametrize("address", ["127.0.0.2", "::1", "0.0.0.0", "::ffff:127.0.0.1"])
def test_our_own_server_on_loopback_has_no_second_address(address):
    refusal(lambda: knowing(address, allow=EVERYWHERE, deny=(("127.0.0.1", 5432),)).addresses("db.example", 5432))


def test_the_systems_resolver_gives_each_address_once():
    assert resolve("127.0.0.1", 80) == ["127.0.0.1"]
    with pytest.raises(socket.gaierror):
        resolve("nowhere.invalid", 80)
