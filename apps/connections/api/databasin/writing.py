"""A connection is made or changed as a client's document says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from apps.accounts.api.databasin import ownership
from apps.connections import services
from apps.connections.api.databasin.documents import Document
from apps.connections.api.databasin.reading import Reading
from apps.connections.models import Connection
from apps.connectors.api.databasin.resolution import meant
from apps.connectors.api.databasin.subtypes import subtype_of
from apps.dialects.caller import Caller
from apps.dialects.lists import Values
from apps.errors import Invalid, Refused

MAY_ALLOW_QUERIES = frozenset({"owner", "admin"})
STATES: Mapping[Any, bool] = {True: True, False: False, "active": True, "inactive": False, "1": True, "0": False}
ANSWERED = "success"
"""The `status` of our own answers, which a client may send back."""


def create(body: Mapping[str, Any], caller: Caller) -> Connection:
    """Raises Invalid, NotFound for a project or an institution that the caller does not see, Refused."""
    ownership.check_institution(body, caller)
    document = Document(body)
    name, connector, is_active = document.name(), document.connector(), _state(body)
    reading = Reading(document, connector, {}, {})
    said: Values = {
        "project_id": caller.project_id,
        "owner_id": caller.user_id,
        **ownership.owned(body, caller),
        "values": reading.values(),
        "details": reading.details(),
        "may_query": _may_query(body, caller) or False,
    }
    with _worded(reading.key):
        connection = services.create(
            organization_id=caller.organization_id,
            connector=connector,
            name=name,
            **said,
        )
    if is_active is False:
        services.switch_off(connection=connection)
    return connection


def change(connection: Connection, shown: Values, body: Mapping[str, Any], caller: Caller, *, at: datetime) -> None:
    """`shown`: how it is now. What a client sends back as it was shown asks for nothing. Raises as `create` does."""
    sent = _changed(body, shown)
    ownership.check_institution(sent, caller)
    document = Document(sent)
    _check_type(sent, connection)
    is_active = _state(sent)
    reading = Reading(document, connection.connector, connection.settings, connection.details)
    said: Values = {
        "name": document.name() if "connectorName" in sent else None,
        "values": reading.values() or None,
        "details": reading.details(),
        **ownership.owned(sent, caller),
        "may_query": _may_query(sent, caller),
    }
    with _worded(reading.key):
        services.change(connection=connection, **said)
    if is_active is True:
        services.switch_on(connection=connection, at=at)
    elif is_active is False:
        services.switch_off(connection=connection)


def _changed(body: Mapping[str, Any], shown: Values) -> Values:
    sent = {key: value for key, value in body.items() if key not in shown or shown[key] != value}
    if isinstance(sent.get("configuration"), dict):
        sent["configuration"] = _changed(sent["configuration"], shown["configuration"])
    return sent


def _check_type(sent: Mapping[str, Any], connection: Connection) -> None:
    """Raises Invalid when another type or sub-type is asked for than it has."""
    said = sent.get("connectorType"), sent.get("connectorSubType")
    subtype = subtype_of(connection.connector.name)
    if any(said) and subtype not in meant(*said):
        text = f"This is a connector of {subtype.category.name}, {subtype.name}: that cannot change; make another one."
        raise Invalid(text, field="connectorSubType")


def _state(sent: Mapping[str, Any]) -> bool | None:
    """Whether it is to be active; None where nothing is said of it. Raises Invalid."""
    said = {key: sent[key] for key in ("active", "isActive", "status") if sent.get(key) not in (None, "", ANSWERED)}
    unknown = [key for key, value in said.items() if not isinstance(value, str | int) or value not in STATES]
    if unknown:
        raise Invalid(f"{unknown[0]} says neither active nor inactive.", field=unknown[0])
    states = {STATES[value] for value in said.values()}
    if len(states) > 1:
        raise Invalid(f"{' and '.join(said)} contradict each other.", field=next(iter(said)))
    return next(iter(states), None)


def _may_query(sent: Mapping[str, Any], caller: Caller) -> bool | None:
    allowed = sent.get("allowQuery")
    if allowed is not None and not isinstance(allowed, bool):
        raise Invalid("allowQuery must be true or false.", field="allowQuery")
    if allowed and caller.role not in MAY_ALLOW_QUERIES:
        raise Refused("Only owners and admins may allow queries, by their own token or in the console: no key may.")
    return allowed


@contextmanager
def _worded(key_of: Callable[[str], str]) -> Iterator[None]:
    """Raises what a service raises in Databasin's words: by the keys that the client knows."""
    try:
        yield
    except Invalid as error:
        problems = [_problem(part, key_of(part.field)) if part.field else part for part in error.problems]
        first = problems[0]
        raise Invalid(first.message, code=first.code, field=first.field, problems=problems) from error


def _problem(problem: Invalid, key: str) -> Invalid:
    is_missing = problem.code == "missing_required_field"
    message = f"Missing required field: {key}" if is_missing else f"{key}: {problem.message}"
    return Invalid(message, code=problem.code, field=key)
