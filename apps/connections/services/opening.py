"""The one place where secrets are opened: for as long as a driver lives, in the process that uses it."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext, suppress
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from apps.accounts.models import Organization
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connections.services.availability import mark_offline
from apps.connectors.models import Connector
from apps.jobs.services import Work
from engine import registry
from engine.contract import Driver, Interruptible
from engine.errors import ConfigError, CredentialsError, EngineError
from engine.toolkit.egress import Egress
from engine.toolkit.masking import Secret, mask, masked
from engine.toolkit.surroundings import Surroundings


@contextmanager
def opened(connection: Connection, *, purpose: str = "run") -> Iterator[Driver]:
    """A driver for the connection; `purpose` is shown to the system it connects to.

    Raises CredentialsError `credentials_unreadable`, and every EngineError of the driver with secrets masked.
    """
    secrets = _unsealed(connection)
    organization, connector = connection.organization, connection.connector
    with opened_with(connector, connection.settings, secrets, organization=organization, purpose=purpose) as driver:
        yield driver


@contextmanager
def opened_with(
    connector: Connector,
    values: Mapping[str, Any],
    secrets: Mapping[str, Secret],
    *,
    organization: Organization,
    purpose: str,
) -> Iterator[Driver]:
    """The same for settings and secrets that belong to no stored connection. Raises ConfigError `driver_not_installed`
    where the system's client library is missing."""
    revealed = {name: secret.reveal() for name, secret in secrets.items()}
    driver_class = registry.usable_class(connector.driver)
    around = surroundings(organization, purpose=purpose)
    with masked(secrets.values()), _errors_masked(), closing(driver_class(values, revealed, around)) as driver:
        yield driver


def interruptible(driver: Driver, work: Work) -> AbstractContextManager[None]:
    """While open, what the driver waits for is broken off when the job is to stop at once."""
    return work.stop.interruptible(driver.interrupt) if isinstance(driver, Interruptible) else nullcontext()


def surroundings(organization: Organization, *, purpose: str) -> Surroundings:
    """What the organisation's connections may touch.

    Networks: public ones, those of EGRESS_ALLOW and the organisation's own; never our own servers. Files: under each
    of FILE_ROOTS the folder named after the organisation's uid, so that no organisation sees another's.
    """
    egress = Egress(
        allow=_networks([*settings.EGRESS_ALLOW, *organization.allowed_networks]),
        deny=tuple(settings.EGRESS_DENY),
    )
    return Surroundings(egress=egress, folders=_folders(organization), name=f"crossdock {purpose}")


def _folders(organization: Organization) -> tuple[Path, ...]:
    """Made where they are missing and can be made: a file that is written to needs its folder."""
    folders = tuple(Path(root) / organization.uid for root in settings.FILE_ROOTS)
    for folder in folders:
        with suppress(OSError):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folders


def _unsealed(connection: Connection) -> dict[str, Secret]:
    try:
        return sealing.unseal_secrets(connection)
    except CredentialsError as error:
        mark_offline(connection=connection, reason=error.message, code=error.code, at=timezone.now())
        raise


@contextmanager
def _errors_masked() -> Iterator[None]:
    try:
        yield
    except EngineError as error:
        error.message = mask(error.message)
        error.args = (error.message,)
        raise


def _networks(texts: Iterable[str]) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(text, strict=False) for text in texts)
    except ValueError as error:
        raise ConfigError("An allowed network is not in CIDR notation.", code="invalid_network") from error
