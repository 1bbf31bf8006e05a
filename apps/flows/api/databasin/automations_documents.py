"""What a client says of an automation: flat as the vendor's wizard does, or with `jobDetails` and `automationTask` as
its templates do."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from apps.accounts.api.databasin import ownership
from apps.dialects.caller import Caller
from apps.dialects.databasin import numbers
from apps.dialects.lists import Values
from apps.errors import Invalid
from apps.flows.api.databasin.automations_tasks import tasks
from apps.flows.api.databasin.values import document, flag, line, lines
from apps.flows.models import Automation
from apps.flows.queries import schedule_of

NAME, CRON, ZONE, MINUTES = "automationName", "jobRunSchedule", "jobRunTimeZone", "intervalMinutes"
SYNONYMS = {"cronExpression": CRON, "tags": "jobTags"}


def zone(value: object, key: str) -> str:
    """Raises Invalid."""
    name = line(value, key)
    if name not in available_timezones():
        raise Invalid(f"There is no time zone named {name!r}.", field=key)
    return name


KEPT = {
    ZONE: zone,
    "isPrivate": flag,
    "auditEnabled": flag,
    "auditInformation": document,
    "jobName": line,
    "jobClusterSize": line,
    "jobTimeout": line,
    "jobTags": lines,
    "emailNotifications": lines,
}
"""What is kept and shown, and means nothing to us."""


class Document:
    """`flat`: what is said, with `jobDetails` and synonyms resolved; null says nothing, but of a schedule: none."""

    def __init__(self, body: Mapping[str, Any], caller: Caller) -> None:
        """Raises Invalid."""
        details = body.get("jobDetails") or {}
        if not isinstance(details, dict):
            raise Invalid("jobDetails must be an object.", field="jobDetails")
        said = {SYNONYMS.get(key, key): value for part in (details, body) for key, value in part.items()}
        self.flat = {key: value for key, value in said.items() if value is not None or key == CRON}
        self.caller = caller

    def values(self, present: Automation | None = None) -> Values:
        """By the service's names, only what is said. `present`: as it is now. Raises Invalid, and NotFound for what the
        caller does not see."""
        ownership.check_institution(self.flat, self.caller)
        kept = {key: read(self.flat[key], key) for key, read in KEPT.items() if key in self.flat}
        values: Values = {"document": (present.document if present else {}) | kept}
        if NAME in self.flat:
            values["name"] = line(self.flat[NAME], NAME)
        if "isActive" in self.flat:
            values["is_enabled"] = flag(self.flat["isActive"], "isActive")
        if (wanted := tasks(self.flat, self.caller)) is not None:
            values["tasks"] = wanted
        if {CRON, ZONE, MINUTES} & set(self.flat):
            values["schedule"] = self._schedule(present, values["document"])
        return values | ownership.owned(self.flat, self.caller)

    def _schedule(self, present: Automation | None, kept: Values) -> Values | None:
        """A time zone alone changes the time zone alone, and a cron alone leaves it; `kept`: what was said of one
        before there was a schedule."""
        former = schedule_of(present) if present else None
        if ZONE not in self.flat and former is not None and former.cron:
            timezone = former.timezone
        else:
            timezone = kept.get(ZONE, "UTC")
        if self.flat.get(CRON):
            return {"cron": line(self.flat[CRON], CRON), "timezone": timezone}
        if self.flat.get(MINUTES):
            return {"interval": 60 * numbers.number(self.flat[MINUTES], MINUTES)}
        if CRON in self.flat or former is None:
            return None
        return {"cron": former.cron, "interval": former.interval, "timezone": timezone}
