"""Real PostgreSQL and Valkey from wheels, for whoever has configured none. docs/operating.md tells where things lie."""

import os
from dataclasses import dataclass

from config import env, loopback
from config.embedded import users
from config.embedded.cluster import Cluster, here
from config.embedded.errors import EmbeddedError
from config.embedded.postgres import remembered_port
from config.embedded.valkey import Valkey

__all__ = [
    "DemoServer",
    "EmbeddedError",
    "control_broker_url",
    "control_database",
    "control_redis_url",
    "start_control",
    "start_demo",
]


@dataclass(frozen=True)
class DemoServer:
    """The PostgreSQL that plays other people's systems, and its superuser."""

    host: str
    port: int
    user: str
    password: str


def control_database() -> dict[str, object]:
    """Fields of Django's DATABASES. Starts nothing; `config.database` does so when a connection is needed."""
    cluster = _control()
    return {
        "HOST": str(cluster.sockets),
        "PORT": "5432",
        "NAME": "crossdock",
        "USER": "crossdock",
        "PASSWORD": cluster.password("database"),
        "EMBEDDED": True,
    }


def control_redis_url(database: int) -> str:
    """As redis-py reads it. Starts nothing."""
    cluster = _control()
    return f"unix://:{cluster.password('redis')}@{Valkey(cluster).socket}?db={database}"


def control_broker_url(database: int) -> str:
    """As Celery reads it. Starts nothing."""
    cluster = _control()
    return f"redis+socket://:{cluster.password('redis')}@{Valkey(cluster).socket}?virtual_host={database}"


def start_control() -> None:
    """Starts PostgreSQL and Valkey where they do not run, and keeps them until this process ends."""
    users.join(_control())


def start_demo() -> DemoServer:
    """Starts the demo's PostgreSQL where it does not run, and keeps it until this process ends."""
    _refuse_where_switched_off()
    cluster = here("demo")
    users.join(cluster)
    port = int(remembered_port(cluster).read_text())
    return DemoServer(loopback.HOST, port, "postgres", cluster.password("database"))


def _control() -> Cluster:
    _refuse_where_switched_off()
    return here("control")


def _refuse_where_switched_off() -> None:
    if "DYNO" in os.environ:
        raise EmbeddedError("DATABASE_URL and REDIS_URL must be set: a dyno's disk does not outlive a restart.")
    if env.text("CROSSDOCK_EMBEDDED", "1").lower() in env.FALSE:
        raise EmbeddedError("DATABASE_URL and REDIS_URL must be set: CROSSDOCK_EMBEDDED forbids servers of our own.")
