"""A flow as a form: what is read, what is written, and when."""

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.db.models import Model, QuerySet
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin import reach
from apps.accounts.admin.forms import OwnedForm
from apps.flows import services as flows
from apps.flows.admin.fields import IntervalField, OrderedChoices
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.flows.queries import schedule_of, steps_of

BY_HAND, EVERY, CRON = "by hand", "every", "cron"
RHYTHMS = {BY_HAND: "Only when somebody runs it", EVERY: "At an interval", CRON: "By a cron expression"}


class FlowForm(OwnedForm):
    generators = OrderedChoices(Export.objects.none(), label="Reads from", help_text="Exports, in their order.")
    processors = OrderedChoices(
        Import.objects.none(), label="Writes to", help_text="Imports; every record goes through each, in their order."
    )
    rhythm = forms.ChoiceField(choices=RHYTHMS.items(), label="Runs", widget=UnfoldAdminSelectWidget())
    interval = IntervalField(label="Every", help_text="One minute or more.")
    cron = forms.CharField(
        required=False,
        label="Cron expression",
        widget=UnfoldAdminTextInputWidget(attrs={"class": "cd-code", "placeholder": "30 2 * * *"}),
        help_text="Minute, hour, day of the month, month, day of the week: 30 2 * * * is half past two every night.",
    )
    timezone = forms.ChoiceField(
        choices=lambda: [(zone, zone) for zone in sorted(available_timezones())],
        initial="UTC",
        label="Time zone",
        widget=UnfoldAdminSelectWidget(),
    )
    fields_of_problems = {"schedule": "rhythm"}
    shown_when = {"interval": "rhythm=every", "cron": "rhythm=cron", "timezone": "rhythm=cron"}

    class Meta:
        model = Flow
        fields = ("organization", "project", "name", "description", "is_enabled")
        help_texts = {"is_enabled": "Switched on, it runs by its schedule; it can be run by hand in either case."}
        widgets = {"description": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps = list(steps_of(self.instance)) if self.instance.pk else []
        self._choices("generators").queryset = self._own(Export.objects.select_related("connection"))
        self._choices("processors").queryset = self._own(Import.objects.select_related("connection"))
        self.initial.update(
            self._schedule(),
            generators=[step.export_id for step in self.steps if step.role == FlowStep.Role.GENERATOR],
            processors=[step.destination_id for step in self.steps if step.role == FlowStep.Role.PROCESSOR],
        )

    def store(self) -> Model:
        values = {name: self.cleaned_data[name] for name in ("name", "description", "is_enabled")}
        values["generators"] = [self._step("export", export) for export in self.cleaned_data["generators"]]
        values["processors"] = [self._step("destination", one) for one in self.cleaned_data["processors"]]
        values["schedule"] = self._wanted_schedule()
        if self.instance.pk is not None:
            return flows.change_flow(flow=self.instance, values=values, at=timezone.now())
        return flows.create_flow(values=values, at=timezone.now(), **self.owner())

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        wanted = {EVERY: "interval", CRON: "cron"}.get(values.get("rhythm", ""))
        if wanted and not values.get(wanted):
            self.add_error(wanted, "Say when.")
        return values

    def _own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.instance.pk:
            return rows.filter(organization_id=self.instance.organization_id).order_by("name")
        return reach.within(rows, self.request, reach.EDITORS).order_by("name")

    def _choices(self, name: str) -> OrderedChoices:
        field = self.fields[name]
        assert isinstance(field, OrderedChoices)
        return field

    def _schedule(self) -> dict[str, Any]:
        schedule = schedule_of(self.instance) if self.instance.pk else None
        if schedule is None:
            return {"rhythm": BY_HAND, "timezone": "UTC"}
        rhythm = CRON if schedule.cron else EVERY
        return {"rhythm": rhythm, "cron": schedule.cron, "interval": schedule.interval, "timezone": schedule.timezone}

    def _wanted_schedule(self) -> dict[str, Any] | None:
        values = self.cleaned_data
        if values["rhythm"] == EVERY:
            return {"interval": values["interval"]}
        return {"cron": values["cron"], "timezone": values["timezone"]} if values["rhythm"] == CRON else None

    def _step(self, kind: str, row: Model) -> dict[str, Any]:
        """A step that stays keeps what this form does not show."""
        present = _first(step for step in self.steps if getattr(step, kind) == row)
        kept = {"proceed_on_failure": present.proceed_on_failure, "document": present.document} if present else {}
        return {kind: row, **kept}


def _first(steps: Iterable[FlowStep]) -> FlowStep | None:
    return next(iter(steps), None)
