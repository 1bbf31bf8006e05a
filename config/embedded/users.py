"""Who uses the servers. They run as long as one process does; what it forks counts as a user, too."""

import os
import subprocess
import sys
from pathlib import Path

from config import home
from config.embedded import locks
from config.embedded.cluster import Cluster
from config.embedded.errors import EmbeddedError

_joined: dict[Path, int] = {}
"""The folders of the clusters that this process uses, each with a descriptor of its keeper's lock."""


def join(cluster: Cluster) -> None:
    """Makes this process a user of the cluster, whose servers can be used when this returns. Cheap when it is one."""
    if cluster.folder in _joined and locks.is_taken(_joined[cluster.folder]):
        return
    starting = locks.opened(cluster.lock("start"))
    try:
        locks.take(starting)
        if cluster.folder not in _joined:
            locks.share(
                locks.opened(cluster.lock("users"))
            )  # held until this process ends; waits for a keeper that stops
            _joined[cluster.folder] = locks.opened(cluster.lock("keeper"))
        if not locks.is_taken(_joined[cluster.folder]):
            _start_keeper(cluster, starting)
    finally:
        os.close(starting)


def _start_keeper(cluster: Cluster, starting: int) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "config.embedded.keeper", cluster.name, str(starting)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        pass_fds=[starting],
        env={**os.environ, "PYTHONPATH": str(home.ROOT), "CROSSDOCK_HOME": str(cluster.folder.parent)},
        check=False,
    )
    if done.returncode:
        raise EmbeddedError(done.stdout or f"The embedded servers' keeper failed; see {cluster.log('keeper')}")
