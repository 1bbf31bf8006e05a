"""Settings that contradict each other or are unsafe where they are used: each with an id, and what to do about it."""

import os
from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connections

from apps.connections.services import sealing
from config import home
from engine.toolkit.egress import METADATA

Messages = Iterator[checks.CheckMessage]

LOOPBACK = {"localhost", ".localhost", "127.0.0.1", "[::1]", "testserver"}
"""`testserver` is what Django's own test client calls itself."""

SHORTEST_KEY = 32
FEWEST_CHARACTERS = 8


def is_public() -> bool:
    """Whether anybody but this machine is answered."""
    return bool(set(settings.ALLOWED_HOSTS) - LOOPBACK)


def refuse() -> None:
    """For programs that Django does not check. Raises ImproperlyConfigured with every error and its hint."""
    if errors := [message for message in check_settings(None) if message.is_serious()]:
        raise ImproperlyConfigured("\n".join(f"{error.id}: {error.msg} {error.hint}" for error in errors))


@checks.register(checks.Tags.security)
def check_settings(app_configs: Any, **_options: Any) -> list[checks.CheckMessage]:
    del app_configs
    return [message for check in CHECKS for message in check()]


@checks.register(checks.Tags.database)
def check_connections(app_configs: Any, databases: Iterable[str] | None = None, **_options: Any) -> Messages:
    """Only where a command asks for the database's checks, as `migrate` does."""
    del app_configs
    if "default" not in (databases or ()):
        return
    workers = os.cpu_count() or 1
    needed = workers * settings.WEB_THREADS + 3 * settings.CELERY_WORKER_CONCURRENCY + 10
    try:
        with connections["default"].cursor() as cursor:
            cursor.execute("SELECT current_setting('max_connections')::int")
            allowed = cursor.fetchone()[0]
    except DatabaseError:
        return  # the command that asked will say so in its own words
    if allowed < needed:
        yield checks.Warning(
            f"The database takes {allowed} connections; {workers} web processes and one worker may need {needed}.",
            hint="Raise PostgreSQL's max_connections, or lower WEB_THREADS or JOB_SYNC_SLOTS.",
            id="crossdock.W001",
        )


def _debug() -> Messages:
    if settings.DEBUG and is_public():
        yield checks.Error(
            "DEBUG shows settings and source to whoever makes a page fail, and ALLOWED_HOSTS lets others in.",
            hint="Unset DEBUG, or leave ALLOWED_HOSTS at this machine's own names.",
            id="crossdock.E001",
        )


def _hosts() -> Messages:
    if "*" in settings.ALLOWED_HOSTS:
        yield checks.Error(
            "ALLOWED_HOSTS=* believes whatever name a request claims, and links are made from it.",
            hint="Name the hosts that this installation answers to, with commas between them.",
            id="crossdock.E002",
        )


def _secret_key() -> Messages:
    key = settings.SECRET_KEY
    if len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_CHARACTERS or key.startswith("django-insecure-"):
        yield checks.Error(
            "SECRET_KEY can be guessed: tokens and sessions are signed with it.",
            hint="Unset it to have one made, or set 50 random characters.",
            id="crossdock.E003",
        )


def _sealing_keys() -> Messages:
    try:
        sealing.keyring()
    except ImproperlyConfigured as error:
        yield checks.Error(
            f"{error}.",
            hint="SEALING_KEYS is `id:base64 of 32 random bytes`, several with commas between them, the newest first.",
            id="crossdock.E004",
        )


def _rate_limits() -> Messages:
    if not settings.RATE_LIMITS and is_public():
        yield checks.Error(
            "RATE_LIMITS is off, so passwords can be tried without end, and ALLOWED_HOSTS lets others in.",
            hint="Unset RATE_LIMITS; it can be off on this machine alone.",
            id="crossdock.E005",
        )


def _stores() -> Messages:
    if bool(settings.DATABASE_URL) != bool(settings.REDIS_URL):
        given, missing = ("DATABASE_URL", "REDIS_URL") if settings.DATABASE_URL else ("REDIS_URL", "DATABASE_URL")
        kind = checks.Error if "DYNO" in os.environ else checks.Warning
        yield kind(
            f"{given} is set and {missing} is not: an embedded server takes its place, which no other machine sees.",
            hint=f"Set {missing} too, or neither.",
            id="crossdock.E006" if "DYNO" in os.environ else "crossdock.W002",
        )


def _egress() -> Messages:
    for text in settings.EGRESS_ALLOW:
        try:
            network = ip_network(text, strict=False)
        except ValueError:
            yield checks.Error(
                f"EGRESS_ALLOW holds {text!r}, which is no network in CIDR notation.",
                hint="Write networks as 10.1.0.0/16 or fd12:3456::/32, with commas between them.",
                id="crossdock.E007",
            )
            continue
        if any(network.version == other.version and network.overlaps(other) for other in METADATA):
            yield checks.Error(
                f"EGRESS_ALLOW holds {text}, in which cloud providers serve their machines' secrets.",
                hint="Name smaller networks: metadata addresses are refused whatever is allowed.",
                id="crossdock.E008",
            )


def _files() -> Messages:
    state = home.folder().resolve()
    for root in settings.FILE_ROOTS:
        if state == root.resolve() or state.is_relative_to(root.resolve()):
            yield checks.Error(
                f"FILE_ROOTS holds {root}, in which our own keys lie: connections could read them.",
                hint="Name folders that hold nothing but data.",
                id="crossdock.E009",
            )


def _https() -> Messages:
    if is_public() and not settings.IS_HTTPS:
        yield checks.Warning(
            "Others are let in by http: keys, passwords and cookies travel in clear.",
            hint="Put a proxy that speaks https in front, and set HTTPS=1 and TRUSTED_PROXIES=1.",
            id="crossdock.W003",
        )
    if settings.IS_HTTPS and not settings.TRUSTED_PROXIES:
        yield checks.Warning(
            "HTTPS=1 redirects all that came by http, and no proxy is trusted to say what came by https.",
            hint="Set TRUSTED_PROXIES to the number of proxies in front, unless granian itself speaks https.",
            id="crossdock.W004",
        )


CHECKS = (_debug, _hosts, _secret_key, _sealing_keys, _rate_limits, _stores, _egress, _files, _https)
