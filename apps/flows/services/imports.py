"""The write side."""

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError

from apps.connections.models import Connection
from apps.errors import Conflict, Invalid
from apps.flows.models import Flow, Import
from apps.flows.services import rules
from apps.flows.services.scheduling import follow_connections

FIELDS = (
    "connection",
    "name",
    "description",
    "target",
    "mode",
    "key",
    "mapping",
    "filter",
    "allow_empty",
    "document",
)


def create_import(*, organization_id: int, project_id: int | None, values: Mapping[str, Any]) -> Import:
    """`values` by the model's field names; `connection` is a Connection of the same organisation. Raises Invalid."""
    return _store(Import(organization_id=organization_id, project_id=project_id), values)


def change_import(*, import_: Import, values: Mapping[str, Any]) -> Import:
    """Changes the fields that are given."""
    return _store(import_, values)


def remove_import(*, import_: Import) -> None:
    """Raises Conflict while a flow uses it."""
    try:
        import_.delete()
    except ProtectedError as error:
        raise Conflict("A flow still uses this import.", code="in_use") from error


def clone_import(*, import_: Import, name: str = "", connections: Mapping[str, Connection] | None = None) -> Import:
    """A copy under another name; `connections` (by the old one's uid) takes its place where it is given."""
    values = {field: getattr(import_, field) for field in FIELDS} | {"name": name or f"Clone of {import_.name}"}
    values["connection"] = (connections or {}).get(import_.connection.uid, import_.connection)
    return create_import(organization_id=import_.organization_id, project_id=import_.project_id, values=values)


def _store(import_: Import, values: Mapping[str, Any]) -> Import:
    former = import_.connection_id
    rules.assign(import_, FIELDS, values)
    rules.raise_all(_problems(import_))
    try:
        with transaction.atomic():
            import_.save()
            if import_.connection_id != former:
                follow_connections(Flow.objects.filter(steps__destination=import_).distinct())
    except IntegrityError as error:
        raise Conflict("The import could not be stored: something it refers to has gone.") from error
    return import_


def _problems(import_: Import) -> list[Invalid]:
    problems = rules.common_problems(import_)
    if not import_.target.get("table"):
        text = "An import into a database needs a table."
        problems.append(Invalid(text, code="missing_required_field", field="target"))
    if import_.mode == Import.Mode.UPSERT and not import_.key:
        text = "An upsert needs the key that tells whether a record is there already."
        problems.append(Invalid(text, code="missing_required_field", field="key"))
    problems += rules.mapping_problems(import_.mapping)
    return problems
