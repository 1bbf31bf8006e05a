"""Which dialect a path belongs to: the first word after /api or /v1 says it, whether the path is routed or not."""

from enum import StrEnum


class Dialect(StrEnum):
    PLATFORM = "platform"
    CELIGO = "celigo"
    DATABASIN = "databasin"
    DATABITE = "databite"
    DBSYNC = "dbsync"
    SOURCES = "sources"


API_WORDS: dict[str, Dialect] = {
    **dict.fromkeys(
        ("health", "status", "connectors", "integrations", "connections", "flows", "sync", "actions", "proxy"),
        Dialect.DATABITE,
    ),
    **dict.fromkeys(
        ("connector", "v2", "my", "project", "ping", "config", "pipeline", "artifacts", "automations", "usage-metrics"),
        Dialect.DATABASIN,
    ),
    "v1": Dialect.SOURCES,
}
"""After /api; every other word is the platform's own."""

V1_WORDS: dict[str, Dialect] = {
    **dict.fromkeys(("sources", "source-connections", "collections", "search", "auth"), Dialect.SOURCES),
    **dict.fromkeys(
        ("records", "workflows", "api-connections", "api-keys", "api-logs", "api-scripts", "usage"), Dialect.DBSYNC
    ),
}
"""After /v1; every other word is Celigo's."""


def dialect_of(path: str) -> Dialect | None:
    """None for a path outside the API. Case, empty and "." segments do not matter, as no such trick may matter."""
    words = [word for word in path.lower().split("/") if word not in {"", "."}]
    if not words:
        return None
    first, second = words[0], words[1] if len(words) > 1 else ""
    if first == "api":
        return API_WORDS.get(second, Dialect.PLATFORM)
    if first == "v1":
        return V1_WORDS.get(second, Dialect.CELIGO)
    return Dialect.DATABASIN if first == "config" else None
