"""A table or query as its catalogue describes it, with what reading it in pages needs besides."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.errors import ConfigError
from engine.schema import Kind, Stream, Table

# Of these a server sorts and compares by one order, and their text is exact.
KEY_KINDS = frozenset(
    {
        Kind.BOOLEAN,
        Kind.INTEGER,
        Kind.DECIMAL,
        Kind.TEXT,
        Kind.BINARY,
        Kind.DATE,
        Kind.TIME,
        Kind.TIMESTAMP,
        Kind.TIMESTAMPTZ,
        Kind.UUID,
    }
)


@dataclass(frozen=True, slots=True)
class Description:
    """`unique`: the columns of each unique index over NOT NULL columns, the primary key's first; None where no index
    can tell. `unordered`: columns that no key may use although their kind could."""

    stream: Stream
    unique: tuple[tuple[str, ...], ...] | None = None
    unordered: frozenset[str] = frozenset()

    def can_order(self, name: str) -> bool:
        column = self.stream.column(name)
        return column is not None and column.type.kind in KEY_KINDS and name not in self.unordered


def keyed(stream: Stream, unique: Iterable[tuple[str, ...]] | None, unordered: Iterable[str]) -> Description:
    """A description whose stream has the first of `unique` as its key that pages can continue by."""
    known = None if unique is None else tuple(unique)
    described = Description(stream, known, frozenset(unordered))
    key = next((names for names in known or () if all(map(described.can_order, names))), ())
    return replace(described, stream=replace(stream, key=key))


def unknown_table(table: Table) -> ConfigError:
    return ConfigError(f"There is no table {str(table)!r}.", code="unknown_table")


def unknown_schema(name: str) -> ConfigError:
    return ConfigError(f"There is no schema {name!r}.", code="unknown_schema")


def unknown_catalog(name: str) -> ConfigError:
    return ConfigError(f"There is no catalog {name!r}.", code="unknown_catalog")


def is_name(text: str) -> bool:
    """Whether a catalogue could hold it: drivers refuse NUL and halves of characters in words of their own."""
    return not any(character == "\0" or "\ud800" <= character <= "\udfff" for character in text)
