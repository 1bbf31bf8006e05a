from django.urls import URLPattern, register_converter
from django.urls.converters import StringConverter


class NumberConverter(StringConverter):
    """A row's own number."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:  # type: ignore[override]  # a converter may give anything
        return int(value)


register_converter(NumberConverter, "number")

# connectors
urlpatterns: list[URLPattern] = []
