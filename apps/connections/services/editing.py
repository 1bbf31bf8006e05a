"""Making and changing connections."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction

from apps.connections import queries
from apps.connections.models import SECRETS_MISSING, Connection
from apps.connections.services import sealing
from apps.connections.services.metadata_storing import forget
from apps.connections.services.values import Checked, Present, check, is_line
from apps.connections.services.wording import listed
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.errors import Invalid
from apps.jobs import services as jobs
from engine.toolkit.masking import STARS

LONGEST_NAME = 255


def create(
    *,
    organization_id: int,
    project_id: int | None,
    connector: Connector,
    name: str,
    values: Mapping[str, Any],
    external_id: str = "",
    document: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    owner_id: int | None = None,
    may_query: bool = False,
) -> Connection:
    """A connection from its settings and secrets, mixed in `values`. Raises Invalid with every problem."""
    if not connector.is_enabled:
        raise Invalid(f"{connector.label} may not be connected here.", code="connector_disabled", field="connector")
    if missing := connectors.missing(connector):
        raise Invalid(f"{connector.label}: {missing}", code="driver_not_installed", field="connector")
    connection = Connection(
        organization_id=organization_id,
        project_id=project_id,
        connector=connector,
        name=_label("name", name, required=True),
        external_id=_label("external_id", external_id),
        document=dict(document or {}),
        details=dict(details or {}),
        owner_id=owner_id,
        may_query=may_query,
    )
    _store(connection, check(connectors.spec(connector), values))
    return connection


def change(
    *,
    connection: Connection,
    name: str | None = None,
    external_id: str | None = None,
    values: Mapping[str, Any] | None = None,
    replace: bool = False,
    document: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    project_id: int | None = None,
    owner_id: int | None = None,
    may_query: bool | None = None,
) -> Connection:
    """What is given changes, the rest stays; with `replace`, a setting or secret that `values` leaves out is erased.

    Stars leave a secret as it is. When a setting that binds the secrets to their system changes, secrets that do not
    come in the same call are cleared, and the connection is offline until they are entered again and it passes a test.
    Raises Invalid, NotFound, and CredentialsError when a secret that is to stay cannot be read.
    """
    with transaction.atomic():
        row = queries.connection_for_update(connection.id)
        row.name = row.name if name is None else _label("name", name, required=True)
        row.external_id = row.external_id if external_id is None else _label("external_id", external_id)
        others = {
            "document": document,
            "details": details,
            "project_id": project_id,
            "owner_id": owner_id,
            "may_query": may_query,
        }
        for field, value in others.items():
            if value is not None:
                setattr(row, field, value)
        if values is None:
            row.save()
        else:
            _change_values(row, values, replace=replace)
    return row


def clone(*, connection: Connection, name: str) -> Connection:
    """A copy without the secrets, which belong to the original alone: it is offline until they are entered."""
    copy = Connection(
        organization_id=connection.organization_id,
        project_id=connection.project_id,
        connector=connection.connector,
        name=_label("name", name, required=True),
        document=connection.document,
        details=connection.details,
        owner_id=connection.owner_id,
    )
    lost = queries.held_secrets(connection)
    without = Checked(dict(connection.settings), entered={}, kept=frozenset(), lost=lost)
    _store(copy, without, offline_reason="A copy comes without its secrets: enter them." if lost else "")
    return copy


def _change_values(connection: Connection, values: Mapping[str, Any], *, replace: bool) -> None:
    spec = connectors.spec(connection.connector)
    present = Present(connection.settings, queries.held_secrets(connection))
    checked = check(spec, values, present=present, replace=replace)
    lost = [field.label for field in spec.fields if field.name in checked.lost]
    if checked.entered or checked.lost or checked.settings != connection.settings:
        forget(connection=connection)
    reason = f"{listed(lost)} must be entered again: the connection leads elsewhere now." if lost else ""
    _store(connection, checked, offline_reason=reason)


def _store(connection: Connection, checked: Checked, *, offline_reason: str = "") -> None:
    """Saves what was checked. With a reason, nothing runs over the connection until it passes a test."""
    connection.sealed = _sealed(connection, checked)
    connection.settings = checked.settings
    connection.shown = checked.settings | dict.fromkeys(sorted({*checked.entered, *checked.kept}), STARS)
    if offline_reason:
        connection.is_offline, connection.offline_reason = True, offline_reason
        connection.offline_code = SECRETS_MISSING
    with transaction.atomic():
        connection.save()
        if offline_reason:
            jobs.pause_schedules(needs=connection.uid, reason=offline_reason)


def _sealed(connection: Connection, checked: Checked) -> str:
    """The new blob; the old one is opened only when some of its secrets stay and others do not."""
    if not checked.entered and checked.kept == queries.held_secrets(connection):
        return connection.sealed
    kept = sealing.unseal_secrets(connection) if checked.kept else {}
    staying = {name: secret for name, secret in kept.items() if name in checked.kept}
    return sealing.seal_secrets(connection, staying | checked.entered)


def _label(field: str, value: object, *, required: bool = False) -> str:
    label = field.replace("_", " ").capitalize()
    if not isinstance(value, str) or not is_line(value, LONGEST_NAME):
        raise Invalid(f"{label} must be one line of at most {LONGEST_NAME} characters.", field=field)
    if required and not value.strip():
        raise Invalid(f"{label} is required.", code="missing_required_field", field=field)
    return value
