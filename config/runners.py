"""Which service runs which kind of job, on which queue."""

from typing import Any

from config import env

Entry = dict[str, Any]


def table() -> dict[str, Entry]:
    """By kind: `path` of the service, `queue`, `exclusive`: one at a time per subject; `single`: and none may wait;
    `seconds`: how long an interactive one may take, where that is not JOB_INTERACTIVE_SECONDS."""
    return {
        "flow": _sync("flows.services.running.run"),
        "automation": _sync("flows.services.automations_running.run"),
        "source_sync": _sync("sources.services.syncing.run") | {"single": True},
        "record_purge": _sync("sources.services.purging.run"),
        "collection_embed": _sync("sources.services.embedding.run"),
        "source_unfollow": _sync("sources.services.letting_go.run"),
        "source_discovery": _interactive("sources.services.discovering.run"),
        "source_config": _interactive("sources.services.configuring.run"),
        "connection_test": _interactive("connections.services.testing.run"),
        "connection_change": _interactive("connections.services.replacing.run"),
        "connection_browse": _interactive("connections.services.browsing.run"),
        "connection_query": _interactive("connections.services.querying.run"),
        "metadata_look": _interactive("connections.services.metadata_looks.run"),
        "metadata_refresh": _interactive("connections.services.metadata.run")
        | {"exclusive": True, "seconds": env.seconds("JOB_METADATA_SECONDS", 600)},
    }


def _sync(path: str) -> Entry:
    return {"path": f"apps.{path}", "queue": "sync", "exclusive": True}


def _interactive(path: str) -> Entry:
    """Somebody waits for it; several may ask at once."""
    return {"path": f"apps.{path}", "queue": "interactive", "exclusive": False}
