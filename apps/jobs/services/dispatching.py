"""The dispatcher: takes due slots, and alone publishes hints. Any number of copies may run."""

import logging
from typing import Any

from django.db import connection, transaction

from apps.jobs.models import Job, State
from apps.jobs.queue import BrokerDown, Publisher
from apps.jobs.runners import queues
from apps.jobs.services.due import ALONE, DUE, HANDED_BACK
from apps.jobs.services.results import erase_expired_results
from apps.jobs.services.schedules import database_now, take_due_slots
from apps.jobs.services.starting import CHANNEL
from apps.jobs.services.states import move
from apps.jobs.services.yielding import make_room

log = logging.getLogger(__name__)

PRESENCE_LOCK = 7_305_118
"""Every dispatcher holds this advisory lock, shared: readiness asks whether anybody does."""

BATCH = 500
NEWS = f"""
UPDATE jobs_job SET published_at = now() WHERE id IN (
  SELECT id FROM jobs_job job WHERE state = 'queued' AND queue = %s AND published_at IS NULL AND {DUE} AND {ALONE}
  ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
RETURNING id, queue
"""
RETURNED = f"""
UPDATE jobs_job SET published_at = now() WHERE id IN (
  SELECT id FROM jobs_job job WHERE {HANDED_BACK} AND {ALONE}
  AND (published_at IS NULL OR (lease_until < now() AND published_at < lease_until))
  ORDER BY id LIMIT {BATCH} FOR UPDATE SKIP LOCKED)
RETURNING id, queue
"""

PATIENCE_SECONDS = 10
FEW = 20
"""So many hints wake every worker; each goes on with whatever else is due."""
OVERDUE = f"""
SELECT id FROM jobs_job job
WHERE {{state}} AND queue = %s AND published_at < now() - make_interval(secs => {PATIENCE_SECONDS}) AND {ALONE}
ORDER BY published_at, id LIMIT {FEW}
"""
OVERDUE_QUEUED = OVERDUE.format(state=f"state = 'queued' AND {DUE}")
OVERDUE_RETURNED = OVERDUE.format(state=HANDED_BACK)
AGAIN = "UPDATE jobs_job SET published_at = now() WHERE id IN ({} FOR UPDATE SKIP LOCKED) RETURNING id, queue"
OVERDUE_CANCELLATIONS = """
SELECT id, fence FROM jobs_job WHERE state = 'cancelling' AND (lease_until IS NULL OR lease_until < now())
"""


class Dispatcher:
    """Call `tick` for ever; it waits up to a second for news between its rounds."""

    def __init__(self, publisher: Publisher) -> None:
        self.publisher = publisher
        self.is_broker_down = False

    def listen(self) -> None:
        """Hears of new jobs on this process's connection, and shows that a dispatcher is there."""
        with connection.cursor() as cursor:
            cursor.execute(f"LISTEN {CHANNEL}")
            cursor.execute("SELECT pg_advisory_lock_shared(%s)", [PRESENCE_LOCK])

    def tick(self) -> int:
        """One round: due slots become jobs, due jobs are published, orphaned cancellations end. How many published."""
        while take_due_slots(at=database_now(), limit=BATCH) == BATCH:
            pass
        self._end_cancellations()
        make_room(queue="sync")
        erase_expired_results()
        try:
            published = self._publish_news() + sum(map(self._publish_again, queues()))
        except BrokerDown as error:
            self._tell_of_broker(error)
            return 0
        if published:
            self._tell_of_broker(None)
        return published

    def wait(self, seconds: float = 1.0) -> None:
        """Until a job is started somewhere, or for `seconds`."""
        connection.ensure_connection()
        raw: Any = connection.connection
        with connection.wrap_database_errors:
            for _ in raw.notifies(timeout=seconds, stop_after=1):
                pass

    def _publish_news(self) -> int:
        published = 0
        while count := self._publish(RETURNED, []):
            published += count
        for queue in queues():
            while count := self._publish(NEWS, [queue]):
                published += count
        return published

    def _publish_again(self, queue: str) -> int:
        """A broker may lose hints, a worker may die with one. While others wait to be taken, nothing is lost yet."""
        published = 0
        for overdue in (OVERDUE_RETURNED, OVERDUE_QUEUED):
            with connection.cursor() as cursor:
                cursor.execute(overdue, [queue])
                is_overdue = cursor.fetchone() is not None
            if is_overdue and not self.publisher.waiting(queue=queue):
                published += self._publish(AGAIN.format(overdue), [queue])
        return published

    def _publish(self, claim: str, values: list[str]) -> int:
        """Marks jobs as published, then publishes them: one that is marked in vain is published again later."""
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(claim, values)
            rows = sorted(cursor.fetchall())  # RETURNING knows no order
        for place, (job_id, queue) in enumerate(rows):
            try:
                self.publisher.publish(job_id=job_id, queue=queue)
            except BrokerDown:
                unpublished = [row[0] for row in rows[place:]]
                Job.objects.filter(id__in=unpublished).update(published_at=None)
                raise
        return len(rows)

    def _tell_of_broker(self, error: BrokerDown | None) -> None:
        if error is not None and not self.is_broker_down:
            log.warning("The broker is away (%s); jobs wait in the database", error)
        if error is None and self.is_broker_down:
            log.warning("The broker is back")
        self.is_broker_down = error is not None

    def _end_cancellations(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(OVERDUE_CANCELLATIONS)
            rows = cursor.fetchall()
        for job_id, fence in rows:
            move(job_id=job_id, start=State.CANCELLING, to=State.CANCELLED, fence=fence)


def is_anybody_dispatching() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND granted"
            " AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))",
            [PRESENCE_LOCK],
        )
        return bool(cursor.fetchone()[0])
