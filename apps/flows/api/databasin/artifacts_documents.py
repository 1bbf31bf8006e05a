"""The artifacts of a pipeline as clients say them: a table, or files, and where and how it is copied."""

from collections.abc import Iterable, Mapping
from typing import Any

from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.dialects.caller import Caller
from apps.dialects.databasin import numbers
from apps.dialects.lists import Values
from apps.errors import Invalid, NotFound
from apps.flows.api.databasin import artifacts_ingestion as ingestion
from apps.flows.api.databasin.artifacts_places import source_of, target_of
from apps.flows.api.databasin.values import flag, line
from apps.flows.models import FlowStep
from apps.flows.services.copies import Copy

MOST = 10_000
SYNONYMS = {
    "sourceObjectName": "sourceTableName",
    "targetObjectName": "targetTableName",
    "sourceSchema": "sourceSchemaName",
    "sourceCatalog": "sourceDatabaseName",
    "targetCatalogName": "targetDatabaseName",
    "columns": "sourceColumnNames",
    "primaryKeys": "mergeColumns",
    "timestampColumn": "watermarkColumnName",
    "incrementalColumn": "watermarkColumnName",
}
WIZARD = {
    "tableName": "sourceTableName",
    "schema": "sourceSchemaName",
    "filePath": "sourceFileName",
    "format": "sourceFileFormat",
}
"""The wizard's words in `config`; it says `mode` for the ingestion."""
MODES = {"append": "append", "overwrite": "full", "upsert": "delta"}
KEPT = {
    "autoExplode": flag,
    "detectDeletes": flag,
    "priority": flag,
    "replaceTable": flag,
    "snapshotRetentionPeriod": numbers.number,
    "containsHeader": flag,
    "columnHeaderLineNumber": numbers.number,
    "ingestionType": line,
}
"""What is kept and shown; the first ones change nothing here."""
COLUMNS = ("sourceColumnNames", "mergeColumns", "watermarkColumnName")
SOURCE, TARGET = "sourceConnectionID", "targetConnectionID"


def artifacts(
    items: Any, key: str, *, defaults: Values, present: Mapping[int, tuple[FlowStep, Values]], caller: Caller
) -> list[Copy]:
    """As the service takes them. `defaults`: what is meant where an item says nothing; `present`: by their numbers, the
    artifacts that there are and how they are shown. Raises Invalid, and NotFound for what the caller does not see."""
    if not isinstance(items, list) or len(items) > MOST or not all(isinstance(item, dict) for item in items):
        raise Invalid(f"{key} must be a list of at most {MOST:,} objects.", field=key)
    said = [_said(item, defaults, present) for item in items]
    connections = _connections(said, caller)
    steps = [_step(item, present) for item in items]
    if len({step.id for step in steps if step}) < sum(step is not None for step in steps):
        raise Invalid("An artifact is named twice.", field="artifactID")
    return [
        _kept(step, item) if step and item == present[step.id][1] else _copy(step, item, connections)
        for step, item in zip(steps, said, strict=True)
    ]


def _said(item: Values, defaults: Values, present: Mapping[int, tuple[FlowStep, Values]]) -> Values:
    """With synonyms resolved, null and nothing left out, and completed."""
    config = item.get("config") or {}
    if not isinstance(config, dict):
        raise Invalid("config must be an object.", field="config")
    if item.get("type") == "api":
        raise Invalid("An artifact of the type 'api' is not supported: copy tables or files.", field="type")
    wizard = {str(WIZARD.get(key, key)): value for key, value in config.items()}
    if mode := wizard.pop("mode", None):
        wizard["ingestionType"] = MODES.get(mode, mode) if isinstance(mode, str) else mode
    worded: Values = {}
    for part in (wizard, item):
        worded |= {SYNONYMS.get(key, key): value for key, value in _given(part).items()}
    step = _step(item, present)
    if step is None:
        return _fitting(defaults, worded) | worded
    shown = present[step.id][1]
    return shown | {key: value for key, value in worded.items() if key in shown or key in KEPT}


def _fitting(defaults: Values, worded: Values) -> Values:
    """Without the names of places in a connector that the item does not mean."""
    others = {key for key in (SOURCE, TARGET) if key in worded and defaults.get(key, worded[key]) != worded[key]}
    sides = tuple(key.removesuffix("ConnectionID") for key in others)
    return {key: value for key, value in defaults.items() if not key.startswith(sides)} if sides else defaults


def _given(part: Values) -> Values:
    """Null is said of columns alone: all of them, or none."""
    return {key: value for key, value in part.items() if value != "" and (value is not None or key in COLUMNS)}


def _step(item: Values, present: Mapping[int, tuple[FlowStep, Values]]) -> FlowStep | None:
    number = item.get("artifactID")
    if number in (None, "", 0):
        return None
    found = present.get(numbers.number(number, "artifactID"))
    if found is None:
        raise NotFound(f"Artifact with ID {number} not found")
    return found[0]


def _connections(said: Iterable[Values], caller: Caller) -> dict[int, Connection]:
    wanted = {_connection(item, key) for item in said for key in (SOURCE, TARGET)}
    found = visible(Connection.objects.select_related("connector"), caller).in_bulk(wanted)
    missing = min(wanted - set(found), default=None)
    if missing is not None:
        raise NotFound(f"Connector with ID {missing} not found")
    return found


def _connection(item: Values, key: str) -> int:
    if not item.get(key):
        raise Invalid(f"Missing required field: {key}", code="missing_required_field", field=key)
    return numbers.number(item[key], key)


def _kept(step: FlowStep, said: Values) -> Copy:
    return Copy(step=step, export=None, destination=None, document=_document(said))


def _copy(step: FlowStep | None, said: Values, connections: Mapping[int, Connection]) -> Copy:
    reads, writes = (connections[_connection(said, key)] for key in (SOURCE, TARGET))
    source, target = source_of(said, reads), target_of(said, writes)
    how = ingestion.read(said)
    export = {"connection": reads, "name": _name(source), "source": source, **how.export}
    destination = {"connection": writes, "name": _name(target), "target": target, **how.destination}
    return Copy(step=step, export=export, destination=destination, document=_document(said))


def _document(said: Values) -> Values:
    return {key: read(said[key], key) for key, read in KEPT.items() if key in said}


def _name(place: Values) -> str:
    return ".".join(filter(None, (place.get("schema"), place["table"])))[:200]
