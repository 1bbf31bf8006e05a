"""Signing in on a page that is not the console's, for everybody who has an account."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from unfold.widgets import BASE_INPUT_CLASSES

from apps.dialects.limits import sign_in_refusal


class SignInForm(AuthenticationForm):
    """Attempts are counted together with all others, before the password is looked at."""

    request: HttpRequest

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.widget.attrs["class"] = " ".join(BASE_INPUT_CLASSES)

    def clean(self) -> dict[str, Any]:
        if refusal := sign_in_refusal(self.request, self.cleaned_data.get("username", "")):
            raise ValidationError(refusal)
        values: dict[str, Any] = super().clean()
        return values
