"""An automation as a form: its flows in their order, and when it runs."""

from typing import Any

from django.db.models import Model
from django.utils import timezone

from apps.flows import services as flows
from apps.flows.admin.fields import OrderedChoices
from apps.flows.admin.rhythm import ScheduledForm
from apps.flows.models import Automation, Flow
from apps.flows.queries import tasks_of


class OrderedFlows(OrderedChoices):
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class AutomationForm(ScheduledForm):
    tasks = OrderedFlows(
        Flow.objects.none(),
        label="Flows",
        help_text="They run in this order, each when the one before it has completed. A flow may run twice.",
    )

    class Meta:
        model = Automation
        fields = ("organization", "project", "name", "is_enabled")
        help_texts = {"is_enabled": "Switched on, it runs by its schedule; it can be run by hand in either case."}

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.present = list(tasks_of(self.instance)) if self.instance.pk else []
        choices = self.fields["tasks"]
        assert isinstance(choices, OrderedFlows)
        choices.queryset = self.own(Flow.objects.all())
        self.initial["tasks"] = [task.flow_id for task in self.present]

    def store(self) -> Model:
        values = {name: self.cleaned_data[name] for name in ("name", "is_enabled")}
        present = list(self.present)
        values["tasks"] = [self._task(flow, present) for flow in self.cleaned_data["tasks"]]
        values["schedule"] = self.wanted_schedule()
        if self.instance.pk is not None:
            return flows.change_automation(automation=self.instance, values=values, at=timezone.now())
        return flows.create_automation(values=values, at=timezone.now(), **self.owner())

    @staticmethod
    def _task(flow: Flow, present: list[Any]) -> dict[str, Any]:
        """A task that stays keeps what this form does not show."""
        row = next((task for task in present if task.flow_id == flow.pk), None)
        if row is None:
            return {"flow": flow}
        present.remove(row)
        return {"flow": flow, "name": row.name, "is_enabled": row.is_enabled, "document": row.document}
