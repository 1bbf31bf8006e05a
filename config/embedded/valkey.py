"""Valkey: the broker, the cache and the limits, all of which may be lost."""

import signal
from collections.abc import Sequence

from config import loopback
from config.embedded import programs
from config.embedded.cluster import Cluster


class Valkey:
    name = "Valkey"
    stop_signal = signal.SIGTERM

    def __init__(self, cluster: Cluster) -> None:
        self.log = cluster.log("valkey")
        self.lock = cluster.lock("valkey")
        self.socket = cluster.sockets / "valkey.sock"
        self._password = cluster.password("redis")

    def prepare(self) -> None:
        self.socket.unlink(missing_ok=True)

    def command(self) -> Sequence[str]:
        return [str(programs.valkey()), "-"]

    def configuration(self) -> str:
        """By standard input, as command lines can be read by everyone on the machine."""
        return (
            "port 0\n"
            f'unixsocket "{self.socket}"\n'
            "unixsocketperm 700\n"
            f"requirepass {self._password}\n"
            'save ""\n'
            "appendonly no\n"
            "maxmemory-policy noeviction\n"
            f'dir "{self.socket.parent}"\n'
        )

    def is_ready(self) -> bool:
        return loopback.accepts(self.socket)
