"""What is looked at stays small when 100,000 jobs wait."""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from apps.accounts.models import Organization
from apps.jobs import services as jobs
from apps.jobs.services.dispatching import NEWS, OVERDUE_QUEUED, OVERDUE_RETURNED, RETURNED
from apps.jobs.services.due import TURNS

pytestmark = pytest.mark.django_db
MANY = 100_000
MOST_BLOCKS = 2_000
"""Of 8 kB; a walk through all of them takes more than 5,000."""
QUEUE = """
INSERT INTO jobs_job (uid, created_at, updated_at, organization_id, kind, subject_id, subject_uid, labels, origin,
  queue, is_exclusive, params, sealed_params, idempotency_key, state, fence, attempt, stalled, worker, is_draining,
  is_yielding, published_at, error_code, error_message, pages_read, pages_written, records_read, records_written,
  records_ignored, records_failed, bytes_moved, snapshots, event_count)
SELECT 'j' || %(organization)s || '-' || n, now(), now(), %(organization)s, 'sync',
  %(organization)s::bigint * 1000000 + n, 's', '{}', 'manual', 'sync', true, '{}', '', '', 'queued', 0, 0, 0, '',
  false, false, now() + interval '1 hour', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0
FROM generate_series(1, %(count)s) AS n
"""


@pytest.fixture
def histories() -> None:
    """These jobs have none."""


@pytest.fixture
def waiting(organization: Organization) -> None:
    """100,000 jobs of one organisation, and two each of 100 others; published later than whatever other tests left."""
    with connection.cursor() as cursor:
        cursor.execute(QUEUE, {"organization": organization.id, "count": MANY})
        for number in range(100):
            other = Organization.objects.create(name=f"Other {number}")
            cursor.execute(QUEUE, {"organization": other.id, "count": 2})
        cursor.execute("ANALYZE jobs_job")


@pytest.mark.usefixtures("waiting")
@pytest.mark.parametrize(
    ("statement", "values"),
    [
        (TURNS, {"queue": "sync"}),
        (NEWS, ["sync"]),
        (RETURNED, []),
        (OVERDUE_QUEUED, ["sync"]),
        (OVERDUE_RETURNED, ["sync"]),
    ],
    ids=["turns", "news", "returned", "overdue", "overdue returned"],
)
def test_looks_at_few_of_them(statement: str, values: Any, say: Callable[[str], None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", values)
        found = cursor.fetchone()[0]
    [explained] = json.loads(found) if isinstance(found, str) else found
    blocks = explained["Plan"]["Shared Hit Blocks"] + explained["Plan"]["Shared Read Blocks"]
    say(f"{blocks} blocks, {explained['Execution Time']:.2f} ms")
    assert blocks < MOST_BLOCKS, json.dumps(explained, indent=1)


@pytest.mark.usefixtures("waiting")
def test_takes_the_next_one(say: Callable[[str], None]) -> None:
    times = []
    for number in range(50):
        began = time.perf_counter()
        assert jobs.claim_next(queue="sync", worker=f"w{number}") is not None
        times.append(time.perf_counter() - began)
    say(f"a claim takes {statistics.median(times) * 1000:.1f} ms, at most {max(times) * 1000:.1f} ms")
