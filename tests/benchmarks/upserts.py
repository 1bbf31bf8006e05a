"""A tenth of a table changed: into a target that has all of it."""

from typing import Any

from tests.benchmarks import tables
from tests.benchmarks.contest import Marks, Result, contest
from tests.benchmarks.meter import Cost
from tests.benchmarks.rig import SOURCE, TARGET, Rig

SHARE = 10
STAGED = "a binary `COPY` by psql into a temporary table, then `INSERT … ON CONFLICT DO UPDATE`"

COLUMNS = (
    "id", "uid", "customer", "email", "amount", "tax", "placed_at", "changed_at", "is_paid", "items", "address", "note"
)  # fmt: skip
MAPPING = [
    {"generate": name, "extract": f"$.{name}"}
    if name != "customer"
    else {"generate": name, "extract": "$.address.city", "dataType": "string"}
    for name in COLUMNS
]
IN_ROWS = [
    {**rule, "conditional": {"when": "extract_not_empty"}} if rule["generate"] == "email" else rule for rule in MAPPING
]
"""Whether a field is there can only be said of each row; this one always is, so that every row has all columns."""


def as_it_is(rig: Rig) -> Result:
    return _upsert(rig, "Upsert of a tenth, as it is", "bytes")


def mapped(rig: Rig) -> Result:
    return _upsert(rig, "Upsert of a tenth, a field mapped", "arrow", mapping=MAPPING)


def in_rows(rig: Rig) -> Result:
    return _upsert(rig, "Upsert of a tenth, mapped in rows", "rows", mapping=IN_ROWS)


def _upsert(rig: Rig, title: str, lane: str, **fields: Any) -> Result:
    changed = rig.rows // SHARE
    _changes(rig, changed)
    _staged(rig)  # else the first to be measured would find no room in the table
    flow = rig.flow("changes", to={"table": "orders"}, mode="upsert", key=["id"], **fields)
    return contest(
        title=title,
        about=f"every {SHARE}th of {rig.rows:,} rows has changed; against {STAGED}",
        rows=changed,
        rounds=rig.rounds,
        ours=lambda: rig.carry(flow, changed),
        limit=lambda: _staged(rig),
        marks=Marks(wall=1.3),
        lane=lane,
        prepare=lambda: rig.execute(TARGET, "VACUUM orders", "CHECKPOINT"),
    )


def _changes(rig: Rig, rows: int) -> None:
    rig.execute(
        SOURCE,
        "DROP TABLE IF EXISTS changes",
        tables.create("changes"),
        tables.fill(rows, "changes", step=SHARE),
        "UPDATE changes SET amount = amount + 1, changed_at = now()",
        "ALTER TABLE changes ADD PRIMARY KEY (id)",
        "VACUUM FULL ANALYZE changes",
    )
    rig.execute(TARGET, "DROP TABLE IF EXISTS orders", tables.create(), tables.fill(rig.rows), tables.KEY)
    rig.execute(TARGET, "VACUUM ANALYZE orders")


def _staged(rig: Rig) -> Cost:
    update = ", ".join(f"{name} = EXCLUDED.{name}" for name in COLUMNS if name != "id")
    merging = (
        "CREATE TEMPORARY TABLE page (LIKE orders)",
        "COPY page FROM STDIN (FORMAT binary)",
        f"INSERT INTO orders SELECT * FROM page ON CONFLICT (id) DO UPDATE SET {update}",
    )
    return rig.psql((SOURCE, ("COPY changes TO STDOUT (FORMAT binary)",)), (TARGET, merging))
