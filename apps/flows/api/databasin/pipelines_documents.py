"""What a client says of a pipeline, in the words of the service."""

from collections.abc import Mapping
from typing import Any
from zoneinfo import available_timezones

from apps.accounts.api.databasin import ownership
from apps.dialects.caller import Caller
from apps.dialects.databasin import numbers
from apps.dialects.lists import Values
from apps.errors import Invalid
from apps.flows.api.databasin.artifacts_documents import SOURCE, TARGET, artifacts
from apps.flows.api.databasin.values import document, flag, line, lines
from apps.flows.models import Flow, FlowStep
from apps.flows.queries import schedule_of

NAME, CRON, ZONE, MINUTES = "pipelineName", "jobRunSchedule", "jobRunTimeZone", "intervalMinutes"
LONGEST_NAME = 200
LONGEST_DESCRIPTION = 10_000
SYNONYMS = {"sourceConnectorId": "sourceConnectorID", "targetConnectorId": "targetConnectorID"}
ENABLED = {"active": True, "inactive": False}
PATTERNS = {"data warehouse": "targetCatalogName", "datalake": "targetSchemaName"}
"""By `ingestionPattern`, what it needs."""
KEPT = {
    "isPrivate": lambda value, key: int(flag(value, key)),
    "ingestionPattern": line,
    "sourceNamingConvention": flag,
    "createCatalogs": flag,
    "connectorTechnology": lines,
    "targetCatalogName": line,
    "targetSchemaName": line,
    "sourceCatalog": line,
    "sourceSchema": line,
    "sourceConnectorID": numbers.number,
    "targetConnectorID": numbers.number,
}
JOB = {ZONE: line, "jobClusterSize": line, "jobTimeout": line, "tags": lines, "emailNotifications": lines}
"""The same in `jobDetails`; the last four change nothing here."""


class Document:
    """`said`: what is asked for. Of a pipeline that there is, `shown` is how it is, and what a client sends back as it
    was shown asks for nothing."""

    def __init__(self, body: Mapping[str, Any], caller: Caller, shown: Mapping[str, Any] | None = None) -> None:
        """Raises Invalid, and NotFound for an institution that is not the caller's."""
        worded = {SYNONYMS.get(key, key): value for key, value in body.items()}
        self.shown = shown or {}
        self.caller = caller
        self.said = {
            key: value
            for key, value in worded.items()
            if value is not None and (key not in self.shown or self.shown[key] != value)
        }
        ownership.check_institution(self.said, caller)

    def values(self, flow: Flow | None = None) -> Values:
        """By the service's names, only what is said. Raises Invalid, and NotFound for what the caller does not see."""
        details = self._details(flow)
        values: Values = {
            "details": details,
            **self._named(),
            **ownership.owned(self.said, self.caller),
            **self._schedule(flow, details),
        }
        # the vendor's own documents send an empty list with every change: artifacts are removed one by one
        if self.said.get("items"):
            values["copies"] = artifacts(
                self.said["items"],
                "items",
                defaults=defaults({**details, **self.shown, **self.said}),
                present=present(flow, self.shown),
                caller=self.caller,
            )
        self._check_pattern(details)
        return values

    def _named(self) -> Values:
        found: Values = {}
        if self.said.get(NAME, "" if not self.shown else None) == "":
            raise Invalid(f"Missing required field: {NAME}", code="missing_required_field", field=NAME)
        if NAME in self.said:
            found["name"] = line(self.said[NAME], NAME)
            if len(found["name"]) > LONGEST_NAME:
                raise Invalid(f"{NAME} must have at most {LONGEST_NAME} characters.", field=NAME)
        if "pipelineDescription" in self.said:
            found["description"] = _text(self.said["pipelineDescription"], "pipelineDescription")
        if (is_enabled := self._is_enabled()) is not None:
            found["is_enabled"] = is_enabled
        return found

    def _is_enabled(self) -> bool | None:
        for key in ("enabled", "isActive"):
            if key in self.said:
                return flag(self.said[key], key)
        return ENABLED.get(str(self.said.get("status")))

    def _details(self, flow: Flow | None) -> Values:
        """With what was kept before."""
        before = flow.details if flow else {}
        kept = {key: read(self.said[key], key) for key, read in KEPT.items() if self.said.get(key) not in (None, "")}
        cleared = {key for key in KEPT if self.said.get(key) == ""}
        job = _read(self._part("jobDetails"), JOB)
        if job.get(ZONE, "UTC") not in available_timezones():
            raise Invalid(f"There is no time zone named {job[ZONE]!r}.", field=ZONE)
        found = {**before, **kept, "jobDetails": before.get("jobDetails", {}) | job}
        return {key: value for key, value in found.items() if value != {} and key not in cleared}

    def _schedule(self, flow: Flow | None, details: Values) -> Values:
        """A time zone alone changes the time zone alone."""
        job, configuration = self._part("jobDetails"), self._part("configuration")
        said = job if CRON in job else {CRON: configuration["schedule"]} if "schedule" in configuration else {}
        zone = details.get("jobDetails", {}).get(ZONE, "UTC")
        former = schedule_of(flow) if flow else None
        if said.get(CRON):
            return {"schedule": {"cron": line(said[CRON], CRON), "timezone": zone}}
        if job.get(MINUTES):
            return {"schedule": {"interval": 60 * numbers.number(job[MINUTES], MINUTES)}}
        if CRON in said:
            return {"schedule": None}
        if ZONE not in job or former is None:
            return {}
        return {"schedule": {"cron": former.cron, "interval": former.interval, "timezone": zone}}

    def _part(self, key: str) -> Values:
        return document(self.said.get(key, {}), key)

    def _check_pattern(self, details: Values) -> None:
        pattern = details.get("ingestionPattern")
        if pattern is None or not {"ingestionPattern", *PATTERNS.values()} & set(self.said):
            return
        needed = PATTERNS.get(pattern.lower())
        if needed is None:
            text = f"ingestionPattern {pattern!r} is not known; these are: {', '.join(PATTERNS)}."
            raise Invalid(text, field="ingestionPattern")
        if not details.get(needed):
            text = f"ingestionPattern {pattern!r} needs {needed}."
            raise Invalid(text, code="missing_required_field", field=needed)


def defaults(said: Values) -> Values:
    """What a pipeline says for artifacts that say nothing."""
    found = {
        SOURCE: said.get("sourceConnectorID"),
        TARGET: said.get("targetConnectorID"),
        "sourceDatabaseName": said.get("sourceCatalog"),
        "sourceSchemaName": said.get("sourceSchema"),
        "targetDatabaseName": said.get("targetCatalogName"),
        "targetSchemaName": said.get("targetSchemaName"),
    }
    return {key: value for key, value in found.items() if value}


def present(flow: Flow | None, shown: Mapping[str, Any]) -> dict[int, tuple[FlowStep, Values]]:
    """By their numbers, a flow's artifacts and how they are shown."""
    items = {item["artifactID"]: item for item in shown.get("items", ())}
    rows = FlowStep.objects.select_related("destination")
    steps = rows.filter(flow=flow, id__in=items) if flow else ()
    return {step.id: (step, items[step.id]) for step in steps}


def _read(said: Values, fields: Mapping[str, Any]) -> Values:
    return {key: read(said[key], key) for key, read in fields.items() if said.get(key) not in (None, "")}


def _text(value: object, key: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_DESCRIPTION:
        raise Invalid(f"{key} must be text of at most {LONGEST_DESCRIPTION:,} characters.", field=key)
    return value
