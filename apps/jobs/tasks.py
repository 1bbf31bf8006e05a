"""The worker's door: load by id, call one service."""

import threading
import time
from typing import Any

from celery import shared_task, signals
from django.db import Error, connection

from apps.jobs import services


@shared_task(name="jobs.run", bind=True, ignore_result=True)
def run(task: Any, *, job_id: int, **_unknown: Any) -> None:
    services.work_through(job_id=job_id, worker=task.request.hostname or "worker")


@signals.worker_shutting_down.connect
def hand_back(sender: str, **_signal: Any) -> None:
    """From the first moment of a warm stop, jobs of this worker are asked to stop at their next checkpoint."""
    threading.Thread(target=_drain_until_exit, args=(sender,), daemon=True, name="drain").start()


def _drain_until_exit(worker: str) -> None:
    while True:
        try:
            services.drain(worker=worker)
        except Error:
            connection.close()
        time.sleep(1)
