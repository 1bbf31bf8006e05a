"""What a request asks of files: which of them, how they are understood, and what columns they have."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from engine.contract import Request
from engine.drivers.files import formats, options, paths
from engine.drivers.files.blocks import Format
from engine.drivers.files.limits import Limits
from engine.drivers.files.listing import Entry, Listing
from engine.drivers.files.options import Options
from engine.drivers.files.reading import MODIFIED, PROVENANCE, Plan, moment
from engine.drivers.files.units import Opener
from engine.errors import ConfigError
from engine.schema import Column, Query, Stream, Table


def make(request: Request, listing: Listing, opener: Opener, limits: Limits) -> Plan:
    """Looks at the files and at the head of the first. Raises ConfigError."""
    if isinstance(request.source, Query):
        raise ConfigError("Files are named, not queried.", code="unsupported")
    if request.key:
        raise ConfigError("Rows of files have no key.", code="invalid_key")
    parts = paths.parts_of(request.source)
    chosen = options.parse(request.format, parts[-1])
    files = listing.files(parts)
    chosen = _with_type(chosen, files[0], opener)
    format_ = formats.format_of(chosen, limits)
    columns = _columns(files, chosen, opener, format_)
    provenance = PROVENANCE if chosen.provenance else ()
    stream = Stream(request.source, _asked(request, columns, provenance))
    until = _last(files, request) if request.cursor else None
    within = [entry for entry in files if _is_within(entry, request, until)]
    return Plan(
        within,
        lambda entry: opener.units(entry, chosen.compression),
        format_,
        columns,
        provenance,
        stream,
        until,
        chosen.framing,
        opener.check,
    )


def _with_type(chosen: Options, first: Entry, opener: Opener) -> Options:
    """With the type that the first member of an archive says, where the archive's name says none."""
    if chosen.type:
        return chosen
    for unit in opener.units(first, chosen.compression):
        if type_ := options.type_by_ending(unit.path):
            return replace(chosen, type=type_)
        raise options.untyped()
    raise ConfigError(f"{first.path!r} is empty.", code="no_columns")


def _columns(files: Sequence[Entry], chosen: Options, opener: Opener, format_: Format) -> tuple[Column, ...]:
    """Those of the first file that has any."""
    for entry in files:
        for unit in opener.units(entry, chosen.compression):
            columns = format_.columns(unit)
            if columns:
                return columns
    raise ConfigError(f"{files[0].path!r} is empty: there is no row of names.", code="no_columns")


def _asked(request: Request, columns: Sequence[Column], provenance: Sequence[Column]) -> tuple[Column, ...]:
    names = {column.name: column for column in columns}
    if twice := next((column.name for column in provenance if column.name in names), None):
        raise ConfigError(f"The files have a column {twice!r} of their own.", code="duplicate_column")
    names |= {column.name: column for column in provenance}
    if request.cursor and request.cursor not in names:
        raise _unknown(request.source, request.cursor)
    if request.cursor and request.cursor != MODIFIED:
        raise ConfigError(f"Files are followed by {MODIFIED!r} alone.", code="invalid_cursor")
    for name in request.columns:
        if name not in names:
            raise _unknown(request.source, name)
    return tuple(names[name] for name in request.columns) if request.columns else tuple(names.values())


def _unknown(source: Table | Query, name: str) -> ConfigError:
    return ConfigError(f"{source} has no column {name!r}.", code="unknown_column")


def _last(files: Sequence[Entry], request: Request) -> Any:
    if request.until is not None:
        return request.until
    return max(filter(None, map(moment, files)), default=None, key=_moment)


def _is_within(entry: Entry, request: Request, until: Any) -> bool:
    """Whether a file was modified within the bounds; one that does not tell is read by the first run alone."""
    if not request.cursor:
        return True
    if entry.modified is None:
        return request.since is None
    if request.since is not None:
        since = _moment(request.since)
        if entry.modified < since or (request.strict and entry.modified == since):
            return False
    return until is None or entry.modified <= _moment(until)


def _moment(text: Any) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError as error:
        raise ConfigError(f"{text!r} is no moment that files could be followed from.", code="invalid_cursor") from error
    return found if found.tzinfo else found.replace(tzinfo=UTC)
