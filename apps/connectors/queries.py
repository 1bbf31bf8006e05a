"""What can be connected, what it asks for and what it can do: the last two are its driver's word."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from apps.connectors.models import Connector
from apps.errors import NotFound
from engine import registry
from engine.contract import ChecksFormats, Spec, Writes
from engine.looking import Browses, Queries
from engine.schema import Table

POWERS: dict[str, type] = {"writes": Writes, "browses": Browses, "queries": Queries}


def enabled() -> QuerySet[Connector]:
    return Connector.objects.filter(is_enabled=True)


def connector(name: str) -> Connector:
    """Raises NotFound, also for one that the operator has switched off."""
    try:
        return enabled().get(name=name)
    except Connector.DoesNotExist:
        raise NotFound(f"There is no connector named {name!r}.", field="connector") from None


def spec(connector: Connector) -> Spec:
    return registry.spec(connector.driver)


def capabilities(connector: Connector) -> tuple[str, ...]:
    """ "reads", which every driver does, and whatever else this one's class can."""
    driver = registry.driver_class(connector.driver)
    return ("reads", *(power for power, protocol in POWERS.items() if issubclass(driver, protocol)))


def missing(connector: Connector) -> str:
    """What must be installed before it can be connected, in words for people; "" for nothing."""
    return registry.missing(connector.driver)


def offered() -> list[tuple[Connector, str]]:
    """Those that may be connected, each with what must be installed before."""
    return sorted(((connector, missing(connector)) for connector in enabled()), key=lambda choice: bool(choice[1]))


def check_format(connector: Connector, table: Table, format_: Mapping[str, Any], *, is_written: bool) -> None:
    """Raises ConfigError for a place or a format that no file of such a store could have."""
    driver = registry.driver_class(connector.driver)
    if issubclass(driver, ChecksFormats):
        driver.check_format(table, format_, is_written=is_written)
