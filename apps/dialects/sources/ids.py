"""Ids as the Sources API shows them: what a row is, and its uid."""

import re

SOURCE, SOURCE_CONNECTION, COLLECTION, SYNC, MEMBER, RECORD = "src_", "sc_", "col_", "sync_", "mem_", "rec_"
UID = "[0-9a-f]{24}"
UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
READABLE = "[a-z0-9]+(?:-[a-z0-9]+)*"
REFERENCE = f"{COLLECTION}{UID}|{READABLE}"
"""Of a collection: its id, its UUID, which reads like a readable id, or its readable id."""


def sync_id(uid: str) -> str:
    return f"{SYNC}{uid}"


def shown(prefix: str, expression: str) -> str:
    """An SQL expression that gives the id of the row whose uid `expression` gives."""
    return f"'{prefix}' || {expression}"


def uid_in(value: object, prefix: str) -> str:
    """The uid in an id of that kind; "" for anything else."""
    found = re.fullmatch(f"{prefix}({UID})", value, re.ASCII) if isinstance(value, str) else None
    return found[1] if found else ""
