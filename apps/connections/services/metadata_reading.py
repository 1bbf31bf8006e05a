"""Reading what a connection's system holds: what is kept of it, or live where nothing is kept yet."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from apps.connections.models import Connection
from apps.connections.queries import metadata as kept
from apps.connections.queries.metadata import Level, Place, Row
from apps.connections.services.metadata import start_refresh
from apps.connections.services.metadata_looks import start_look
from apps.errors import Conflict, Invalid, NotFound
from apps.jobs.models import Job, State
from apps.jobs.queries import answer
from engine.errors import EngineError

UNKNOWN = {"unknown_catalog", "unknown_schema", "unknown_table", "unknown_folder", "unknown_file"}
REFUSED = {"ambiguous_table", "cannot_browse", "too_many_tables", "unsupported"}
FAULTS = {"internal", "driver_bug", "poison"}


@dataclass(frozen=True, slots=True)
class Found:
    """`at`: when the system was asked."""

    rows: list[Row]
    at: datetime


def find(*, connection: Connection, level: Level, place: Place, is_live: bool, at: datetime) -> Found | Job:
    """What is kept; else the look that has begun, for `looked`, and where nothing is kept yet, a refresh beside it.

    Raises NotFound and Invalid as `queries.metadata.rows` does, Invalid and Conflict as `start_look` does.
    """
    metadata = None if is_live else kept.current(connection)
    found = None if metadata is None else Found(kept.rows(metadata, level, place), metadata.created_at)
    if found is not None and not any(row.get("columns", ()) is None for row in found.rows):
        return found
    job = start_look(connection=connection, level=level, place=place, at=at)
    if not is_live and metadata is None:
        start_refresh(connection=connection, at=at)
    return job


def looked(job: Job) -> Found:
    """What an ended look has found. Raises what `outcome` does, Invalid when it is too much."""
    found = outcome(job)
    if "rows" not in found:
        raise Invalid(f"{found['message']} Name a schema.", code="too_large", field="schema")
    return Found(found["rows"], job.started_at or job.created_at)


def outcome(job: Job) -> dict[str, Any]:
    """The result of an ended look or refresh. Raises NotFound for a name that the system does not know, Invalid for
    what cannot be told of it, Conflict when it could not be asked."""
    found = answer(job) if job.state == State.COMPLETED else None
    if found is not None:
        return found
    message = job.error_message or f"The job was {job.state}."
    if job.error_code in UNKNOWN:
        raise NotFound(message, code=job.error_code)
    if job.error_code in REFUSED:
        raise Invalid(message, code=job.error_code)
    if job.error_code in FAULTS:
        raise EngineError(message, code=job.error_code)
    raise Conflict(message, code=job.error_code or job.state, job=job.uid)
