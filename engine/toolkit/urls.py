"""Addresses of web servers, taken apart and put together."""

from urllib.parse import quote

import httpx2

from engine.errors import ConfigError


def checked(text: str) -> httpx2.URL:
    """Raises ConfigError `invalid_url` for what is no address of a web server."""
    try:
        url = httpx2.URL(text)
    except (httpx2.InvalidURL, UnicodeError, ValueError) as error:
        raise ConfigError("The address is not a valid URL.", code="invalid_url") from error
    if url.scheme not in ("http", "https") or not url.host:
        raise ConfigError("The address must begin with http:// or https:// and a host.", code="invalid_url")
    if url.userinfo:
        raise ConfigError("The address must not hold a user or a password.", code="invalid_url")
    return url


def below(base: str, path: str) -> str:
    """The address of a path below another address, whose query is kept."""
    url = checked(base)
    place = f"{url.raw_path.partition(b'?')[0].decode('ascii').rstrip('/')}/{quote(path, safe='/-_.~')}"
    query = f"?{url.query.decode('ascii')}" if url.query else ""
    return f"{url.scheme}://{url.netloc.decode('ascii')}{place}{query}"


def origin(url: httpx2.URL) -> tuple[str, str, int]:
    return url.scheme, url.host, url.port or (443 if url.scheme == "https" else 80)
