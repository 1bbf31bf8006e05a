"""Which columns of a stream are read, and by which its changes are followed."""

from collections.abc import Mapping, Sequence
from typing import Any

from apps.sources.services.config import StreamSettings
from engine.errors import ConfigError
from engine.schema import Stream


def columns(label: str, described: Stream, settings: StreamSettings) -> tuple[str, ...]:
    """Those to read; () for all. Raises ConfigError for one that is not there, and for a key that is left out: it would
    have to be kept, to tell the records apart."""
    names = [column.name for column in described.columns]
    _check_known(label, names, [*settings.include, *settings.exclude])
    include = settings.include or names
    read = tuple(name for name in names if name in include and name not in settings.exclude)
    if not read:
        raise ConfigError(f"No column of {label} is left to be read.", code="no_columns")
    if lost := next((name for name in described.key if name not in read), None):
        text = f"Records of {label} are told apart by {lost!r}, which can therefore not be left out."
        raise ConfigError(text, code="key_excluded")
    _check_known(label, read, [*settings.text, *filter(None, [settings.title])])
    return () if len(read) == len(names) else read


def cursor(label: str, described: Stream, settings: StreamSettings, config: Mapping[str, Any]) -> str:
    """The column by which changes are followed; "" where all is read: without a key, or up to a limit, what came later
    could not be told from what was there. A column that is named for all streams need not be in each.

    Raises ConfigError.
    """
    name = settings.cursor
    if not name or not described.key or settings.limit is not None:
        return ""
    if described.column(name) is None:
        if isinstance(config.get("cursorField"), Mapping):
            raise ConfigError(f"{label} has no column {name!r}.", code="unknown_column")
        return ""
    if name in settings.exclude or (settings.include and name not in settings.include):
        text = f"{label} is followed by {name!r}, which can therefore not be left out."
        raise ConfigError(text, code="cursor_excluded")
    return name


def _check_known(label: str, known: Sequence[str], wanted: Sequence[str]) -> None:
    if missing := next((name for name in wanted if name not in known), None):
        raise ConfigError(f"{label} has no column {missing!r}.", code="unknown_column")
