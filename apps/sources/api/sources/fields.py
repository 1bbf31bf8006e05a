"""What a source asks for, in the words of the Sources API: its driver's settings, and what is read of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from apps.connectors import queries as connectors
from apps.connectors.models import Connector
from apps.dialects.lists import Values
from apps.errors import Invalid
from engine.contract import Field

NAMES = {"user": "username"}
"""By a driver's name for a setting, the dialect's, where they differ."""
SETTINGS = {shown: name for name, shown in NAMES.items()}
TYPES = {"integer": "number", "choice": "select", "text": "string"}
"""By a driver's type of a setting, the dialect's, where they differ."""
ASKED_OF_DATABASES = frozenset({"port", "password"})
"""The seed says that a database needs them: forms ask, though a driver may do without."""
CONFIG: tuple[Values, ...] = (
    {"name": "schemas", "type": "array", "description": "Schemas, or folders, to read; all if left out."},
    {"name": "tables", "type": "array", "description": "Tables (schema.table) or files to read; all if left out."},
    {"name": "columns", "type": "object", "description": "By table, the columns to include or to exclude."},
    {"name": "cursorField", "type": "string", "description": "The column that tells what changed; one, or by table."},
    {"name": "overlapSeconds", "type": "number", "description": "How far behind the cursor a sync looks again."},
    {"name": "rowLimit", "type": "number", "description": "At most so many rows of each table."},
    {"name": "titleColumn", "type": "string", "description": "The column that names a record; one, or by table."},
    {"name": "textColumns", "type": "array", "description": "The columns that are searched; a list, or by table."},
    {"name": "schedule", "type": "object", "description": 'When to sync: {"cron", "timezone"} or {"interval"}.'},
    {"name": "continuous", "type": "boolean", "description": "Follow changes as they happen, or every minute."},
)
FORMAT: Values = {"name": "format", "type": "object", "description": "How files are to be understood."}


def auth_fields(connector: Connector) -> list[Values]:
    return [_field(field, connector) for field in connectors.spec(connector).fields]


def config_fields(connector: Connector) -> list[Values]:
    fields = [*CONFIG, FORMAT] if connector.is_file_store else CONFIG
    return [{**field, "required": False} for field in fields]


def settings_of(credentials: Mapping[str, Any]) -> Values:
    """What a client sends, by the driver's names."""
    return {SETTINGS.get(name, name): value for name, value in credentials.items()}


def credentials_of(settings: Mapping[str, Any]) -> Values:
    """What is stored and no secret, by the dialect's names."""
    return {NAMES.get(name, name): value for name, value in settings.items()}


@contextmanager
def naming_credentials() -> Iterator[None]:
    """What a service finds wrong with credentials is raised by the names that the client knows."""
    try:
        yield
    except Invalid as error:
        problems = [Invalid(each.message, code=each.code, field=_named(each.field)) for each in error.problems]
        raise Invalid(error.message, code=error.code, field=_named(error.field), problems=problems) from error


def _named(field: str) -> str:
    return NAMES.get(field, field)


def _field(field: Field, connector: Connector) -> Values:
    is_asked = not connector.is_file_store and field.name in ASKED_OF_DATABASES
    shown: Values = {
        "name": _named(field.name),
        "type": TYPES.get(field.type, field.type),
        "required": field.required or is_asked,
    }
    more = {"description": field.help, "default": field.default, "options": list(field.choices)}
    shown |= {name: value for name, value in more.items() if value not in ("", None, [])}
    return shown | ({"secret": True} if field.secret else {})
