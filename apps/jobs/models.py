"""One run, what happened in it, what it refused, and when the next is due. No foreign key to what is run."""

from django.db import models

from apps.accounts.models import Organization, Owned, Row


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"


MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED}),
    State.RUNNING: frozenset({State.COMPLETED, State.FAILED, State.CANCELLING}),
    State.CANCELLING: frozenset({State.CANCELLED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
}
LIVE = (State.RUNNING, State.CANCELLING)
ENDED = (State.COMPLETED, State.FAILED, State.CANCELLED)


class Schedule(Owned):
    """When something runs: `cron` (five fields, in `timezone`) or `interval` seconds, one of the two.

    `needs`: uids of the connections without which a run is pointless; a lost sign-in sets `paused_reason` by them.
    """

    kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    subject_uid = models.CharField(max_length=24)
    labels = models.JSONField(default=dict, blank=True)
    cron = models.CharField(max_length=200, blank=True)
    interval = models.PositiveIntegerField(null=True, blank=True, help_text="Seconds, 60 or more.")
    timezone = models.CharField(max_length=64, default="UTC")
    is_enabled = models.BooleanField("enabled", default=True)
    needs = models.JSONField(default=list, blank=True)
    paused_reason = models.CharField(max_length=200, blank=True)
    next_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "subject_id"], name="one_schedule_per_subject"),
            models.CheckConstraint(
                condition=models.Q(cron="", interval__gte=60) | (~models.Q(cron="") & models.Q(interval__isnull=True)),
                name="cron_or_interval",
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=models.Q(is_enabled=True, paused_reason=""), name="schedule_due"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.cron or f'every {self.interval} s'} {self.timezone}"


class Job(Owned):
    """The row is the job and its own outbox entry; the queue carries its id as a hint.

    `kind` names the runner, `subject_*` what is run; `labels` are the uids that lists filter by, copied when the job is
    made. `fence` rises with every attempt and guards every write. A job without a lease that is `running` has been
    handed back. Nothing is due before its `not_before`, nor goes on before the children that it began have ended.
    """

    class Origin(models.TextChoices):
        MANUAL = "manual"
        SCHEDULE = "schedule"
        RETRY = "retry"
        TASK = "task"

    kind = models.CharField(max_length=32)
    subject_id = models.BigIntegerField()
    subject_uid = models.CharField(max_length=24)
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="children")
    labels = models.JSONField(default=dict, blank=True)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.MANUAL)
    queue = models.CharField(max_length=32)
    is_exclusive = models.BooleanField(default=True, help_text="One at a time, and one waiting, per subject.")
    # by the database as well: a process of the version before names no such column
    is_single = models.BooleanField(
        default=False, db_default=False, help_text="One at all per subject, waiting or running."
    )
    params = models.JSONField(default=dict, blank=True)
    sealed_params = models.TextField(blank=True, editable=False)
    idempotency_key = models.CharField(max_length=200, blank=True)
    schedule = models.ForeignKey(Schedule, models.SET_NULL, null=True, blank=True, related_name="jobs")
    slot_at = models.DateTimeField(null=True, blank=True)

    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    fence = models.BigIntegerField(default=0)
    attempt = models.PositiveIntegerField(default=0)
    stalled = models.PositiveIntegerField(default=0, help_text="Attempts since the last progress.")
    worker = models.CharField(max_length=200, blank=True)
    is_draining = models.BooleanField(default=False)
    is_yielding = models.BooleanField(default=False, help_text="Asked to hand back for another organisation's sake.")
    lease_until = models.DateTimeField(null=True, blank=True)
    not_before = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    config = models.JSONField(null=True, blank=True, help_text="What the first attempt ran, for every later one.")
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)

    pages_read = models.BigIntegerField(default=0)
    pages_written = models.BigIntegerField(default=0)
    records_read = models.BigIntegerField(default=0)
    records_written = models.BigIntegerField(default=0)
    records_ignored = models.BigIntegerField(default=0)
    records_failed = models.BigIntegerField(default=0)
    records_expected = models.BigIntegerField(null=True, blank=True)
    bytes_moved = models.BigIntegerField(default=0)
    snapshots = models.PositiveIntegerField(default=0)
    event_count = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=models.Q(state__in=["running", "cancelling"], is_exclusive=True),
                name="one_running_per_subject",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=models.Q(state="queued", parent__isnull=True, is_exclusive=True),
                name="one_queued_per_subject",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_id"],
                condition=models.Q(state__in=["queued", "running", "cancelling"], is_single=True),
                name="one_active_per_subject",
            ),
            models.UniqueConstraint(fields=["schedule", "slot_at"], name="one_job_per_slot"),
            models.UniqueConstraint(
                fields=["organization", "idempotency_key"],
                condition=~models.Q(idempotency_key=""),
                name="one_job_per_idempotency_key",
            ),
        ]
        indexes = [
            models.Index(fields=["queue", "organization", "id"], condition=models.Q(state="queued"), name="job_queued"),
            models.Index(
                fields=["queue", "published_at", "id"], condition=models.Q(state="queued"), name="job_queued_published"
            ),
            models.Index(
                fields=["lease_until"], condition=models.Q(state__in=["running", "cancelling"]), name="job_live"
            ),
            models.Index(
                fields=["kind", "subject_id"],
                condition=models.Q(state__in=["running", "cancelling"]),
                name="job_live_of_subject",
            ),
            models.Index(fields=["organization", "-created_at", "-id"], name="job_of_organization"),
            models.Index(fields=["organization", "state", "-created_at", "-id"], name="job_of_organization_in_state"),
            models.Index(fields=["subject_uid", "-created_at", "-id"], name="job_of_subject_uid"),
            models.Index(fields=["kind", "subject_id", "-id"], name="job_of_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.uid}"


class QueueTurn(models.Model):
    """When an organisation last got a job of a queue going, as the fence of that attempt: fences only rise."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+")
    queue = models.CharField(max_length=32)
    fence = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "queue"], name="one_turn_per_queue")]

    def __str__(self) -> str:
        return f"turn {self.fence} of organization {self.organization_id} in {self.queue}"


class JobStep(Row):
    """One step of a run and its own figures; Celigo shows it as a child job. `role` is "export" or "import"."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="steps")
    step_uid = models.CharField(max_length=24)
    role = models.CharField(max_length=10)
    resource_uid = models.CharField(max_length=24)
    name = models.CharField(max_length=200)
    lane = models.CharField(max_length=10, blank=True)
    delivery = models.CharField(max_length=20, blank=True)
    records = models.BigIntegerField(default=0)
    ignored = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    pages = models.BigIntegerField(default=0)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "step_uid"], name="one_row_per_step_of_a_job")]
        indexes = [models.Index(fields=["resource_uid", "-id"], name="job_step_of_resource")]

    def __str__(self) -> str:
        return f"{self.role} {self.name} of job {self.job_id}"


class JobEvent(models.Model):
    """Append-only and numbered per job: every change of state, and the job's own log."""

    class Level(models.TextChoices):
        STATE = "state"
        INFO = "info"
        WARNING = "warning"
        ERROR = "error"

    job = models.ForeignKey(Job, models.CASCADE, related_name="events")
    number = models.BigIntegerField()
    at = models.DateTimeField()
    level = models.CharField(max_length=10, choices=Level.choices)
    message = models.TextField()
    data = models.JSONField(default=dict)

    class Meta:
        ordering = ["job", "number"]
        constraints = [models.UniqueConstraint(fields=["job", "number"], name="one_event_per_number")]

    def __str__(self) -> str:
        return self.message


class RecordError(Row):
    """One record refused in a run, with what is needed to edit it and try again.

    (job, step_uid, stream, page, index) name the record's place, so that a page that is read again reports nothing
    twice; `stream` is the generator that gave it.
    """

    job = models.ForeignKey(Job, models.CASCADE, related_name="record_errors")
    step_uid = models.CharField(max_length=24)
    stream = models.CharField(max_length=24, blank=True)
    page = models.BigIntegerField()
    index = models.PositiveIntegerField()
    source = models.CharField(max_length=32)
    code = models.CharField(max_length=64)
    message = models.TextField()
    trace_key = models.CharField(max_length=512, blank=True)
    record = models.JSONField(null=True)
    retry = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="retried_errors")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["job", "step_uid", "stream", "page", "index"], name="one_error_per_record")
        ]

    def __str__(self) -> str:
        return f"{self.code}: {self.message[:80]}"


class RefusalCount(models.Model):
    """How many records of one page a step refused, whether they were kept or not."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="refusal_counts")
    step_uid = models.CharField(max_length=24)
    stream = models.CharField(max_length=24, blank=True)
    page = models.BigIntegerField()
    records = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "step_uid", "stream", "page"], name="one_refusal_count_per_page")
        ]

    def __str__(self) -> str:
        return f"{self.records} in page {self.page} of job {self.job_id}"


class Result(models.Model):
    """The answer of an interactive job, kept until `expires_at`."""

    job = models.OneToOneField(Job, models.CASCADE, primary_key=True, related_name="result")
    content_type = models.CharField(max_length=100)
    body = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"result of job {self.job_id}"
