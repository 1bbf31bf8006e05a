"""Asking a connection's system whether it lets us in. A refusal is the test's answer, not the job's failure."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from django.utils import timezone

from apps.accounts.models import Organization, new_uid
from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connections.services.availability import mark_offline, mark_online
from apps.connections.services.opening import interruptible, opened, opened_with
from apps.connections.services.starting import start
from apps.connections.services.values import check
from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.jobs import services as jobs
from apps.jobs.models import Job, State
from apps.jobs.queries import answer
from engine.contract import Driver
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.toolkit.masking import Secret

KIND = "connection_test"
VERDICTS = (ConfigError, CredentialsError, TransientError)
"""What a test finds out. Anything else that is raised is a fault of the test itself and fails its job."""


def start_test(*, connection: Connection, at: datetime) -> Job:
    """The queued job; its result is {"ok", "code", "message"}."""
    return start(
        kind=KIND,
        connection=connection,
        at=at,
    )


def start_unsaved_test(
    *, organization_id: int, project_id: int | None, connector: Connector, values: Mapping[str, Any], at: datetime
) -> Job:
    """The same for values that nothing keeps: they travel sealed in the job, which erases them at its end.

    Raises Invalid with every problem of the values.
    """
    checked = check(connectors.spec(connector), values)
    secrets = {name: secret.reveal() for name, secret in checked.entered.items()}
    uid = new_uid()
    return jobs.start(
        kind=KIND,
        subject_id=0,
        subject_uid="",
        organization_id=organization_id,
        project_id=project_id,
        params={"connector": connector.name},
        sealed_params=sealing.seal({"settings": checked.settings, "secrets": secrets}, sealing.place_of_job(uid)),
        uid=uid,
        at=at,
    )


def verdict(job: Job) -> dict[str, Any]:
    """Of an ended test: {"ok", "code", "message"}. One that came to no end says why."""
    found = answer(job) if job.state == State.COMPLETED else None
    if found is not None:
        return found
    message = job.error_message or f"The test was {job.state}."
    return {"ok": False, "code": job.error_code or job.state, "message": message}


def run(work: jobs.Work) -> None:
    """The runner of KIND: answers {"ok", "code", "message"}."""
    if work.sealed_params:
        failure = failure_of(work, _opened_unsaved(work))
    else:
        connection = queries.connection(work.job.subject_id)
        failure = failure_of(work, opened(connection, purpose="test"))
        _remember(connection, failure)
    work.answer(told(failure))


def failure_of(work: jobs.Work, opening: AbstractContextManager[Driver]) -> EngineError | None:
    """What keeps the system from letting us in, None for nothing. Raises what is no finding about it."""
    try:
        with work.stop.telling(), opening as driver, interruptible(driver, work):
            driver.check()
    except VERDICTS as error:
        return error
    return None


def _opened_unsaved(work: jobs.Work) -> AbstractContextManager[Driver]:
    document = sealing.unseal(work.sealed_params, sealing.place_of_job(work.job.uid))
    secrets = {name: Secret(value) for name, value in document["secrets"].items()}
    organization = Organization.objects.get(id=work.job.organization_id)
    connector = connectors.connector(work.params["connector"])
    return opened_with(connector, document["settings"], secrets, organization=organization, purpose="test")


def _remember(connection: Connection, failure: EngineError | None) -> None:
    """What only a person can mend takes the connection offline; a system that may answer later says nothing new."""
    at = timezone.now()
    if failure is None:
        mark_online(connection=connection, at=at)
    elif not isinstance(failure, TransientError):
        mark_offline(connection=connection, reason=failure.message, code=failure.code, at=at)


def told(failure: EngineError | None) -> dict[str, Any]:
    """{"ok", "code", "message"}."""
    if failure is None:
        return {"ok": True, "code": "", "message": "The system answers and accepts the credentials."}
    return {"ok": False, "code": failure.code, "message": failure.message}
