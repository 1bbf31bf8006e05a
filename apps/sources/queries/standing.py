"""How source connections are: by their connection, their syncs and what has landed, never by a word that is stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from apps.connections.models import NEEDS_SECRETS
from apps.sources.queries.activity import SYNC

STATUS = f"""CASE
WHEN last.state IN ('queued', 'running', 'cancelling') THEN 'syncing'
WHEN connection.is_offline AND connection.offline_code IN ({", ".join(f"'{code}'" for code in NEEDS_SECRETS)})
    THEN 'needs_reauth'
WHEN connection.is_offline OR ended.state = 'failed' THEN 'error'
WHEN ended.state = 'completed' OR connection.checked_at IS NOT NULL OR row.connection_id IS NULL THEN 'connected'
ELSE 'pending' END"""
"""The dialect's word for how a source connection is; records that are pushed need no connection."""
MESSAGE = """CASE WHEN connection.is_offline THEN connection.offline_reason
WHEN ended.state = 'failed' THEN ended.error_message ELSE '' END"""


def _jobs(name: str, condition: str) -> str:
    return f"""LEFT JOIN LATERAL (
        SELECT * FROM jobs_job WHERE kind = '{SYNC}' AND subject_id = row.id {condition} ORDER BY id DESC LIMIT 1
    ) {name} ON true"""  # noqa: S608 (ours)


PRESENT = f"""sources_sourceconnection row
JOIN sources_collection collection ON collection.id = row.collection_id
LEFT JOIN connections_connection connection ON connection.id = row.connection_id
LEFT JOIN connectors_connector connector ON connector.id = connection.connector_id
{_jobs("last", "")}
{_jobs("ended", "AND state IN ('completed', 'failed')")}"""
SOURCE = f"""{PRESENT} CROSS JOIN LATERAL (
    SELECT count(*) AS streams, coalesce(sum(record_count), 0)::bigint AS records
    FROM sources_stream WHERE source_connection_id = row.id AND removed_at IS NULL
) totals"""  # noqa: S608 (ours)

STANDINGS = f"""SELECT row.id, {STATUS}, {MESSAGE}, totals.streams, totals.records, last.id, last.state,
    coalesce(last.ended_at, last.started_at, last.created_at)
FROM {SOURCE} WHERE row.id = ANY(%s)"""  # noqa: S608 (ours)
IN_ERROR = f"""SELECT count(*) FROM {PRESENT}
WHERE row.id = ANY(%s) AND {STATUS} IN ('error', 'needs_reauth')"""  # noqa: S608 (ours)


@dataclass(frozen=True, slots=True)
class Standing:
    """`status` and `message`: as clients are told. `sync`: the id of the last job, None before there was one; `state`
    and `at`: how and when it ended or stands."""

    status: str
    message: str
    streams: int
    records: int
    sync: int | None
    state: str | None
    at: datetime | None


def standings(source_connection_ids: Sequence[int]) -> dict[int, Standing]:
    """By id."""
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, [list(source_connection_ids)])
        rows = cursor.fetchall()
    return {key: Standing(*told) for key, *told in rows}


def in_error(source_connection_ids: Sequence[int]) -> int:
    """How many of them somebody has to look at."""
    with connection.cursor() as cursor:
        cursor.execute(IN_ERROR, [list(source_connection_ids)])
        (count,) = cursor.fetchone()
    return int(count)
