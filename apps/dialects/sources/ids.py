"""Ids as the Sources API shows them: what a row is, and its uid."""

SOURCE, SOURCE_CONNECTION, COLLECTION, SYNC, MEMBER, RECORD = "src_", "sc_", "col_", "sync_", "mem_", "rec_"
UID = "[0-9a-f]{24}"
READABLE = "[a-z0-9]+(?:-[a-z0-9]+)*"
REFERENCE = f"{COLLECTION}{UID}|{READABLE}"
"""Of a collection: its id, its UUID, which reads like a readable id, or its readable id."""


def sync_id(uid: str) -> str:
    return f"{SYNC}{uid}"


def shown(prefix: str, expression: str) -> str:
    """An SQL expression that gives the id of the row whose uid `expression` gives."""
    return f"'{prefix}' || {expression}"
