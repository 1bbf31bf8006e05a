"""Flows: what they do, when, how the last runs went, and the button that runs one."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.admin.buttons import Button, Done
from apps.accounts.admin.scoped import Fact
from apps.flows import services as flows
from apps.flows.admin.flow_form import FlowForm
from apps.flows.admin.picture import draw
from apps.flows.admin.scheduled import ScheduledAdmin
from apps.flows.models import Flow
from apps.flows.queries import Subject, lanes_of, steps_of
from apps.jobs.admin import rhythm, subjects


def run(request: HttpRequest, flow: Flow) -> Done:
    job = flows.run_flow(flow=flow, at=timezone.now())
    return Done("The run is queued.", page=reverse("admin:jobs_job_change", args=[job.pk]))


def restart(request: HttpRequest, flow: Flow) -> Done:
    flows.restart_flow(flow=flow)
    return Done("Forgotten how far it got: the next run reads everything anew.")


@admin.register(Flow)
class FlowAdmin(ScheduledAdmin):
    form = FlowForm
    search_fields = ("name", "description")
    fieldsets = (
        (None, {"fields": ("organization", "project", "name", "description", "is_enabled")}),
        ("What it moves", {"fields": ("generators", "processors")}),
        rhythm.FIELDSET,
    )
    panel_template = "console/flow.html"
    empty_text = (
        "A flow reads with exports and writes with imports, by hand or by a schedule. "
        "Make connections, an export and an import first."
    )
    buttons = (
        Button("run", "Run now", "play_arrow", run, style="primary"),
        Button(
            "restart",
            "Restart from the beginning",
            "restart_alt",
            restart,
            confirm="The next run reads everything anew, as if there had been none. What appends, appends it again.",
            style="danger",
        ),
    )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, Any, Any]:
        """A flow that an automation runs is refused by the service, which says by which."""
        found, counts, permissions, _protected = super().get_deleted_objects(objs, request)
        return found, counts, permissions, []

    def delete_model(self, request: HttpRequest, obj: Flow) -> None:
        flows.remove_flow(flow=obj)

    def panel(self, request: HttpRequest, row: Subject) -> dict[str, Any]:
        assert isinstance(row, Flow)
        return {**super().panel(request, row), "picture": draw(list(steps_of(row)), lanes_of(row))}

    def facts(self, request: HttpRequest, row: Flow) -> Sequence[Fact]:
        return [*super().facts(request, row), ("Description", row.description)]


subjects.register("flow", subjects.Subject("Flow run", Flow, "admin:flows_flow_change", retry=flows.retry))
