"""How a person's claims are written into a JWT and read from one."""

from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import RefreshToken, Token

from apps.accounts.services import Claims

USER = "sub"


def claims_in(token: Token) -> Claims:
    """Raises TokenError for a token that we signed but not with these claims."""
    user, version, stamp = (token.get(name) for name in (USER, "version", "stamp"))
    organization = token.get("organization", "")
    if not (isinstance(user, str) and isinstance(version, int) and isinstance(stamp, str)):
        raise TokenError("The token lacks a claim.")
    return Claims(user, version, stamp, str(organization))


def token_with(claims: Claims) -> RefreshToken:
    """A new refresh token; its access token has the same claims."""
    token = RefreshToken()
    token[USER] = claims.user_uid
    token["version"] = claims.version
    token["stamp"] = claims.stamp
    token["organization"] = claims.organization_uid
    return token
