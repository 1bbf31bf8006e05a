"""Source connections and their syncs as the dialect shows them: in one statement, without any secret."""

from apps.dialects.lists import Document, Listing, Values, document
from apps.dialects.moments import moment
from apps.dialects.sources import ids
from apps.sources.api.sources.fields import credentials_of
from apps.sources.models import COUNTS
from apps.sources.queries.standing import MESSAGE, SOURCE, STATUS


def as_json(columns: dict[str, str]) -> str:
    """An SQL expression that gives an object of them."""
    pairs = ", ".join(f"'{name}', {expression}" for name, expression in columns.items())
    return f"jsonb_build_object({pairs})"


def sync_columns(job: str) -> dict[str, str]:
    """What is told of a sync, whose row is called `job` and whose counts `<job>_counts`."""
    return {
        "id": ids.shown(ids.SYNC, f"{job}.uid"),
        "status": f"{job}.state",
        "mode": f"coalesce({job}.params->>'mode', '')",
        "trigger": f"{job}.origin",
        "createdAt": moment(f"{job}.created_at"),
        "startedAt": moment(f"{job}.started_at"),
        "endedAt": moment(f"{job}.ended_at"),
        **{name: f"{job}_counts.{name}" for name in COUNTS},
        "error": f"CASE WHEN {job}.error_code <> '' THEN "
        f"jsonb_build_object('code', {job}.error_code, 'message', {job}.error_message) END",
    }


def counts_of(job: str) -> str:
    """What has to be joined to the row of a job for that."""
    sums = ", ".join(f"coalesce(sum({name}), 0)::bigint AS {name}" for name in COUNTS)
    return f"""CROSS JOIN LATERAL (
        SELECT {sums} FROM sources_streamrun WHERE job_id = {job}.id
    ) {job}_counts"""  # noqa: S608 (ours)


STREAM = {
    "name": "stream.label",
    "catalog": "stream.catalog",
    "schema": "stream.schema",
    "table": "stream.name",
    "records": "stream.record_count",
    "syncedAt": moment("stream.synced_at"),
}
RUN = {
    **{name: f"run.{name}" for name in COUNTS},
    "error": "CASE WHEN run.error_code <> '' THEN "
    "jsonb_build_object('code', run.error_code, 'message', run.error_message) END",
}
STREAMS = f"""SELECT coalesce(jsonb_agg({as_json(STREAM)} || jsonb_build_object(
    'lastRun', CASE WHEN run.id IS NOT NULL THEN {as_json(RUN)} END
) ORDER BY stream.id), '[]')
FROM sources_stream stream LEFT JOIN LATERAL (
    SELECT * FROM sources_streamrun WHERE stream_id = stream.id ORDER BY job_id DESC LIMIT 1
) run ON true
WHERE stream.source_connection_id = row.id AND stream.removed_at IS NULL"""  # noqa: S608 (ours)

COLUMNS = {
    "id": ids.shown(ids.SOURCE_CONNECTION, "row.uid"),
    "name": "row.name",
    "collectionId": ids.shown(ids.COLLECTION, "collection.uid"),
    "collectionReadableId": "collection.readable_id",
    "sourceShortName": "coalesce(connector.name, 'push')",
    "sourceName": "coalesce(connector.label, 'Push')",
    "status": STATUS,
    "statusMessage": MESSAGE,
    "continuous": "COALESCE((row.config->>'continuous')::boolean, false)",
    "streams": "totals.streams",
    "records": "totals.records",
    "lastSyncAt": moment("coalesce(last.ended_at, last.started_at, last.created_at)"),
    "createdAt": moment("row.created_at"),
    "updatedAt": moment("row.updated_at"),
}
SUMMARIES = Listing(SOURCE, COLUMNS)


FOLLOWING = {
    "reason": ("reason", ""),
    "leftOut": ("left_out", {}),
    "lagBytes": ("lag_bytes", None),
    "retainedBytes": ("retained_bytes", None),
    "at": ("at", None),
}
"""What is told of following a system's changes, by the keys that it is kept under, and what stands for nothing."""


def _whole(row: Values) -> Values:
    totals = {"streams": row["streams"], "records": row["records"]}
    streams, credentials = row.pop("streamList"), credentials_of(row.pop("settings") or {})
    follow = row.pop("follow")
    following = {name: follow.get(key, nothing) for name, (key, nothing) in FOLLOWING.items()} if follow else None
    return {**row, "totals": totals, "streams": streams, "credentials": credentials, "following": following}


WHOLE = Listing(
    f"{SOURCE} {counts_of('last')}",
    {
        **COLUMNS,
        "config": document("row.config"),
        "follow": document("row.follow"),
        "settings": document("connection.settings"),
        "lastSync": document(f"CASE WHEN last.id IS NOT NULL THEN {as_json(sync_columns('last'))} END"),
        "streamList": document(STREAMS),
    },
    _whole,
)


def _sync_listing(more: dict[str, str]) -> Listing:
    columns = {**sync_columns("row"), **more}
    columns["error"] = document(columns["error"])
    return Listing(f"jobs_job row {counts_of('row')}", columns)


STREAM_RUNS: Document = document(
    f"""SELECT coalesce(jsonb_agg({as_json({"name": "stream.label"} | RUN)} ORDER BY stream.id), '[]')
    FROM sources_streamrun run JOIN sources_stream stream ON stream.id = run.stream_id
    WHERE run.job_id = row.id"""  # noqa: S608 (ours)
)
PROGRESS = as_json({"recordsRead": "row.records_read", "recordsExpected": "row.records_expected"})
SYNCS = _sync_listing({})
SYNC_WHOLE = _sync_listing({"progress": document(PROGRESS), "streams": STREAM_RUNS})
