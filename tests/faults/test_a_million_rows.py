"""A million rows of twelve columns by a real worker: the same on both sides, at a memory that does not grow."""

from typing import Any

import pytest
from django.utils import timezone

from apps.flows import services as flows
from tests.faults.machine import Machine, eventually
from tests.faults.runs import has_ended
from tests.faults.scenario import at, make_flow

ROWS = 1_000_000
MOST_BYTES = 200 * 1024 * 1024
FILL = f"""
CREATE TABLE events (
  id bigint PRIMARY KEY, name text, uid uuid, amount numeric(12,2), at timestamptz, day date, yes boolean,
  small integer, ratio double precision, kind varchar(10), document jsonb, note text);
INSERT INTO events SELECT n, 'event ' || n, md5(n::text)::uuid, n * 1.01, now() - n * interval '1 s',
  current_date - n % 900, n % 3 = 0, n % 30000, n / 7.0, 'kind ' || n % 9,
  jsonb_build_object('n', n, 'tags', '["a", "b"]'::jsonb), CASE WHEN n % 2 = 0 THEN repeat('note ', 12) END
FROM generate_series(1, {ROWS}) AS n;
ANALYZE events;
"""
COLUMNS = ("id", "name", "uid", "amount", "at", "day", "yes", "small", "ratio", "kind", "document", "note")
CASTS = [
    {"generate": name, "extract": f"$.{name}"} | ({"cast": "string"} if name == "amount" else {}) for name in COLUMNS
]
CHECKSUM = "SELECT count(*), sum(hashtextextended(events::text, 0)) FROM events"


@pytest.mark.parametrize(
    ("fields", "lane"),
    [({}, "bytes"), ({"mapping": CASTS}, "arrow"), ({"filter": ["not", ["empty", ["extract", "id"]]]}, "rows")],
    ids=["bytes", "arrow", "rows"],
)
def test_arrive_whole(machine: Machine, systems: tuple[str, str], fields: dict[str, Any], lane: str) -> None:
    with at(systems[0]) as source:
        source.execute(FILL.encode())
    machine.dispatcher()
    worker = machine.worker()
    flow = make_flow(systems, mode="replace", **fields)
    assert eventually(lambda: bool(machine.pool(worker)))  # it is as large now as it is by itself
    before = machine.memory(worker)
    most = before

    job = flows.run_flow(flow=flow, at=timezone.now())

    def is_over() -> bool:
        nonlocal most
        most = max(most, machine.memory(worker))
        return has_ended(job)

    assert eventually(is_over, 240), machine.logs()
    assert (job.state, job.error_message) == ("completed", "")
    assert (job.records_read, job.records_written) == (ROWS, ROWS)
    assert set(job.steps.filter(role="import").values_list("lane", flat=True)) == {lane}
    assert most - before < MOST_BYTES, f"{before:,} bytes grew to {most:,}"
    print(f"{lane}: {(job.ended_at - job.started_at).total_seconds():.1f} s, {before:,} to {most:,} bytes")  # noqa: T201
    with at(systems[0]) as source, at(systems[1]) as target:
        assert source.execute(CHECKSUM.encode()).fetchone() == target.execute(CHECKSUM.encode()).fetchone()
