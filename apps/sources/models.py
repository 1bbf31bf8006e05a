"""What has landed: collections, the source connections that fill them, and their records, ready to be searched.

Records, chunks and sightings have no foreign key in the database: they may outlive what they hang on, until a purge has
swept them away, and a check a row would cost as much as the row.
"""

from uuid import uuid4

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone

from apps.accounts.models import Owned, Role, Row, User
from apps.connections.models import Connection
from apps.jobs.models import Job


class Language(models.TextChoices):
    """How the words of a collection are taken apart, by the name of PostgreSQL's configuration."""

    SIMPLE = "simple"
    DANISH = "danish"
    DUTCH = "dutch"
    ENGLISH = "english"
    FINNISH = "finnish"
    FRENCH = "french"
    GERMAN = "german"
    ITALIAN = "italian"
    NORWEGIAN = "norwegian"
    PORTUGUESE = "portuguese"
    RUSSIAN = "russian"
    SPANISH = "spanish"
    SWEDISH = "swedish"


class PresentCollections(models.Manager["Collection"]):
    def get_queryset(self) -> models.QuerySet["Collection"]:
        return super().get_queryset().filter(removed_at=None)


class Collection(Owned):
    """A named place where records land and are searched. It is known by its uid, its `uuid` and its `readable_id`.

    Without members everybody in the organisation reaches it; with members, they and the organisation's owners and
    admins. `removed_at`: removed, and waiting for its records to be swept away.
    """

    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    readable_id = models.SlugField(max_length=80)
    uuid = models.UUIDField(unique=True, default=uuid4, editable=False)
    language = models.CharField(max_length=20, choices=Language.choices, default=Language.ENGLISH)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PresentCollections()
    everything = models.Manager["Collection"]()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="collection_of_organization")]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "readable_id"],
                condition=models.Q(removed_at=None),
                name="one_collection_per_readable_id",
            )
        ]

    def __str__(self) -> str:
        return self.name


class CollectionMember(Row):
    """`role` narrows what the person's role in the organisation allows, and never widens it."""

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="members")
    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["collection", "user"], name="one_membership_per_collection")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.collection}"


class PresentSourceConnections(models.Manager["SourceConnection"]):
    def get_queryset(self) -> models.QuerySet["SourceConnection"]:
        return super().get_queryset().filter(removed_at=None)


class SourceConnection(Owned):
    """What of a connection's system lands in a collection. `connection` is None where records are pushed.

    `config`: what is read and when, as `services.config` words it. `follow`: how its system is followed, as
    `services.following` tells it; {} where nothing was set up for that. `removed_at`: removed, but its records are
    retained: it is only found through them, or through `SourceConnection.everything`.
    """

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="source_connections")
    connection = models.ForeignKey(Connection, models.PROTECT, null=True, blank=True, related_name="source_connections")
    owns_connection = models.BooleanField(default=True, help_text="Whether the connection was made with it, and goes.")
    name = models.CharField(max_length=255)
    config = models.JSONField(default=dict, blank=True)
    follow = models.JSONField(default=dict, blank=True, editable=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PresentSourceConnections()
    everything = models.Manager["SourceConnection"]()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="source_conn_of_organization")]

    def __str__(self) -> str:
        return self.name


class Stream(Row):
    """A table or file of a source connection; `label`: what callers name it. `columns`: [{"name", "kind", "role"}] as
    they were read last; `key`: the columns that tell its records apart, [] where a row's content does.

    Only records of its `generation` are live: raising it clears the stream in one statement, for every reader at once.
    `positions`: how far each reading got, by the engine's name for it. A stream that is `removed_at` waits for a purge.
    """

    source_connection = models.ForeignKey(SourceConnection, models.CASCADE, related_name="streams")
    collection = models.ForeignKey(Collection, models.CASCADE, related_name="streams")
    catalog = models.TextField(blank=True)
    schema = models.TextField(blank=True)
    name = models.TextField()
    label = models.TextField()
    columns = models.JSONField(default=list, blank=True)
    key = models.JSONField(default=list, blank=True)
    generation = models.BigIntegerField(default=1)
    record_count = models.BigIntegerField(default=0)
    positions = models.JSONField(default=dict, blank=True)
    synced_at = models.DateTimeField(null=True, blank=True)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_connection", "catalog", "schema", "name"],
                condition=models.Q(removed_at=None),
                name="one_stream_per_table",
            )
        ]

    def __str__(self) -> str:
        return self.label


class Record(models.Model):
    """A landed row. `data`: its values by column, as `services.landing` words them; `key`: what tells it apart in its
    stream; `hash`: of its data; `version`: how often it has changed, plus one; `codes`: the words in it that look like
    numbers of documents, in lower case; `words`: what a search by keywords looks into."""

    collection = models.ForeignKey(Collection, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    stream = models.ForeignKey(Stream, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="records")
    generation = models.BigIntegerField()
    key = models.TextField(db_collation="C")
    hash = models.UUIDField()
    version = models.PositiveIntegerField(default=1)
    title = models.TextField(blank=True)
    data = models.JSONField()
    codes = models.TextField(blank=True)
    words = SearchVectorField()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stream", "generation", "key"], name="one_record_per_key")]
        indexes = [
            GinIndex(fields=["collection", "words"], name="record_words"),
            GinIndex(
                fields=["collection", "codes"],
                opclasses=["int8_ops", "gin_trgm_ops"],
                name="record_codes",
                condition=~models.Q(codes=""),
            ),
        ]

    def __str__(self) -> str:
        return f"record {self.key} of stream {self.stream_id}"


class Chunk(models.Model):
    """A further part of a text that is too long for `Record.words` alone: from the character `start` on."""

    collection = models.ForeignKey(Collection, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    record = models.ForeignKey(Record, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="chunks")
    index = models.PositiveIntegerField()
    start = models.PositiveIntegerField()
    words = SearchVectorField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["record", "index"], name="one_chunk_per_index")]
        indexes = [GinIndex(fields=["collection", "words"], name="chunk_words")]

    def __str__(self) -> str:
        return f"chunk {self.index} of record {self.record_id}"


class Sighting(models.Model):
    """A record that the present run has met in its source. What a whole run has not met is gone from there."""

    pk = models.CompositePrimaryKey("stream_id", "record_id")
    stream = models.ForeignKey(Stream, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    record = models.ForeignKey(Record, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")

    def __str__(self) -> str:
        return f"record {self.record_id} seen"


COUNTS = ("inserted", "updated", "deleted", "kept", "failed")
"""What a run of a stream counts."""


class StreamRun(models.Model):
    """What one job did to one stream, counted in the transactions that do it. `ended_at`: when all of it was done."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="+")
    stream = models.ForeignKey(Stream, models.CASCADE, related_name="runs")
    inserted = models.BigIntegerField(default=0)
    updated = models.BigIntegerField(default=0)
    deleted = models.BigIntegerField(default=0)
    kept = models.BigIntegerField(default=0)
    failed = models.BigIntegerField(default=0)
    was_empty = models.BooleanField(default=True, help_text="Whether there was no record when it began.")
    error_code = models.CharField(max_length=64, blank=True)
    error_message = models.TextField(blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "stream"], name="one_run_of_a_stream_per_job")]

    def __str__(self) -> str:
        return f"stream {self.stream_id} in job {self.job_id}"


class VectorSpace(models.Model):
    """The vectors of a collection's records by one model: those of two spaces cannot be compared. They lie in a table
    of the space's own, which `services.embedding` makes where the database has pgvector.

    `model`: the embedder and its model, "wordllama/l2_supercat". The one that `is_current` answers searches; another is
    being filled, to take its place. `record_count`, `passage_count`: what has its vectors so far. `position`: how far
    the job that fills it got.
    """

    collection = models.ForeignKey(Collection, models.CASCADE, related_name="vector_spaces")
    model = models.CharField(max_length=200)
    dimension = models.PositiveIntegerField()
    is_current = models.BooleanField(default=False)
    is_indexed = models.BooleanField(default=False)
    record_count = models.BigIntegerField(default=0)
    passage_count = models.BigIntegerField(default=0)
    position = models.JSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["collection", "model", "dimension"], name="one_space_per_model"),
            models.UniqueConstraint(
                fields=["collection"], condition=models.Q(is_current=True), name="one_current_space_per_collection"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} ({self.dimension})"

    @property
    def table(self) -> str:
        return f"sources_vector_{self.pk}"
