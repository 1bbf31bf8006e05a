"""What can be connected."""

from django.db import models

from apps.accounts.models import Row


class Connector(Row):
    """A kind of system we can talk to: what it can do and asks for is its driver's to say."""

    name = models.SlugField(max_length=64, unique=True)
    label = models.CharField(max_length=200)
    driver = models.CharField(max_length=64)
    category = models.CharField(max_length=64)
    description = models.TextField(blank=True)
    is_enabled = models.BooleanField("may be connected", default=True)

    class Meta:
        ordering = ["label"]

    def __str__(self) -> str:
        return self.label
