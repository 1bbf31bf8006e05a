"""Form fields of exports, imports and flows."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model
from unfold.widgets import SELECT_CLASSES

from apps.accounts.admin.forms import OwnTemplate


class OrderedSelect(OwnTemplate, forms.SelectMultiple):
    """One box for each that is chosen, in their order, and an empty one for the next."""

    template_name = "console/ordered_select.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        chosen = [str(key) for key in value or () if key]
        choices = [(str(key), label) for key, label in self.choices if key]
        boxes = [[(key, label, key == pick) for key, label in choices] for pick in [*chosen, ""]]
        return {"name": name, "boxes": boxes, "classes": " ".join(SELECT_CLASSES), "id": (attrs or {}).get("id", "")}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return [key for key in data.getlist(name) if key]


class OrderedChoices(forms.ModelMultipleChoiceField):  # type: ignore[type-arg]  # not generic when it runs
    """Exports or imports, in the order in which they were chosen."""

    widget = OrderedSelect

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} · {obj.connection.name}"

    def clean(self, value: Any) -> Sequence[Model]:  # type: ignore[override]  # a queryset has an order of its own
        rows = {str(row.pk): row for row in super().clean(value)}
        return [rows[key] for key in map(str, value or ())]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return [str(key) for key in initial or ()] != [str(key) for key in data or ()]
