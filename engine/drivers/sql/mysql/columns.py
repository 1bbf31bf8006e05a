"""The columns of tables as MySQL's or MariaDB's catalogue describes them, of one or of a thousand in one statement."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from pymysql.cursors import Cursor

from engine.drivers.sql.mysql import types
from engine.schema import Column

Place = tuple[str, str]
"""A table's database and name, exactly as the catalogue spells them."""

COLUMNS = """
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, IS_NULLABLE = 'YES', CHARACTER_MAXIMUM_LENGTH,
       NUMERIC_PRECISION, NUMERIC_SCALE, DATETIME_PRECISION, COALESCE(COLLATION_NAME, ''),
       COALESCE(GENERATION_EXPRESSION, '') <> '',
       IF(EXTRA LIKE '%%auto_increment%%', 'auto_increment', NULLIF(COLUMN_DEFAULT, 'NULL')), COLUMN_COMMENT
  FROM information_schema.COLUMNS
 WHERE TABLE_SCHEMA {schemas} AND TABLE_NAME {names}
 ORDER BY ORDINAL_POSITION
"""

# MariaDB keeps JSON as text with a check.
JSON_CHECKS = """
SELECT CONSTRAINT_SCHEMA, TABLE_NAME, CHECK_CLAUSE
  FROM information_schema.CHECK_CONSTRAINTS
 WHERE CONSTRAINT_SCHEMA {schemas} AND TABLE_NAME {names} AND CHECK_CLAUSE LIKE 'json_valid(%%'
"""


class _Found(NamedTuple):
    name: str
    data_type: str
    column_type: str
    is_nullable: int
    size: int | None
    precision: int | None
    scale: int | None
    fraction: int | None
    collation: str
    is_generated: int
    default: str | None
    comment: str


def of_tables(cursor: Cursor, places: Sequence[Place], *, is_mariadb: bool) -> dict[Place, list[Column]]:
    """In their order; none of a table that is gone, or of a view that cannot be read."""
    checks = facts(cursor, JSON_CHECKS, places) if is_mariadb else {}
    return {
        place: [_column(_Found(*row), {clause for (clause,) in checks.get(place, ())}) for row in rows]
        for place, rows in facts(cursor, COLUMNS, places).items()
    }


def facts(cursor: Cursor, statement: str, places: Sequence[Place]) -> dict[Place, list[tuple[Any, ...]]]:
    """What a statement whose rows begin with a table's place says of these tables."""
    schemas, names = (sorted(set(parts)) for parts in zip(*places, strict=True))
    if len(places) == 1:  # asked with "=", the catalogue does not even look at other tables
        cursor.execute(statement.format(schemas="= %s", names="= %s"), (*schemas, *names))
    else:
        cursor.execute(statement.format(schemas="IN %s", names="IN %s"), (listed(schemas), listed(names)))
    found: dict[Place, list[tuple[Any, ...]]] = {place: [] for place in places}
    for schema, name, *row in cursor.fetchall():
        if (schema, name) in found:  # names are compared without case, and every one with every schema
            found[schema, name].append(tuple(row))
    return found


def listed(names: Sequence[str]) -> list[str]:
    """To be compared with. MariaDB takes a list of names that differ in case alone for the first of them, but not with
    a further one, which nothing bears."""
    return ["", *names]


def _column(found: _Found, json_checks: set[str]) -> Column:
    is_json = f"json_valid(`{found.name.replace('`', '``')}`)" in json_checks
    native = types.Native(
        "json" if is_json else found.data_type,
        is_unsigned="unsigned" in found.column_type,
        size=found.precision if found.data_type == "bit" else found.size,
        precision=found.precision,
        scale=found.scale,
        fraction=found.fraction or 0,
        shown=found.column_type.startswith("tinyint(1)"),
    )
    # Keys depend on a binary collation; the others differ between servers and are left to the destination.
    suffix = f" collate {found.collation}" if found.collation.endswith("_bin") else ""
    return Column(
        found.name,
        types.portable(native),
        nullable=bool(found.is_nullable),
        native="json" if is_json else found.column_type + suffix,
        generated=bool(found.is_generated),
        default=found.default,
        comment=found.comment or None,
    )
