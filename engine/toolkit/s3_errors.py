"""What S3 and its kin answer, as the engine's errors. Their own words are never passed on."""

import errno
import os
import re
from xml.etree.ElementTree import Element, ParseError, fromstring

from engine.errors import ConfigError, CredentialsError, TransientError
from engine.toolkit.http import Answer
from engine.toolkit.http_headers import retry_after

REFUSED = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken", "TokenRefreshRequired",
    "AuthFailure", "InvalidSecurity", "CredentialsNotSupported",
}  # fmt: skip
ELSEWHERE = {
    "AuthorizationHeaderMalformed",
    "PermanentRedirect",
    "TemporaryRedirect",
    "IllegalLocationConstraintException",
}
FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "EntityTooLarge"}
AGAIN = {408, 425, 429, 500, 502, 503, 504}
REGION = re.compile(r"[a-z0-9-]{1,40}")


def parsed(body: bytes) -> Element:
    """An answer's XML. Raises ConfigError `wrong_protocol`."""
    # Entities could make a small answer a large one; S3 uses none of its own.
    if b"<!" in body:
        raise _not_s3()
    try:
        root = fromstring(body)  # noqa: S314 (bounded, and without declarations)
    except ParseError as error:
        raise _not_s3() from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def code_of(answer: Answer) -> str:
    """The error's code, "" where there is none."""
    try:
        root = parsed(answer.body) if answer.body.strip() else None
    except ConfigError:
        return ""
    return (root.findtext("Code") or "") if root is not None and root.tag == "Error" else ""


def of_answer(answer: Answer, code: str, *, is_signed: bool) -> Exception:
    """The error of an answer that is none of success: an EngineError, or an OSError for what is wrong with a file."""
    if code == "NoSuchBucket":
        return ConfigError("The bucket does not exist.", code="unknown_bucket")
    if code in REFUSED:
        return CredentialsError("The store refused the access key or the secret key.")
    if code in ELSEWHERE or answer.status in (301, 307):
        return _elsewhere(answer)
    if code == "RequestTimeTooSkewed":
        return ConfigError("The clocks of the store and of this machine differ too much.", code="clock_skewed")
    if code in FULL or answer.status == 507:
        return _os_error(errno.ENOSPC)
    return _of_status(answer, is_signed=is_signed)


def _of_status(answer: Answer, *, is_signed: bool) -> Exception:
    if answer.status == 404:
        return _os_error(errno.ENOENT)
    if answer.status in (400, 401, 403) and not is_signed:
        return CredentialsError("The store lets nobody in without an access key.")
    if answer.status in (401, 403):
        return _os_error(errno.EACCES)
    if answer.status == 412:
        return TransientError("The file was changed while it was read.", code="file_changed")
    if answer.status in AGAIN:
        code = "rate_limited" if answer.status in (429, 503) else "unavailable"
        return TransientError("The store cannot answer now.", code=code, retry_after=retry_after(answer.headers))
    return ConfigError(f"The store answered with status {answer.status}.", code="store_error")


def _elsewhere(answer: Answer) -> ConfigError:
    region = answer.headers.get("x-amz-bucket-region", "")
    shown = f": it is in {region}" if REGION.fullmatch(region) else ""
    return ConfigError(f"The bucket is not in this region{shown}.", code="wrong_region")


def _os_error(number: int) -> OSError:
    return OSError(number, os.strerror(number))


def _not_s3() -> ConfigError:
    return ConfigError("The server does not answer as S3 does.", code="wrong_protocol")
