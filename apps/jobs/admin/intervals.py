"""A length of time as a field of a form."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

MOST = 10_000
UNITS = {1: "seconds", 60: "minutes", 3_600: "hours", 86_400: "days"}


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
