"""What can be done with connections, one function an act."""

from apps.connections.services.availability import mark_offline, mark_online, switch_off, switch_on
from apps.connections.services.browsing import start_browse
from apps.connections.services.editing import change, clone, create
from apps.connections.services.metadata import start_refresh
from apps.connections.services.opening import opened
from apps.connections.services.querying import start_query
from apps.connections.services.removal import discard, remove
from apps.connections.services.replacing import start_replacement
from apps.connections.services.testing import start_test, start_unsaved_test, verdict

__all__ = [
    "change",
    "clone",
    "create",
    "discard",
    "mark_offline",
    "mark_online",
    "opened",
    "remove",
    "start_browse",
    "start_query",
    "start_refresh",
    "start_replacement",
    "start_test",
    "start_unsaved_test",
    "switch_off",
    "switch_on",
    "verdict",
]
