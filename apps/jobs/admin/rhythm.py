"""When something runs, as fields of its form."""

from typing import Any
from zoneinfo import available_timezones

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from apps.accounts.admin.forms import OwnedForm
from apps.jobs.admin.intervals import IntervalField
from apps.jobs.models import Schedule

BY_HAND, EVERY, CRON = "by hand", "every", "cron"
RHYTHMS = {BY_HAND: "Only when somebody runs it", EVERY: "At an interval", CRON: "By a cron expression"}
FIELDSET = ("When it runs", {"fields": ("rhythm", "interval", "cron", "timezone")})


class RhythmForm(OwnedForm):
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

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.initial.update(self.present_rhythm())

    def clean(self) -> dict[str, Any]:
        values = super().clean()
        wanted = {EVERY: "interval", CRON: "cron"}.get(values.get("rhythm", ""))
        if wanted and not values.get(wanted):
            self.add_error(wanted, "Say when.")
        return values

    def present_schedule(self) -> Schedule | None:
        """That of the row."""
        raise NotImplementedError

    def present_rhythm(self) -> dict[str, Any]:
        """As values of the fields."""
        schedule = self.present_schedule()
        if schedule is None:
            return {"rhythm": BY_HAND, "timezone": "UTC"}
        rhythm = CRON if schedule.cron else EVERY
        return {"rhythm": rhythm, "cron": schedule.cron, "interval": schedule.interval, "timezone": schedule.timezone}

    def wanted_schedule(self) -> dict[str, Any] | None:
        """As services take it."""
        values = self.cleaned_data
        if values["rhythm"] == EVERY:
            return {"interval": values["interval"]}
        return {"cron": values["cron"], "timezone": values["timezone"]} if values["rhythm"] == CRON else None
