"""When flows and automations run, and what they may be made of, as fields of their forms."""

from typing import Any

from django.db.models import QuerySet

from apps.accounts.admin import reach
from apps.flows.queries import schedule_of
from apps.jobs.admin.rhythm import RhythmForm
from apps.jobs.models import Schedule


class ScheduledForm(RhythmForm):
    """Of a flow or an automation."""

    def own(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """What it may be made of: what the same organisation has, or all that the user may change."""
        if self.instance.pk:
            return rows.filter(organization_id=self.instance.organization_id).order_by("name")
        return reach.within(rows, self.request, reach.EDITORS).order_by("name")

    def present_schedule(self) -> Schedule | None:
        return schedule_of(self.instance) if self.instance.pk else None
