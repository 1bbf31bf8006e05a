"""What should move: exports, imports, and flows that chain them."""

from django.db import models

from apps.accounts.models import Owned, Row, User
from apps.connections.models import Connection


class Export(Owned):
    """The read side. `source`: {"schema", "table"} or {"query"}, of files {"schema", "table", "format"}: a folder, a
    file or a pattern, and what it is made of; `columns`: names to read, [] for all; `cursor`: {"column", "overlap"}
    (overlap in the cursor's unit, seconds for moments), {} for none; `key`: columns that order a query; `filter`: an
    S-expression, [] for none."""

    class Type(models.TextChoices):
        ALL = "all"
        DELTA = "delta"
        TEST = "test"

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="exports")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    type = models.CharField(max_length=16, choices=Type.choices, default=Type.ALL)
    source = models.JSONField(default=dict)
    columns = models.JSONField(default=list, blank=True)
    key = models.JSONField(default=list, blank=True)
    cursor = models.JSONField(default=dict, blank=True)
    filter = models.JSONField(default=list, blank=True)
    page_size = models.PositiveIntegerField(default=5_000)
    limit = models.PositiveIntegerField(null=True, blank=True, help_text="The most records a test export reads.")
    document = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="export_of_organization")]

    def __str__(self) -> str:
        return self.name


class Import(Owned):
    """The write side. `target`: {"schema", "table"}, of files with a "format"; `key`: the columns that upsert matches
    on; `mapping`: rules as in Celigo's mapping 2.0, [] to pass every field through; `filter` as in Export."""

    class Mode(models.TextChoices):
        APPEND = "append"
        UPSERT = "upsert"
        REPLACE = "replace"

    connection = models.ForeignKey(Connection, models.PROTECT, related_name="imports")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    target = models.JSONField(default=dict)
    mode = models.CharField(max_length=16, choices=Mode.choices, default=Mode.APPEND)
    key = models.JSONField(default=list, blank=True)
    mapping = models.JSONField(default=list, blank=True)
    filter = models.JSONField(default=list, blank=True)
    allow_empty = models.BooleanField("may replace by nothing", default=False)
    document = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="import_of_organization")]

    def __str__(self) -> str:
        return self.name


class Flow(Owned):
    """Chains of steps, one for each track. Its schedule is a `jobs.Schedule` of kind "flow" and this row's id.

    `document` and `details` keep what a client of Celigo's or of Databasin's dialect stored that means nothing to us.
    """

    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    is_enabled = models.BooleanField("enabled", default=False)
    document = models.JSONField(default=dict, blank=True)
    details = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="flow_of_organization")]

    def __str__(self) -> str:
        return self.name


class FlowStep(Row):
    """A page generator (an `export`) or a page processor (a `destination`, or an `export` looked up).

    Processors take what the generators of their own `track` give; the tracks of a flow run one after the other.
    Its `uid` is what destinations remember, so a flow that is changed keeps the steps it keeps; `generation` goes up
    when a user starts a step anew; `position` is our copy of how far the step got, by generator, and the only one where
    the destination may keep none.
    """

    class Role(models.TextChoices):
        GENERATOR = "generator"
        PROCESSOR = "processor"

    flow = models.ForeignKey(Flow, models.CASCADE, related_name="steps")
    role = models.CharField(max_length=10, choices=Role.choices)
    track = models.PositiveIntegerField(default=0)
    index = models.PositiveIntegerField()
    export = models.ForeignKey(Export, models.PROTECT, null=True, blank=True, related_name="steps")
    destination = models.ForeignKey(Import, models.PROTECT, null=True, blank=True, related_name="steps")
    proceed_on_failure = models.BooleanField(default=False)
    document = models.JSONField(default=dict, blank=True)
    generation = models.PositiveIntegerField(default=0)
    position = models.JSONField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["flow", "role", "index"]
        constraints = [
            models.UniqueConstraint(
                fields=["flow", "role", "index"], name="one_step_per_place", deferrable=models.Deferrable.DEFERRED
            ),
            models.CheckConstraint(
                condition=models.Q(role="generator", export__isnull=False, destination__isnull=True)
                | (
                    models.Q(role="processor")
                    & (
                        models.Q(export__isnull=True, destination__isnull=False)
                        | models.Q(export__isnull=False, destination__isnull=True)
                    )
                ),
                name="a_step_has_one_resource",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} {self.index} of flow {self.flow_id}"


class Automation(Owned):
    """Tasks that are done one after the other, each a flow. Its schedule is a `jobs.Schedule` of kind "automation" and
    this row's id."""

    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=255)
    is_enabled = models.BooleanField("enabled", default=True)
    document = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="automation_of_organization")]

    def __str__(self) -> str:
        return self.name


class AutomationTask(Row):
    """One place in an automation. `name`: "" for the flow's own; a task that is not enabled is passed over."""

    automation = models.ForeignKey(Automation, models.CASCADE, related_name="tasks")
    index = models.PositiveIntegerField()
    flow = models.ForeignKey(Flow, models.PROTECT, related_name="automation_tasks")
    name = models.CharField(max_length=255, blank=True)
    is_enabled = models.BooleanField("enabled", default=True)
    document = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["automation", "index"]
        constraints = [
            models.UniqueConstraint(
                fields=["automation", "index"], name="one_task_per_place", deferrable=models.Deferrable.DEFERRED
            )
        ]

    def __str__(self) -> str:
        return f"task {self.index} of automation {self.automation_id}"
