"""What runs a job of kind "automation": begins the run of one task after the other, and waits for each to end."""

from typing import Any

from django.db.models import Sum
from django.utils import timezone

from apps.errors import NotFound, ServiceError
from apps.flows.models import Automation, Flow
from apps.flows.queries import tasks_of
from apps.flows.services.starting import run_task
from apps.jobs.models import Job, State
from apps.jobs.services import Work
from engine.errors import ConfigError

RECORDS = ("records_read", "records_written", "records_ignored", "records_failed")
FIGURES = (*RECORDS, "pages_read", "pages_written", "bytes_moved")
"""Its own are the sums of its runs'."""


def run(work: Work) -> None:
    """Raises ConfigError when a task cannot be begun, or its run did not come to a good end."""
    config = work.snapshot(lambda: _config(work.job.subject_id))
    runs = {run.labels["task"]: run for run in work.job.children.all()}
    if runs:
        work.progress(**work.job.children.aggregate(**{name: Sum(name) for name in FIGURES}))
    for number, task in enumerate(config["tasks"], 1):
        title = f"Task {number} of {len(config['tasks'])}, {task['name']!r},"
        if task["uid"] not in runs:
            _begin(work, task, title)
            work.wait_for_children()
        _judge(runs[task["uid"]], title)


def _begin(work: Work, task: dict[str, Any], title: str) -> None:
    flow = Flow.objects.filter(uid=task["flow"]).first()
    if flow is None:
        raise ConfigError(f"{title} cannot run: its flow is gone.", code="unknown_flow")
    try:
        work.begin(
            lambda: run_task(flow=flow, task=task["uid"], parent=work.job, at=timezone.now()),
            message=f"{title} begins.",
        )
    except ServiceError as error:
        raise ConfigError(f"{title} cannot run: {error.message}", code=error.code) from error


def _judge(run: Job, title: str) -> None:
    if run.state == State.FAILED:
        raise ConfigError(f"{title} failed: {run.error_message}", code="task_failed")
    if run.state == State.CANCELLED:
        raise ConfigError(f"{title} was cancelled.", code="task_cancelled")


def _config(automation_id: int) -> dict[str, Any]:
    automation = Automation.objects.filter(id=automation_id).first()
    if automation is None:
        raise NotFound("The automation of this job is gone.")
    tasks = [task for task in tasks_of(automation) if task.is_enabled]
    named = [{"uid": task.uid, "flow": task.flow.uid, "name": task.name or task.flow.name} for task in tasks]
    return {"tasks": named}
