"""Signature version 4 of Amazon's services, as S3 and what is compatible with it ask for.

https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    access_key: str
    secret_key: str
    session_token: str = ""


def encoded(text: str, safe: str = "") -> str:
    """Percent-encoded as the signature wants it; "/" of a path is `safe`."""
    return quote(text, safe=f"-_.~{safe}")


def query_string(query: Mapping[str, str]) -> str:
    return "&".join(f"{encoded(name)}={encoded(value)}" for name, value in sorted(query.items()))


def signed_headers(
    method: str,
    host: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    keys: Keys,
    region: str,
    service: str,
    at: datetime,
) -> dict[str, str]:
    """The headers that sign a request, those given included. `path` and `query` as they are sent, `at` in UTC."""
    digest = hashlib.sha256(body).hexdigest()
    moment = at.strftime("%Y%m%dT%H%M%SZ")
    added = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": moment}
    if keys.session_token:
        added["x-amz-security-token"] = keys.session_token
    every = {name.lower(): " ".join(value.split()) for name, value in {**headers, **added}.items()}
    names = ";".join(sorted(every))
    lines = "".join(f"{name}:{every[name]}\n" for name in sorted(every))
    scope = f"{moment[:8]}/{region}/{service}/aws4_request"
    canonical = "\n".join((method, path, query, lines, names, digest))
    to_sign = "\n".join((ALGORITHM, moment, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    signature = hmac.new(_key(keys.secret_key, scope), to_sign.encode(), hashlib.sha256).hexdigest()
    every["authorization"] = (
        f"{ALGORITHM} Credential={keys.access_key}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return every


def _key(secret: str, scope: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return key
