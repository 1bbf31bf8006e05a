"""JSON bodies that PostgreSQL can hold and that a client cannot hurt us with."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request

from apps.errors import Invalid

MAX_DEPTH = 64


class JsonParser(BaseParser):
    media_type = "application/json"

    @classmethod
    def takes(cls, content_type: str) -> bool:
        """JSON by any of its names; an absent type is taken for JSON."""
        name = content_type.partition(";")[0].strip().lower()
        return name in {"", cls.media_type} or name.endswith("+json")

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Raises ParseError for what is not JSON, is nested too deeply, or holds a NUL character."""
        raw = stream.read()
        if not raw.strip():
            return {}
        try:
            document = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error.msg} at character {error.pos}.") from error
        if depth(document) > MAX_DEPTH:
            raise ParseError(f"The body is nested more than {MAX_DEPTH} levels deep.")
        if b"\\u0000" in raw and has_nul(document):
            raise ParseError("The body holds a NUL character, which no text may.")
        return document


def object_of(request: Request) -> dict[str, Any]:
    """The request's body. Raises Invalid when it is not an object."""
    if not isinstance(request.data, dict):
        raise Invalid("The body must be a JSON object.", code="invalid_body")
    return request.data


def depth(document: Any) -> int:
    """How many containers lie in each other at the deepest place."""
    level, layer = 0, [document]
    while layer := [item for item in layer if isinstance(item, dict | list)]:
        level += 1
        layer = [child for item in layer for child in (item.values() if isinstance(item, dict) else item)]
    return level


def has_nul(document: Any) -> bool:
    if isinstance(document, str):
        return "\0" in document
    if isinstance(document, dict):
        return any(has_nul(part) for pair in document.items() for part in pair)
    return isinstance(document, list) and any(has_nul(part) for part in document)
