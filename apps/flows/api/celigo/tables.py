"""A table's name as Celigo writes it, `public.orders` or `"odd.schema"."Orders"`, and ours in two parts."""

import re
from collections.abc import Mapping
from typing import Any

from apps.errors import Invalid

PART = r'(?:"(?:[^"]|"")+"|[^".]+)'
NAME = re.compile(rf"(?:({PART})\.)?({PART})")


def parsed(text: str, *, field: str) -> dict[str, str]:
    """`{"schema", "table"}`, the schema only where one is named. Raises Invalid."""
    match = NAME.fullmatch(text)
    if match is None:
        raise Invalid('A table is named as orders, public.orders or "odd.schema"."Orders".', field=field)
    schema, table = (_unquoted(part) for part in match.groups(default=""))
    return {"schema": schema, "table": table} if schema else {"table": table}


def written(target: Mapping[str, Any]) -> str:
    return ".".join(_quoted(part) for part in (target.get("schema"), target.get("table")) if part)


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part


def _quoted(part: str) -> str:
    return '"' + part.replace('"', '""') + '"' if re.search(r'["." ]', part) else part
