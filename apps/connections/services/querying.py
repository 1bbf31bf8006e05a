"""SQL of a caller's own over a connection: it only reads, its answer is bounded, and who asked is remembered."""

import hashlib
import hmac
import logging
import time
from datetime import datetime
from typing import Any, cast

import orjson
from django.conf import settings
from django.utils import timezone

from apps.accounts.models import new_uid
from apps.connections import queries
from apps.connections.models import Connection
from apps.connections.services import sealing
from apps.connections.services.availability import mark_offline
from apps.connections.services.browsing import check_online
from apps.connections.services.opening import interruptible, opened
from apps.connections.services.starting import start
from apps.connectors import queries as connectors
from apps.dialects.caller import Caller
from apps.errors import Invalid, Refused
from apps.jobs import services as jobs
from apps.jobs.models import Job, Result, State
from engine.errors import ConfigError, CredentialsError, EngineError, TransientError
from engine.looking import Answer, Limits, Queries

KIND = "connection_query"
ROWS, MOST_ROWS = 1_000, 10_000
LONGEST_SQL = 100_000
SECONDS = 20.0
ANSWER_BYTES = 4_500_000
TOO_SLOW = {"timeout", "timed_out"}
VERDICTS = (ConfigError, CredentialsError, TransientError)
"""What a statement's system may say of it: the query's answer, and no failure of its job."""

log = logging.getLogger(__name__)


def start_query(*, connection: Connection, sql: str, caller: Caller, at: datetime, rows: int = ROWS) -> Job:
    """The queued job; `answered` gives what came of it. The statement travels sealed, and the job erases it at its end.

    Raises Refused where the connection may not be queried; Invalid for a connector that cannot be, for a statement
    that is empty or too long, and for `rows` beyond 1 to MOST_ROWS; Conflict while the connection is offline.
    """
    _check(connection, sql, rows)
    check_online(connection)
    uid = new_uid()
    return start(
        kind=KIND,
        connection=connection,
        labels={"user": caller.user_uid, "key": caller.key_uid, "digest": _digest(sql)},
        params={"rows": rows},
        sealed_params=sealing.seal({"sql": sql}, sealing.place_of_job(uid)),
        uid=uid,
        at=at,
    )


def run(work: jobs.Work) -> None:
    """The runner of KIND. Raises Refused when the connection may not be queried any more."""
    connection = queries.connection(work.job.subject_id)
    sql: str = sealing.unseal(work.sealed_params, sealing.place_of_job(work.job.uid))["sql"]
    _check(connection, sql, work.params["rows"])
    began = time.monotonic()
    answer = _asked(work, connection, sql)
    milliseconds = round((time.monotonic() - began) * 1000)
    _remember(work, rows=len(answer.get("rows", ())), milliseconds=milliseconds)
    work.answer(answer | {"milliseconds": milliseconds})


def answered(job: Job) -> dict[str, Any]:
    """What came of an ended query: {"ok": true, "columns", "rows", "truncated", "milliseconds"}, or {"ok": false,
    "code", "message", "milliseconds"}. It is told once: rows of a customer's are kept no longer than they must."""
    result = Result.objects.filter(job=job).first()
    if result is None:
        message = job.error_message or f"The query was {job.state}."
        if job.state == State.COMPLETED:
            message = "The answer was taken already, or is older than an hour."
        return {"ok": False, "code": job.error_code or job.state, "message": message, "milliseconds": 0}
    answer: dict[str, Any] = orjson.loads(bytes(result.body))
    result.delete()
    return {"milliseconds": 0, **answer}


def _check(connection: Connection, sql: str, rows: int) -> None:
    if "queries" not in connectors.capabilities(connection.connector):
        raise Invalid(f"{connection.connector.label} cannot be queried with SQL.", code="cannot_query")
    if not connection.may_query:
        raise Refused(
            "This connector may not be queried. An owner or admin of the organisation can allow it, in the console or, "
            "signed in as a person, with allowQuery: true.",
            code="query_not_allowed",
        )
    if not sql.strip() or len(sql) > LONGEST_SQL:
        raise Invalid(f"sql must be a statement of at most {LONGEST_SQL:,} characters.", field="sql")
    if not 1 <= rows <= MOST_ROWS:
        raise Invalid(f"limit must be a whole number from 1 to {MOST_ROWS:,}.", field="limit")


def _asked(work: jobs.Work, connection: Connection, sql: str) -> dict[str, Any]:
    limits = Limits(rows=work.params["rows"], bytes=ANSWER_BYTES, seconds=SECONDS)
    try:
        with work.stop.telling(), opened(connection, purpose="query") as driver, interruptible(driver, work):
            return _told(cast("Queries", driver).query(sql, limits))
    except VERDICTS as error:
        if isinstance(error, CredentialsError):
            mark_offline(connection=connection, reason=error.message, code=error.code, at=timezone.now())
        return {"ok": False, "code": error.code, "message": _message(error)}


def _told(answer: Answer) -> dict[str, Any]:
    return {"ok": True, "columns": answer.columns, "rows": answer.rows, "truncated": answer.is_cut}


def _message(error: EngineError) -> str:
    if error.code in TOO_SLOW:
        return f"The statement took longer than {SECONDS:g} seconds and was ended."
    return error.message


def _remember(work: jobs.Work, *, rows: int, milliseconds: int) -> None:
    """Who asked, when, of what and how much: in the job's row, which stays, and in the operator's log. Not what was
    asked: a statement may hold what nobody should find in a log."""
    labels = work.job.labels
    work.progress(records_read=rows)
    work.log("info", f"Read {rows:,} rows in {milliseconds:,} ms.", digest=labels["digest"])
    who = f"user {labels['user']} key {labels['key'] or '-'}"
    told = (labels["connection"], who, rows, milliseconds, labels["digest"])
    log.info("Query over connection %s by %s: %d rows, %d ms, statement %s", *told)


def _digest(sql: str) -> str:
    """The same for the same statement. Under our key, so that nobody can guess at what was asked."""
    return hmac.new(settings.SECRET_KEY.encode(), sql.encode(), hashlib.sha256).hexdigest()[:16]
