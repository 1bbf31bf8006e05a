"""Database and Redis addresses given as URLs."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit, urlunsplit

from django.core.exceptions import ImproperlyConfigured


def parse(url: str) -> dict[str, Any]:
    """Django's settings for `postgresql://user:password@host:5432/name?sslmode=require`."""
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL must begin with postgresql://, not {parts.scheme or 'nothing'}://")
    query = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path.removeprefix("/")) or "postgres",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or ""),
    } | ({"OPTIONS": query} if query else {})


def endpoints(database: Mapping[str, Any], redis_url: str) -> list[tuple[str, int]]:
    """Where the servers of these settings listen for TCP, as (host, port)."""
    found = [(host, int(database.get("PORT") or 5432)) for host in str(database.get("HOST") or "").split(",")]
    redis = urlsplit(redis_url)
    found.append((redis.hostname or "", redis.port or 6379))
    return [(host, port) for host, port in found if host and not host.startswith("/")]


def with_redis_database(url: str, number: int) -> str:
    """The same server's database `number`."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.netloc}{parts.path}?db={number}"  # urlunsplit drops an empty host's slashes
    return urlunsplit(parts._replace(path=f"/{number}"))


def broker(url: str) -> str:
    """The server's database 0 as Celery names it."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"redis+socket://{parts.netloc}{parts.path}?virtual_host=0"
    return with_redis_database(url, 0)
