"""One account at one system."""

from django.db import models

from apps.accounts.models import Owned, Row, User
from apps.connectors.models import Connector

SECRETS_MISSING = "secrets_missing"
NEEDS_SECRETS = ("auth_failed", "credentials_unreadable", SECRETS_MISSING)
"""Codes of an offline connection whose secrets have to be entered again: refused, unreadable, or not there."""


class PresentConnections(models.Manager["Connection"]):
    def get_queryset(self) -> models.QuerySet["Connection"]:
        return super().get_queryset().filter(removed_at=None)


class Connection(Owned):
    """`settings` holds no secret; `shown` is the same document with stars where secrets are, ready to be answered;
    `sealed` the secrets themselves. `document` and `details` keep what a client of Celigo's or of Databasin's dialect
    stored that means nothing to us.

    `owner`: who made it, or whom a client named. `may_query`: whether callers may run SQL of their own over it. One
    that is not `is_enabled` was switched off by somebody: it stays offline, however its tests end. `offline_code`: of
    the error that took it offline, of `NEEDS_SECRETS` where new secrets would mend it.
    `removed_at`: removed while flows still refer to it; it has no secrets any more and is only found through them, or
    through `Connection.everything`."""

    connector = models.ForeignKey(Connector, models.PROTECT, related_name="connections")
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    name = models.CharField(max_length=255)
    external_id = models.CharField(max_length=200, blank=True)
    settings = models.JSONField(default=dict)
    shown = models.JSONField(default=dict, editable=False)
    sealed = models.TextField(blank=True, editable=False)
    document = models.JSONField(default=dict, blank=True)
    details = models.JSONField(default=dict, blank=True)
    is_enabled = models.BooleanField("enabled", default=True)
    is_offline = models.BooleanField("offline", default=False)
    offline_reason = models.TextField(blank=True, editable=False)
    offline_code = models.CharField(max_length=64, blank=True, editable=False, db_default="")
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)
    may_query = models.BooleanField("may be queried", default=False)
    removed_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = PresentConnections()
    everything = models.Manager["Connection"]()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="connection_of_organization")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(is_enabled=True) | models.Q(is_offline=True), name="switched_off_is_offline"
            )
        ]

    def __str__(self) -> str:
        return self.name


class Metadata(Row):
    """What a connection's system held when it was looked through. The `is_current` one is whole and is what is read;
    another is being made, or was given up. `catalogs`: [{"name", "comment"}]."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="metadata")
    is_current = models.BooleanField(default=False)
    catalogs = models.JSONField(default=list)
    catalog_count = models.PositiveIntegerField(default=0)
    schema_count = models.PositiveIntegerField(default=0)
    table_count = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name_plural = "metadata"
        constraints = [
            models.UniqueConstraint(
                fields=["connection"], condition=models.Q(is_current=True), name="one_current_metadata"
            )
        ]

    def __str__(self) -> str:
        return f"metadata of connection {self.connection_id}, {self.created_at:%Y-%m-%d %H:%M}"


class MetadataSchema(models.Model):
    """In no index but its metadata's, as the next: a folder's path may be longer than an index takes."""

    metadata = models.ForeignKey(Metadata, models.CASCADE, related_name="schemas")
    catalog = models.TextField(blank=True)
    name = models.TextField(blank=True)
    comment = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.name


class MetadataTable(models.Model):
    """`columns`: as `services.metadata_rows` words them; None where nobody has looked. `rows` and `bytes`: by the
    system's own statistics."""

    metadata = models.ForeignKey(Metadata, models.CASCADE, related_name="tables")
    catalog = models.TextField(blank=True)
    schema = models.TextField(blank=True)
    name = models.TextField()
    kind = models.CharField(max_length=32)
    rows = models.BigIntegerField(null=True)
    bytes = models.BigIntegerField(null=True)
    comment = models.TextField(blank=True)
    columns = models.JSONField(null=True)

    def __str__(self) -> str:
        return self.name
