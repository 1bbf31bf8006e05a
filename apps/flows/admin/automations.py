"""Automations: which flows they run, in which order, and how that went."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.admin.buttons import Button, Done
from apps.flows import services as flows
from apps.flows.admin.automation_form import AutomationForm
from apps.flows.admin.scheduled import ScheduledAdmin
from apps.flows.models import Automation, AutomationTask
from apps.flows.queries import Subject, jobs_of, runs_of, tasks_of
from apps.jobs.admin import rhythm, subjects
from apps.jobs.models import ENDED


def run(request: HttpRequest, automation: Automation) -> Done:
    job = flows.run_automation(automation=automation, at=timezone.now())
    return Done("The run is queued.", page=reverse("admin:jobs_job_change", args=[job.pk]))


def stop(request: HttpRequest, automation: Automation) -> Done:
    stopped = flows.stop_automation(automation=automation)
    return Done("It was asked to stop, and so was the flow that it runs." if stopped else "It did not run.")


def is_under_way(automation: Automation) -> bool:
    return jobs_of(automation).exclude(state__in=ENDED).exists()


@admin.register(Automation)
class AutomationAdmin(ScheduledAdmin):
    form = AutomationForm
    search_fields = ("name",)
    fieldsets = (
        (None, {"fields": ("organization", "project", "name", "is_enabled")}),
        ("What it runs", {"fields": ("tasks",)}),
        rhythm.FIELDSET,
    )
    panel_template = "console/automation.html"
    empty_text = "An automation runs flows one after the other, and stops where one fails. Make the flows first."
    buttons = (
        Button("run", "Run now", "play_arrow", run, style="primary"),
        Button("stop", "Stop", "stop_circle", stop, style="danger", is_shown=is_under_way),
    )

    def delete_model(self, request: HttpRequest, obj: Automation) -> None:
        flows.remove_automation(automation=obj)

    def panel(self, request: HttpRequest, row: Subject) -> dict[str, Any]:
        assert isinstance(row, Automation)
        return {**super().panel(request, row), "tasks": _tasks(row)}


def _tasks(automation: Automation) -> Sequence[AutomationTask]:
    """Each with its `run` in the latest run of the whole; None where it has not begun."""
    latest = runs_of(automation).first()
    runs = {run.labels.get("task"): run for run in latest.children.all()} if latest else {}
    tasks: list[Any] = list(tasks_of(automation))
    for task in tasks:
        task.run = runs.get(task.uid)
    return tasks


subjects.register("automation", subjects.Subject("Automation run", Automation, "admin:flows_automation_change"))
