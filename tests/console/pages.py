"""Every page of the console, as a model and what is done with it."""

from dataclasses import dataclass

from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import reverse

MODELS = (
    "accounts.apikey",
    "accounts.membership",
    "accounts.organization",
    "accounts.project",
    "accounts.user",
    "connections.connection",
    "connectors.connector",
    "flows.automation",
    "flows.export",
    "flows.flow",
    "flows.import",
    "jobs.job",
    "jobs.recorderror",
    "jobs.schedule",
    "sources.collection",
    "sources.sourceconnection",
)
ADDED = (
    "accounts.apikey",
    "accounts.membership",
    "accounts.organization",
    "accounts.project",
    "accounts.user",
    "connections.connection",
    "flows.automation",
    "flows.export",
    "flows.flow",
    "flows.import",
    "sources.collection",
    "sources.sourceconnection",
)
REMOVED = (
    "accounts.membership",
    "connections.connection",
    "flows.automation",
    "flows.export",
    "flows.flow",
    "flows.import",
    "sources.collection",
    "sources.sourceconnection",
)
SPECIAL = (
    ("connections.connection", "schema"),
    ("jobs.job", "live"),
    ("sources.collection", "search"),
    ("sources.collection", "members"),
)
BUTTONS = tuple(
    (model._meta.label_lower, button.name) for model, desk in admin.site._registry.items() for button in desk.buttons
)


@dataclass(frozen=True)
class Page:
    model: str
    name: str

    def __str__(self) -> str:
        return f"{self.model}:{self.name}"

    @property
    def has_row(self) -> bool:
        return self.name not in {"changelist", "add"}

    def url(self, row: Model) -> str:
        arguments = [row.pk] if self.has_row else []
        return reverse(f"admin:{self.model.replace('.', '_')}_{self.name}", args=arguments)

    def get(self, client: Client, rows: dict[str, Model]) -> object:
        return client.get(self.url(rows[self.model]))


PAGES = [
    *(Page(model, name) for model in MODELS for name in ("changelist", "change", "history")),
    *(Page(model, "add") for model in ADDED),
    *(Page(model, "delete") for model in REMOVED),
    *(Page(*special) for special in SPECIAL),
]
PRESSED = [Page(*button) for button in BUTTONS]
