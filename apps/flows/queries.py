"""Reads of flows and what they are made of."""

from django.db.models import Q, QuerySet

from apps.connections.models import Connection
from apps.flows.models import Flow, FlowStep
from apps.jobs.models import LIVE, Job, Schedule, State


def steps_of(flow: Flow) -> QuerySet[FlowStep]:
    """In their order, generators first, with what they use."""
    steps = FlowStep.objects.filter(flow=flow).order_by("role", "index")
    return steps.select_related("export__connection__connector", "destination__connection__connector")


def connections_of(flow: Flow) -> QuerySet[Connection]:
    """Every connection that a run of the flow opens."""
    used = Q(exports__steps__flow=flow) | Q(imports__steps__flow=flow)
    return Connection.objects.filter(used).distinct()


def is_running(flow: Flow) -> bool:
    return Job.objects.filter(kind="flow", subject_id=flow.id, state__in=LIVE).exists()


def waiting_jobs(flow: Flow) -> QuerySet[Job]:
    return Job.objects.filter(kind="flow", subject_id=flow.id, state=State.QUEUED)


def schedule_of(flow: Flow) -> Schedule | None:
    return Schedule.objects.filter(kind="flow", subject_id=flow.id).first()


def lanes_of(flow: Flow) -> dict[str, str]:
    """By the uid of a step, the lane that its records took in the latest run that began."""
    job = Job.objects.filter(kind="flow", subject_id=flow.id, started_at__isnull=False).order_by("-id").first()
    return {} if job is None else dict(job.steps.exclude(lane="").values_list("step_uid", "lane"))


def runs_of(flow: Flow) -> QuerySet[Job]:
    """The newest first, by whatever they were begun; a retry of refused records is none."""
    return Job.objects.filter(kind="flow", subject_id=flow.id).exclude(origin=Job.Origin.RETRY).order_by("-id")


def latest_job(flow: Flow) -> Job | None:
    return runs_of(flow).first()
