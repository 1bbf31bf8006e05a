"""What exports and imports have in common: how one is stored, removed and copied."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.connections.models import Connection
from apps.errors import Conflict, Invalid
from apps.flows.models import Export, Flow, Import
from apps.flows.services import rules
from apps.flows.services.scheduling import follow_connections

Resource = TypeVar("Resource", Export, Import)


def store(
    row: Resource,
    fields: Iterable[str],
    values: Mapping[str, Any],
    problems: Callable[[Resource], list[Invalid]],
    *,
    complete: Callable[[Resource], None] = lambda _row: None,
) -> Resource:
    """Sets what is given, nothing else than `fields`, then what follows from it, and saves.

    Raises Invalid with every problem.
    """
    former = row.connection_id
    fill(row, fields, values, problems, complete=complete)
    try:
        with transaction.atomic():
            row.save()
            if row.connection_id != former:
                follow_connections(Flow.objects.filter(id__in=row.steps.values("flow")))
    except IntegrityError as error:
        raise Conflict("It could not be stored: something it refers to has gone.") from error
    return row


def fill(
    row: Resource,
    fields: Iterable[str],
    values: Mapping[str, Any],
    problems: Callable[[Resource], list[Invalid]],
    *,
    complete: Callable[[Resource], None] = lambda _row: None,
) -> Resource:
    """The same, not saved yet."""
    rules.assign(row, fields, values)
    complete(row)
    rules.raise_all(problems(row))
    return row


def remove(row: Export | Import) -> None:
    """Raises Conflict while a flow uses it."""
    try:
        row.delete()
    except ProtectedError as error:
        raise Conflict(f"A flow still uses this {type(row).__name__.lower()}.", code="in_use") from error


def copied(
    row: Export | Import, fields: Iterable[str], *, name: str, connections: Mapping[str, Connection] | None
) -> dict[str, Any]:
    """The values of a copy under another name; `connections`, by the old one's uid, take its place where given."""
    values = {field: getattr(row, field) for field in fields} | {"name": name or f"Clone of {row.name}"}
    values["connection"] = (connections or {}).get(row.connection.uid, row.connection)
    return values
