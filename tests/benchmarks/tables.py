"""The rows that are moved: twelve columns of every common kind, about 260 bytes each."""

from tests.benchmarks.rig import SOURCE, TARGET, Rig

COLUMNS = """
  id bigint NOT NULL, uid uuid NOT NULL, customer text NOT NULL, email text NOT NULL, amount numeric(12,2) NOT NULL,
  tax numeric(8,4) NOT NULL, placed_at timestamptz NOT NULL, changed_at timestamptz NOT NULL, is_paid boolean NOT NULL,
  items integer NOT NULL, address jsonb NOT NULL, note text
"""
ROWS = """
  n, overlay(overlay(md5(n::text) placing '4' from 13) placing '8' from 17)::uuid,  -- MariaDB takes only these
  'Customer number ' || n, 'customer' || n || '@example.com', n % 100000 * 1.01,
  n % 977 / 7.0, timestamptz '2024-01-01 00:00:00+00' + n * interval '17 s',
  timestamptz '2024-03-01 12:00:00.25+00' + n * interval '19 s', n % 3 = 0, n % 40,
  jsonb_build_object('city', 'City ' || n % 500, 'zip', lpad((n % 99999)::text, 5, '0'), 'express', n % 7 = 0),
  CASE WHEN n % 4 <> 0 THEN repeat('left at the door ', 1 + (n % 4)::int) END
"""
KEY = "ALTER TABLE orders ADD PRIMARY KEY (id)"


def create(name: str = "orders") -> str:
    return f"CREATE TABLE {name} ({COLUMNS})"


def fill(rows: int, name: str = "orders", *, step: int = 1) -> str:
    """Every `step`-th key."""
    return f"INSERT INTO {name} SELECT {ROWS} FROM generate_series({step}, {rows * step}, {step}) AS n"


def large(rig: Rig) -> None:
    """`orders` in the source, once."""
    with rig.connect(SOURCE) as source:
        found = source.execute("SELECT to_regclass('orders')").fetchone()
    if found == (None,):
        rig.execute(SOURCE, create(), fill(rig.rows), KEY, "VACUUM ANALYZE orders", "CHECKPOINT")


def part(rig: Rig, rows: int) -> None:
    """The first rows of `orders` as a table of the source, `part`."""
    large(rig)
    rig.execute(
        SOURCE,
        "DROP TABLE IF EXISTS part",
        create("part"),
        f"INSERT INTO part SELECT * FROM orders WHERE id <= {rows}",
        "ALTER TABLE part ADD PRIMARY KEY (id)",
        "VACUUM ANALYZE part",
    )


def without_target(rig: Rig) -> None:
    """Both begin with no table at the target, and with nothing left to be written from the run before."""
    rig.execute(TARGET, "DROP TABLE IF EXISTS orders", "CHECKPOINT")
