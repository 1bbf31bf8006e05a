"""Reads of flows and automations, and of what they are made of."""

from django.db.models import Q, QuerySet

from apps.connections.models import Connection
from apps.flows.models import Automation, AutomationTask, Export, Flow, FlowStep, Import
from apps.jobs.models import LIVE, Job, JobStep, Schedule, State

Subject = Flow | Automation
"""What jobs and schedules of this app are about."""


def kind_of(subject: Subject) -> str:
    """The kind of its jobs."""
    return "flow" if isinstance(subject, Flow) else "automation"


def steps_of(flow: Flow) -> QuerySet[FlowStep]:
    """In their order, generators first, with what they use."""
    steps = FlowStep.objects.filter(flow=flow).order_by("role", "index")
    return steps.select_related("export__connection__connector", "destination__connection__connector")


def tasks_of(automation: Automation) -> QuerySet[AutomationTask]:
    """In their order, with their flows."""
    return AutomationTask.objects.filter(automation=automation).order_by("index").select_related("flow")


def automations_of(*flows: Flow) -> QuerySet[Automation]:
    """Those that run one of the flows."""
    return Automation.objects.filter(tasks__flow__in=flows).distinct()


def connections_of(subject: Subject) -> QuerySet[Connection]:
    """Every connection that a run of it opens, those that are removed too."""
    flows = Flow.objects.filter(id=subject.id)
    if isinstance(subject, Automation):
        flows = Flow.objects.filter(automation_tasks__automation=subject, automation_tasks__is_enabled=True)
    # joined, each export of a connection would meet each of its imports
    read = Export.objects.filter(steps__flow__in=flows).values("connection")
    written = Import.objects.filter(steps__flow__in=flows).values("connection")
    return Connection.everything.filter(Q(id__in=read) | Q(id__in=written))


def jobs_of(subject: Subject) -> QuerySet[Job]:
    return Job.objects.filter(kind=kind_of(subject), subject_id=subject.id)


def is_running(subject: Subject) -> bool:
    return jobs_of(subject).filter(state__in=LIVE).exists()


def waiting_jobs(subject: Subject) -> QuerySet[Job]:
    return jobs_of(subject).filter(state=State.QUEUED)


def schedule_of(subject: Subject) -> Schedule | None:
    return Schedule.objects.filter(kind=kind_of(subject), subject_id=subject.id).first()


def lanes_of(flow: Flow) -> dict[str, str]:
    """By the uid of a step, the lane that its records took in the latest run that began."""
    job = jobs_of(flow).filter(started_at__isnull=False).order_by("-id").first()
    return {} if job is None else dict(job.steps.exclude(lane="").values_list("step_uid", "lane"))


def runs_of(subject: Subject) -> QuerySet[Job]:
    """The newest first, by whatever they were begun; a retry of refused records is none."""
    return jobs_of(subject).exclude(origin=Job.Origin.RETRY).order_by("-id")


def runs_of_task(task: AutomationTask) -> QuerySet[Job]:
    """The newest first."""
    runs = Job.objects.filter(kind="flow", subject_id=task.flow_id, origin=Job.Origin.TASK)
    return runs.filter(labels__task=task.uid).order_by("-id")


def runs_of_step(step: FlowStep) -> QuerySet[JobStep]:
    """The step's part in the runs of its flow, the newest first."""
    parts = JobStep.objects.filter(step_uid=step.uid).exclude(job__origin=Job.Origin.RETRY)
    return parts.select_related("job").order_by("-id")
