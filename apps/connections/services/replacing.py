"""Another account at the same kind of system: tried first, and stored only if the system lets it in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.accounts.models import new_uid
from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connections.services.availability import mark_online
from apps.connections.services.editing import change
from apps.connections.services.opening import opened_with
from apps.connections.services.starting import start
from apps.connections.services.testing import failure_of, told
from apps.connections.services.values import Checked, Present, check
from apps.connectors import queries as connectors
from apps.jobs import services as jobs
from apps.jobs.models import Job

KIND = "connection_change"


def start_replacement(*, connection: Connection, values: Mapping[str, Any], at: datetime) -> Job:
    """The job that tries the settings and secrets, mixed in `values`, and stores them in the place of all that are
    there if they work; its result is {"ok", "code", "message"}. They travel sealed in the job, which erases them at its
    end.

    Raises Invalid with every problem.
    """
    _checked(connection, values)
    uid = new_uid()
    sealed = sealing.seal({"values": dict(values)}, sealing.place_of_job(uid))
    return start(kind=KIND, connection=connection, sealed_params=sealed, uid=uid, at=at)


def run(work: jobs.Work) -> None:
    """The runner of KIND."""
    connection = queries.connection(work.job.subject_id)
    values = sealing.unseal(work.sealed_params, sealing.place_of_job(work.job.uid))["values"]
    checked = _checked(connection, values)
    kept = sealing.unseal_secrets(connection) if checked.kept else {}
    secrets = {name: secret for name, secret in kept.items() if name in checked.kept} | checked.entered
    opening = opened_with(
        connection.connector, checked.settings, secrets, organization=connection.organization, purpose="test"
    )
    failure = failure_of(work, opening)
    if failure is None:
        mark_online(connection=change(connection=connection, values=values, replace=True), at=timezone.now())
    work.answer(told(failure))


def _checked(connection: Connection, values: Mapping[str, Any]) -> Checked:
    present = Present(connection.settings, queries.held_secrets(connection))
    return check(connectors.spec(connection.connector), values, present=present)
