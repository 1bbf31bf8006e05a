"""One account at one system."""

from django.db import models

from apps.accounts.models import Owned
from apps.connectors.models import Connector


class Connection(Owned):
    """`settings` holds no secret; `shown` is the same document with stars where secrets are, ready to be answered;
    `sealed` the secrets themselves. `document` keeps what a dialect's client stored that means nothing to us."""

    connector = models.ForeignKey(Connector, models.PROTECT, related_name="connections")
    name = models.CharField(max_length=200)
    external_id = models.CharField(max_length=200, blank=True)
    settings = models.JSONField(default=dict)
    shown = models.JSONField(default=dict, editable=False)
    sealed = models.TextField(blank=True, editable=False)
    document = models.JSONField(default=dict, blank=True)
    is_offline = models.BooleanField("offline", default=False)
    offline_reason = models.TextField(blank=True, editable=False)
    checked_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["organization", "-id"], name="connection_of_organization")]

    def __str__(self) -> str:
        return self.name
