"""Form fields for what a driver declares. A secret goes in and never comes out."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from apps.accounts.admin.forms import OwnTemplate
from engine.contract import Field, Spec

PREFIX = "setting_"
"""So that no setting is taken for a column of our own."""


class SecretInput(OwnTemplate, forms.Widget):
    """Says only whether there is one. Left empty it stays; a box ticks it away."""

    template_name = "console/secret.html"

    def __init__(self, *, is_set: bool, is_long: bool, is_required: bool) -> None:
        super().__init__()
        self.is_set = is_set
        self.is_long = is_long
        self.is_needed = is_required

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        attrs = {**(attrs or {}), "autocomplete": "new-password", "spellcheck": "false"}
        entry = UnfoldAdminTextareaWidget(attrs={"rows": 3}) if self.is_long else UnfoldAdminPasswordWidget()
        shown = entry.render(name, None, attrs)
        can_be_removed = self.is_set and not self.is_needed
        return {"entry": shown, "is_set": self.is_set, "removal": f"{name}-remove" if can_be_removed else ""}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> str | None:
        """None: as it is; "": none any more."""
        if data.get(name):
            return str(data[name])
        return "" if data.get(f"{name}-remove") else None


class SecretField(forms.Field):
    def has_changed(self, initial: Any, data: Any) -> bool:
        return data is not None


def form_fields(spec: Spec, values: Mapping[str, Any], secrets: Collection[str]) -> dict[str, forms.Field]:
    """By form name, in the driver's order; `values` as stored, `secrets` the names of those that are."""
    return {
        PREFIX + field.name: _secret(field, field.name in secrets) if field.secret else _plain(field, values)
        for field in spec.fields
    }


def given(spec: Spec, cleaned: Mapping[str, Any]) -> dict[str, Any]:
    """The driver's values out of a form's; secrets that stay as they are are left out."""
    values = {field.name: cleaned[PREFIX + field.name] for field in spec.fields}
    secrets = {field.name for field in spec.fields if field.secret}
    return {name: value for name, value in values.items() if name not in secrets or value is not None}


def _secret(field: Field, is_set: bool) -> forms.Field:
    widget = SecretInput(is_set=is_set, is_long=field.type == "text", is_required=field.required)
    is_missing = field.required and not is_set
    return SecretField(label=field.label, required=is_missing, widget=widget, help_text=field.help)


def _plain(field: Field, values: Mapping[str, Any]) -> forms.Field:
    shared = {"label": field.label, "help_text": field.help, "initial": values.get(field.name, field.default)}
    if field.type == "boolean":
        return forms.BooleanField(required=False, widget=UnfoldBooleanSwitchWidget(), **shared)
    shared["required"] = field.required
    if field.choices:
        choices = [(choice, choice) for choice in field.choices]
        return forms.ChoiceField(choices=choices, widget=UnfoldAdminSelectWidget(), **shared)
    if field.type == "integer":
        return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **shared)
    if field.type == "text":
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "class": "cd-code", "spellcheck": "false"})
        return forms.CharField(strip=False, widget=widget, **shared)
    return forms.CharField(widget=UnfoldAdminTextInputWidget(), **shared)
