"""A setting for each table, a line each, as people write it: `public.orders: number, note`."""

from collections.abc import Mapping
from typing import Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminTextareaWidget

BETWEEN, NAMES = ": ", ","
JSON = ("{", "[")


class ByTableField(forms.CharField):
    """By table a name, or with `is_list` several; with `for_all` a line without a table holds for all of them. Names
    that would not be told apart in lines are shown as JSON, and JSON is understood."""

    def __init__(self, *, is_list: bool, for_all: bool, rows: int = 2, placeholder: str = "", **options: Any) -> None:
        attrs = {"rows": rows, "class": "cd-code", "spellcheck": "false", "placeholder": placeholder}
        super().__init__(required=False, widget=UnfoldAdminTextareaWidget(attrs=attrs), **options)
        self.is_list = is_list
        self.for_all = for_all

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str) and not _is_plain(value):
            return orjson.dumps([value]).decode() if value.startswith(JSON) else value
        if not value or isinstance(value, str):
            return value or ""
        if not isinstance(value, Mapping):
            return self._line(value) if all(map(_is_plain, value)) else orjson.dumps(value).decode()
        lines = [f"{table}{BETWEEN}{self._line(names)}" for table, names in value.items()]
        names = [name for given in value.values() for name in _listed(given)]
        if all(map(_is_plain, names)) and not any(BETWEEN in table or "\n" in table for table in value):
            return "\n".join(lines)
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()

    def clean(self, value: Any) -> Any:
        """As `services.config` words it: a name or names for all, or by table; None for nothing."""
        text = super().clean(value).strip()
        if text.startswith(JSON):
            return self._from_json(text)
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        if len(lines) == 1 and self.for_all and BETWEEN not in lines[0]:
            return self._names(lines[0])
        return dict(map(self._by_table, lines)) or None

    def _from_json(self, text: str) -> Any:
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ValidationError(f"This is not JSON: {error}.") from error
        if not self.for_all and not isinstance(found, dict):
            raise ValidationError("As JSON this is an object of tables.")
        return found or None

    def _by_table(self, line: str) -> tuple[str, Any]:
        table, between, names = line.rpartition(BETWEEN)
        if not between or not table.strip():
            raise ValidationError(f"Write a table, a colon, a blank and then columns, as “orders: number”: “{line}”.")
        return table.strip(), self._names(names)

    def _names(self, text: str) -> Any:
        names = [name.strip() for name in text.split(NAMES) if name.strip()]
        if self.is_list:
            return names
        if len(names) != 1:
            raise ValidationError(f"One column, not several: “{text.strip()}”.")
        return names[0]

    @staticmethod
    def _line(names: Any) -> str:
        return f"{NAMES} ".join(_listed(names))


def _listed(names: Any) -> list[str]:
    return [names] if isinstance(names, str) else list(names)


def _is_plain(name: str) -> bool:
    """Whether a line can hold it."""
    return name == name.strip() and not any(mark in name for mark in (NAMES, BETWEEN, "\n")) and name[:1] not in JSON
