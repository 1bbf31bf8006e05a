"""Form fields of exports, imports and flows."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import SELECT_CLASSES, UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

from apps.accounts.admin.forms import OwnTemplate

MOST = 10_000
UNITS = {1: "seconds", 60: "minutes", 3_600: "hours", 86_400: "days"}


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


class IntervalWidget(forms.MultiWidget):
    """A number and its unit, side by side."""

    def __init__(self) -> None:
        number = UnfoldAdminIntegerFieldWidget(attrs={"min": 1, "class": "cd-short"})
        unit = UnfoldAdminSelectWidget(attrs={"class": "cd-short"}, choices=list(UNITS.items()))
        super().__init__([number, unit])

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return format_html('<div class="cd-interval">{}</div>', super().render(name, value, attrs, renderer))

    def decompress(self, value: int | None) -> list[int | None]:
        """The largest unit that says it in whole numbers."""
        if not value:
            return [None, 60]
        unit = max(size for size in UNITS if value % size == 0)
        return [value // unit, unit]


class IntervalField(forms.MultiValueField):
    """A length of time, in seconds."""

    def __init__(self, **options: Any) -> None:
        fields = (
            forms.IntegerField(min_value=1, max_value=MOST),
            forms.TypedChoiceField(choices=list(UNITS.items()), coerce=int),
        )
        super().__init__(fields, required=False, require_all_fields=False, widget=IntervalWidget(), **options)

    def compress(self, values: list[int]) -> int | None:
        return values[0] * values[1] if values and values[0] else None
