"""The lease of a running job: renewed from a thread of its own, on a connection of its own."""

import logging
import threading
import time
from collections.abc import Callable
from types import TracebackType

from django.conf import settings
from django.db import Error, connection

from apps.jobs.models import Job, State
from apps.jobs.runners import longest
from apps.jobs.services.stopping import HAND_BACK, TIMED_OUT
from apps.jobs.services.work import Work

log = logging.getLogger(__name__)

GRACE_SECONDS = 10
"""So long after its time is over may an interactive job take to stop; then its process is ended."""

LOOK = """
SELECT state, is_draining OR is_yielding, lease_until < now() + make_interval(secs => %(margin)s)
FROM jobs_job WHERE id = %(id)s AND fence = %(fence)s AND state IN ('running', 'cancelling')
"""
RENEW = """
UPDATE jobs_job SET lease_until = now() + make_interval(secs => %(lease)s)
WHERE id = %(id)s AND fence = %(fence)s AND state IN ('running', 'cancelling')
"""


class Heartbeat:
    """While open, looks once a second: renews the lease, and passes on a wish to cancel, to drain, or a lost fence.

    An interactive job is stopped when its time is over; one that does not stop is given up by `give_up`, which ends
    the process: a thread that hangs cannot be ended.
    """

    def __init__(self, work: Work, *, give_up: Callable[[Job], None]) -> None:
        self.work = work
        self.give_up = give_up
        self.lease = settings.JOB_LEASE_SECONDS
        self.limit = longest(work.job.kind) if work.job.queue == "interactive" else None
        self._began = time.monotonic()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"heartbeat-{work.job.uid}", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(self.lease)  # it may hang in a call to a database that is frozen

    def _beat(self) -> None:
        try:
            while not self._over.wait(min(1.0, self.lease / 10)):
                self._look_once()
                self._look_at_the_clock()
        finally:
            connection.close()

    def _look_once(self) -> None:
        try:
            self._look()
            self.work.stop.confirm_lease()
        except Error as error:
            log.warning("The lease of job %s cannot be looked at: %s", self.work.job.uid, type(error).__name__)
            connection.close()
        self.work.stop.check_lease()

    def _look_at_the_clock(self) -> None:
        if self.limit is None or (late := time.monotonic() - self._began - self.limit) < 0:
            return
        self.work.stop.show(TIMED_OUT)
        if late > GRACE_SECONDS:
            log.error("Job %s does not stop: its process is ended", self.work.job.uid)
            self.give_up(self.work.job)

    def _look(self) -> None:
        values = {
            "id": self.work.job.id,
            "fence": self.work.job.fence,
            "lease": self.lease,
            "margin": self.lease * 0.75,
        }
        with connection.cursor() as cursor:
            cursor.execute(LOOK, values)
            row = cursor.fetchone()
            if row is None:
                self.work.stop.show("lease_lost")
                return
            state, is_to_hand_back, is_short = row
            if is_short and self.work.is_alive(settings.JOB_STANDSTILL_SECONDS):
                cursor.execute(RENEW, values)
        if state == State.CANCELLING:
            self.work.stop.show("cancel")
        elif is_to_hand_back:
            self.work.stop.show(HAND_BACK)
