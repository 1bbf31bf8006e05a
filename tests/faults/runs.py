"""Runs of flows, as a test sees them that waits for them."""

from django.utils import timezone

from apps.flows import services as flows
from apps.flows.models import Flow
from apps.jobs.models import ENDED, Job, State
from tests.faults.machine import Machine, eventually


def start(flow: Flow, machine: Machine) -> Job:
    """A run that has written a part and goes on."""
    job = flows.run_flow(flow=flow, at=timezone.now())
    assert eventually(lambda: has_written(job)), machine.logs()
    assert job.state == State.RUNNING, job.error_message
    return job


def has_written(job: Job) -> bool:
    """A part at least; or else nothing more will come."""
    return has_ended(job) or job.records_written > 0


def has_ended(job: Job) -> bool:
    job.refresh_from_db()
    return job.state in ENDED
