"""Forms whose last check is the service that stores them, and fields for what tables keep as JSON."""

from typing import TYPE_CHECKING, Any

import orjson
from django import forms
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextareaWidget

from apps.errors import Invalid, ServiceError
from engine.errors import EngineError

if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
else:  # not generic when it runs
    AnyModelForm = forms.ModelForm


class ServiceForm(AnyModelForm):
    """Calls `store` once every field is in order. What it refuses is shown beside the field to blame."""

    request: HttpRequest
    """Whose form it is; its desk says so."""

    fields_of_problems: dict[str, str] = {}
    """From a service's word for a field to the form's, where they differ."""

    shown_when: dict[str, str] = {}
    """Fields that matter only with some value of another: {"limit": "type=test"}, several values by commas."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name, condition in self.shown_when.items():
            self.fields[name].widget.attrs["data-shown-when"] = condition

    def store(self) -> models.Model:
        raise NotImplementedError

    def save(self, commit: bool = True) -> Any:
        """The row was stored when it was found valid."""
        return self.instance

    def save_m2m(self) -> None:
        """The service stored these as well."""

    def _post_clean(self) -> None:
        """In the place of the model's own checks, which are the service's to make."""
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.instance = self.store()
        except Invalid as refusal:
            for problem in refusal.problems:
                self._blame(problem.field, problem.message)
        except (ServiceError, EngineError) as refusal:
            self._blame(getattr(refusal, "field", ""), refusal.message)

    def _blame(self, field: str, message: str) -> None:
        field = self.fields_of_problems.get(field, field)
        self.add_error(field if field in self.fields else None, message)


class OwnedForm(ServiceForm):
    """Of a row that belongs to an organisation, and perhaps to one of its projects."""

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        organization, project = values.get("organization"), values.get("project")
        if organization and project and project.organization_id != organization.id:
            self.add_error("project", f"This project does not belong to {organization}.")
        return values

    def owner(self) -> dict[str, Any]:
        """Whose a new row is, as services ask for it."""
        project = self.cleaned_data.get("project")
        return {"organization_id": self.cleaned_data["organization"].id, "project_id": project and project.id}


class OwnTemplate(forms.Widget):
    """A widget whose template lies among the console's, where the renderer of forms does not look."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        assert self.template_name is not None
        return render_to_string(self.template_name, self.get_context(name, value, attrs))


class LinesField(forms.CharField):
    """A list of texts, one a line."""

    def __init__(self, *, rows: int = 3, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "class": "cd-code", "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **options)

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(map(str, value)) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [line.strip() for line in super().clean(value).splitlines() if line.strip()]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool((initial or []) != self.clean(data))


class JsonField(forms.CharField):
    """JSON as people read it, indented."""

    def __init__(self, *, empty: Any, rows: int = 6, **options: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": rows, "class": "cd-code", "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **options)
        self.empty = empty

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, str):
            return value
        return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        if not text:
            return self.empty
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise ValidationError(f"This is not JSON: {error}.") from error

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool((initial or self.empty) != self.clean(data))
        except ValidationError:
            return True
