"""The one authenticator of the API. A value's prefix says what it is; there are no sessions here."""

from typing import Any

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import AccessToken

from apps.accounts import services
from apps.accounts.api.claims import claims_in
from apps.dialects.caller import Caller
from apps.errors import Refused

KEY_PREFIX = "xd_"
RESERVED_PREFIXES = ("xo_", "xc_")
"""One-time tokens and connect tokens, which nobody can have yet."""


class CallerAuthentication(BaseAuthentication):
    """`Authorization: Bearer <value>` or `X-API-Key: <value>`; an API key or a person's access token."""

    def authenticate(self, request: Request) -> tuple[Any, Caller] | None:
        value = _presented(request)
        if value is None:
            return None
        try:
            caller = _caller(value)
        except Refused as error:
            raise AuthenticationFailed(error.message) from error
        return caller, caller

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="api"'


def _presented(request: Request) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else request.headers.get("X-API-Key")


def _caller(value: str) -> Caller:
    if value.startswith(KEY_PREFIX):
        return services.caller_of_key(value=value, at=timezone.now())
    if value.startswith(RESERVED_PREFIXES):
        raise AuthenticationFailed("This kind of token is not accepted here.")
    try:
        claims = claims_in(AccessToken(value))  # type: ignore[arg-type]  # the library's hint says Token, it takes text
    except TokenError as error:
        raise AuthenticationFailed("The token is invalid or expired.") from error
    return services.caller_of_user(claims=claims)


class CallerAuthenticationScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """The two headers, as OpenAPI says it."""

    target_class = CallerAuthentication
    name = ["Bearer", "ApiKey"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[str]]]:
        return [{name: []} for name in self.name]  # one of them, not both

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, str]]:
        return [
            {"type": "http", "scheme": "bearer", "description": "An API key (xd_…) or an access token."},
            {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key (xd_…)."},
        ]
