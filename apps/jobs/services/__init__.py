"""What can be done with jobs, one function an act."""

from apps.jobs.services.claiming import claim, claim_next
from apps.jobs.services.dispatching import Dispatcher
from apps.jobs.services.record_errors import resolve_errors
from apps.jobs.services.results import erase_expired_results, wait
from apps.jobs.services.running import drain, run, work_through
from apps.jobs.services.schedules import (
    change_needs,
    pause_schedules,
    remove_schedule,
    resume_schedules,
    set_schedule,
)
from apps.jobs.services.starting import start
from apps.jobs.services.states import cancel
from apps.jobs.services.work import Work
from apps.jobs.services.work_control import WorkControl

__all__ = [
    "Dispatcher",
    "Work",
    "WorkControl",
    "cancel",
    "change_needs",
    "claim",
    "claim_next",
    "drain",
    "erase_expired_results",
    "pause_schedules",
    "remove_schedule",
    "resolve_errors",
    "resume_schedules",
    "run",
    "set_schedule",
    "start",
    "wait",
    "work_through",
]
