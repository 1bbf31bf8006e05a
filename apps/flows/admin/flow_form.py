"""A flow as a form: what is read, what is written, and when."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from apps.flows import services as flows
from apps.flows.admin.fields import OrderedChoices
from apps.flows.admin.rhythm import ScheduledForm
from apps.flows.models import Export, Flow, FlowStep, Import
from apps.flows.queries import steps_of


class FlowForm(ScheduledForm):
    generators = OrderedChoices(Export.objects.none(), label="Reads from", help_text="Exports, in their order.")
    processors = OrderedChoices(
        Import.objects.none(), label="Writes to", help_text="Imports; every record goes through each, in their order."
    )

    class Meta:
        model = Flow
        fields = ("organization", "project", "name", "description", "is_enabled")
        help_texts = {"is_enabled": "Switched on, it runs by its schedule; it can be run by hand in either case."}
        widgets = {"description": UnfoldAdminTextInputWidget()}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.steps = list(steps_of(self.instance)) if self.instance.pk else []
        self._choices("generators").queryset = self.own(Export.objects.select_related("connection"))
        self._choices("processors").queryset = self.own(Import.objects.select_related("connection"))
        self.initial.update(
            generators=[step.export_id for step in self.steps if step.role == FlowStep.Role.GENERATOR],
            processors=[step.destination_id for step in self.steps if step.role == FlowStep.Role.PROCESSOR],
        )

    def store(self) -> Model:
        values = {name: self.cleaned_data[name] for name in ("name", "description", "is_enabled")}
        values["generators"] = [self._step("export", export) for export in self.cleaned_data["generators"]]
        values["processors"] = [self._step("destination", one) for one in self.cleaned_data["processors"]]
        values["schedule"] = self.wanted_schedule()
        if self.instance.pk is not None:
            return flows.change_flow(flow=self.instance, values=values, at=timezone.now())
        return flows.create_flow(values=values, at=timezone.now(), **self.owner())

    def _choices(self, name: str) -> OrderedChoices:
        field = self.fields[name]
        assert isinstance(field, OrderedChoices)
        return field

    def _step(self, kind: str, row: Model) -> dict[str, Any]:
        """A step that stays keeps what this form does not show."""
        present = _first(step for step in self.steps if getattr(step, kind) == row)
        kept = {"proceed_on_failure": present.proceed_on_failure, "document": present.document} if present else {}
        return {kind: row, **kept}


def _first(steps: Iterable[FlowStep]) -> FlowStep | None:
    return next(iter(steps), None)
