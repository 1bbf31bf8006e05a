"""What can be connected."""

from django.db import models

from apps.accounts.models import Row


class Category(models.TextChoices):
    """How connectors are grouped, and what an export or an import over one holds: tables or files."""

    DATABASE = "database"
    FILE_STORE = "file store"


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

    @property
    def is_file_store(self) -> bool:
        return self.category == Category.FILE_STORE
