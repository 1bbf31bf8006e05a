"""A whole table from PostgreSQL to PostgreSQL, by each of the lanes."""

from typing import Any

from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.meter import Cost
from tests.benchmarks.rig import SOURCE, TARGET, Rig

CASTS = [
    {"generate": "id", "extract": "$.id"},
    {"generate": "uid", "extract": "$.uid"},
    {"generate": "customer", "extract": "$.customer"},
    {"generate": "email", "extract": "$.email"},
    {"generate": "amount", "extract": "$.amount", "cast": "double"},
    {"generate": "tax", "extract": "$.tax", "cast": "numeric(12,2)"},
    {"generate": "placed_at", "extract": "$.placed_at"},
    {"generate": "changed_at", "extract": "$.changed_at"},
    {"generate": "is_paid", "extract": "$.is_paid"},
    {"generate": "items", "extract": "$.items", "cast": "bigint"},
    {"generate": "address", "extract": "$.address"},
    {"generate": "note", "extract": "$.note"},
]
MAPPING = [
    {"generate": "id", "extract": "$.id"},
    {"generate": "number", "extract": "$.uid"},
    {"generate": "name", "extract": "$.customer"},
    {"generate": "mail", "extract": "$.email"},
    {"generate": "total", "extract": "$.amount", "cast": "numeric(14,2)"},
    {"generate": "ordered_at", "extract": "$.placed_at"},
    {"generate": "paid", "extract": "$.is_paid"},
    {"generate": "city", "extract": "$.address.city", "dataType": "string"},
    {"generate": "zip", "extract": "$.address.zip", "dataType": "string"},
    {"generate": "remark", "extract": "$.note", "default": "none"},
]
IN_ROWS = [*MAPPING[:-1], {"generate": "remark", "extract": "$.note", "conditional": {"when": "extract_not_empty"}}]
"""Whether a field is there can only be said of each row."""

AGAINST = "`psql COPY (binary) | psql COPY (binary)` and the same `ADD PRIMARY KEY`"


def bytes_lane(rig: Rig) -> Result:
    about = f"a full refresh of 12 columns, nothing changed on the way; against {AGAINST}"
    return _refresh(rig, "PostgreSQL → PostgreSQL, as it is", about, "bytes", Marks(wall=1.5, cpu=1.4))


def casts(rig: Rig) -> Result:
    about = f"a full refresh of 12 columns of which three are cast; against {AGAINST}, which casts nothing"
    return _refresh(rig, "PostgreSQL → PostgreSQL, three casts", about, "arrow", Marks(wall=2.5), mapping=CASTS)


def mapped(rig: Rig) -> Result:
    about = f"a full refresh by a mapping of 10 fields, two out of JSON; against {AGAINST}, which maps nothing"
    title = "PostgreSQL → PostgreSQL, 10 fields mapped"
    return _refresh(rig, title, about, "arrow", Marks(client=25), mapping=MAPPING)


def rows_lane(rig: Rig) -> Result:
    about = f"as before, but one of the 10 fields is there on a condition; against {AGAINST}, which maps nothing"
    title = "PostgreSQL → PostgreSQL, 10 fields in rows"
    return _refresh(rig, title, about, "rows", Marks(client=25), share=5, mapping=IN_ROWS)


def copied(rig: Rig, table: str) -> Cost:
    """A table of the source into the target's `orders`, as AGAINST says."""
    loading = (tables.create(), "COPY orders FROM STDIN (FORMAT binary)", tables.KEY)
    return rig.psql((SOURCE, (f"COPY {table} TO STDOUT (FORMAT binary)",)), (TARGET, loading))


def _refresh(rig: Rig, title: str, about: str, lane: str, marks: Marks, *, share: int = 1, **fields: Any) -> Result:
    """`share`: how many times smaller than the large table the one is that is moved."""
    rows, table = rig.rows // share, "orders" if share == 1 else "part"
    tables.large(rig)
    if share > 1:
        tables.part(rig, rows)
    flow = rig.flow(table, to={"table": "orders"}, mode="replace", **fields)

    return contest(
        title=title,
        about=about,
        rows=rows,
        rounds=rig.rounds,
        ours=lambda: rig.carry(flow, rows),
        limit=lambda: copied(rig, table),
        marks=marks,
        lane=lane,
        prepare=lambda: tables.without_target(rig),
    )
