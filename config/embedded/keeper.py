"""The one process per cluster that keeps its servers: starts them, starts again what died, and stops them when their
last user is gone, however it went. Every user shares a lock; the keeper waits to have it for itself.

    python -m config.embedded.keeper NAME STARTING

STARTING is the descriptor of the lock under which servers are started; it passes from the user to the keeper. This
command ends when the servers can be used or cannot be started, and then it prints why; the keeper itself goes on.
"""

import logging
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread

from config.embedded import locks
from config.embedded.cluster import Cluster, here
from config.embedded.errors import EmbeddedError
from config.embedded.postgres import Postgres
from config.embedded.server import Server
from config.embedded.valkey import Valkey

READY = "ready"
logger = logging.getLogger(__name__)


class Keeper:
    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.servers = servers_of(cluster)
        self.events: SimpleQueue[Server | None] = SimpleQueue()
        """Servers that ended; None when the keeper shall."""
        self.alive = locks.opened(cluster.lock("keeper"))
        self.users = locks.opened(cluster.lock("users"))

    def run(self, on_ready: Callable[[], None]) -> None:
        signal.signal(signal.SIGTERM, lambda *_: self.events.put(None))
        try:
            for server in self.servers:
                self.start(server)
            locks.take(self.alive)
            on_ready()
            Thread(target=self.wait_for_the_last_user, daemon=True).start()
            self.start_again_what_ends()
        finally:
            for server in self.servers:
                server.stop()
            with suppress(OSError):
                self.cluster.sockets.rmdir()
            os.close(self.alive)  # before the users' lock: who gets that one must not take us for alive

    def start(self, server: Server) -> None:
        server.start()
        Thread(target=self.watch, args=[server], daemon=True).start()

    def watch(self, server: Server) -> None:
        server.wait()
        self.events.put(server)

    def wait_for_the_last_user(self) -> None:
        locks.take(self.users)
        self.events.put(None)

    def start_again_what_ends(self) -> None:
        while server := self.events.get():
            logger.warning("%s ended; starting it again", server.program.name)
            self.start(server)


def servers_of(cluster: Cluster) -> Sequence[Server]:
    if cluster.name == "demo":
        return [Server(Postgres(cluster))]
    return [Server(Postgres(cluster)), Server(Valkey(cluster))]


def main(cluster: Cluster, starting: int) -> None:
    told, tell = os.pipe()
    if os.fork():
        os.close(tell)
        with os.fdopen(told) as answers:
            answer = answers.read()
        sys.stdout.write(answer)
        sys.exit(answer != READY)
    leave_the_user(cluster)
    with os.fdopen(tell, "w") as answers:

        def hand_over() -> None:
            os.close(starting)
            answers.write(READY)
            answers.close()

        try:
            cluster.make_folders()
            Keeper(cluster).run(hand_over)
        except (EmbeddedError, OSError) as error:
            logger.error("%s", error)
            if not answers.closed:
                answers.write(str(error))


def leave_the_user(cluster: Cluster) -> None:
    """Neither the user's terminal nor his folder, output or signals concern the keeper."""
    os.setsid()
    os.chdir("/")
    os.umask(0o077)
    nothing = os.open(os.devnull, os.O_RDWR)
    log = os.open(cluster.log("keeper"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)


if __name__ == "__main__":
    name, starting = sys.argv[1:]
    main(here("demo" if name == "demo" else "control"), int(starting))
