"""The one gate to the network: resolve once, judge every address, connect only to what was judged."""

import contextlib
import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from engine.errors import ConfigError, TransientError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
Resolve = Callable[[str, int], Iterable[str]]


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# What clouds answer on with credentials or settings. No allow-list opens these.
METADATA = _networks(
    "169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32", "fd00:ec2::/32", "fd20:ce::/32"
)
METADATA_NAMES = frozenset({"metadata", "metadata.google.internal", "metadata.goog", "instance-data"})

# The standard library's `is_global` is no such list: it passes Azure's and Oracle's metadata, multicast and NAT64.
NOT_PUBLIC_V4 = _networks(
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
    "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4",
    "240.0.0.0/4",
)  # fmt: skip
# Of IPv6 only 2000::/3 is in public use, less Teredo and its neighbours and the documentation's ranges.
PUBLIC_V6 = IPv6Network("2000::/3")
NOT_PUBLIC_V6 = _networks("2001::/23", "2001:db8::/32", "3fff::/20")

# Prefixes that carry an IPv4 address, and how far right it stands in the 128 bits.
CARRIERS = (
    (IPv6Network("::ffff:0:0/96"), 0),
    (IPv6Network("64:ff9b::/96"), 0),
    (IPv6Network("2002::/16"), 80),
    (IPv6Network("::/96"), 0),
)
OWN_IN_COMPATIBLE = (IPv6Address("::"), IPv6Address("::1"))

LONGEST_NAME = 253
# A machine that is gone is noticed within a minute, and not after two hours.
KEEPALIVE = {"TCP_KEEPIDLE": 30, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 3}


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, in the system's order. Raises OSError or UnicodeError, as the system does."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(sockaddr[0]) for *_, sockaddr in found))


@dataclass(frozen=True, slots=True)
class Egress:
    """`allow`: networks an operator opened besides the public ones. `deny`: our own servers, never to be reached,
    as (address or name, port). `resolve`: how names become addresses."""

    allow: tuple[Network, ...] = ()
    deny: tuple[tuple[str, int], ...] = ()
    resolve: Resolve = resolve

    def addresses(self, host: str, port: int) -> list[str]:
        """The addresses to connect to, and no others.

        Raises ConfigError `destination_not_allowed` if any address of the host is refused, `unknown_host` if there
        is none; TransientError `unknown_host` if the name service does not answer.
        """
        _check_form(host, port)
        found = self._look_up(host, port)
        if not all(self._allows(unwrap(address), port) for address in found):
            raise _refusal()
        return [str(address) for address in found]

    def connect(self, host: str, port: int, timeout: float) -> socket.socket:
        """A connected socket. Raises as `addresses` does, and TransientError `unreachable`."""
        for address in self.addresses(host, port):
            with contextlib.suppress(OSError):
                return _opened(address, port, timeout)
        raise unreachable(host, port)

    def _look_up(self, host: str, port: int) -> list[Address]:
        try:
            found = [ipaddress.ip_address(text) for text in self.resolve(host, port)]
        except socket.gaierror as error:
            if error.errno == socket.EAI_AGAIN:
                raise TransientError(f"The name of the host {host!r} was not answered.", code="unknown_host") from error
            raise _unknown(host) from error
        except (UnicodeError, ValueError) as error:
            raise _unknown(host) from error
        if not found:
            raise _unknown(host)
        return found

    def _allows(self, address: Address, port: int) -> bool:
        if _within(address, METADATA) or self._is_ours(address, port):
            return False
        return is_public(address) or _within(address, self.allow)

    def _is_ours(self, address: Address, port: int) -> bool:
        return any(_same_machine(address, own) for own in self._own_addresses(port))

    def _own_addresses(self, port: int) -> Iterator[Address]:
        for name, own_port in self.deny:
            if own_port == port:
                # A name of ours that cannot be looked up now cannot be connected to either.
                with contextlib.suppress(ConfigError, TransientError):
                    yield from map(unwrap, self._look_up(name, own_port))


def unwrap(address: Address) -> Address:
    """The IPv4 address that an IPv6 one stands for, where it does: mapped, compatible, NAT64 and 6to4."""
    if isinstance(address, IPv4Address) or address in OWN_IN_COMPATIBLE:
        return address
    for network, shift in CARRIERS:
        if address in network:
            return IPv4Address((int(address) >> shift) & 0xFFFFFFFF)
    return address


def is_public(address: Address) -> bool:
    if isinstance(address, IPv4Address):
        return not _within(address, NOT_PUBLIC_V4)
    return address in PUBLIC_V6 and not _within(address, NOT_PUBLIC_V6)


def unreachable(host: str, port: int) -> TransientError:
    """One text for refused, filtered and silent, so that it tells nobody which ports are open."""
    return TransientError(f"{host}:{port} could not be reached.", code="unreachable")


def _within(address: Address, networks: Iterable[Network]) -> bool:
    return any(address in network for network in networks)


def _same_machine(address: Address, own: Address) -> bool:
    # A server on one loopback address mostly listens on all of them.
    return address == own or (_is_local(address) and _is_local(own))


def _is_local(address: Address) -> bool:
    return address.is_loopback or address.is_unspecified


def _opened(address: str, port: int, timeout: float) -> socket.socket:
    opened = socket.create_connection((address, port), timeout=timeout)
    opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    opened.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in KEEPALIVE.items():
        if hasattr(socket, option):  # macOS has no TCP_KEEPIDLE
            opened.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return opened


def _check_form(host: str, port: int) -> None:
    odd = any(character.isspace() or not character.isprintable() or character in "/@,\\?#%[]" for character in host)
    if not host or odd or len(host) > LONGEST_NAME:
        raise ConfigError("The host is not a host name or an address.", code="invalid_host")
    if not 0 < port < 65536:
        raise ConfigError("The port must be between 1 and 65535.", code="invalid_port")
    if host.rstrip(".").lower() in METADATA_NAMES:
        raise _refusal()


def _refusal() -> ConfigError:
    return ConfigError("Connecting to this destination is not allowed.", code="destination_not_allowed")


def _unknown(host: str) -> ConfigError:
    return ConfigError(f"The host {host!r} is not known.", code="unknown_host")
