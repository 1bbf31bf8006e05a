"""What can be done with connections, one function an act."""

from apps.connections.services.availability import mark_offline, mark_online
from apps.connections.services.browsing import start_browse
from apps.connections.services.editing import change, clone, create, remove
from apps.connections.services.opening import opened
from apps.connections.services.testing import start_test, start_unsaved_test

__all__ = [
    "change",
    "clone",
    "create",
    "mark_offline",
    "mark_online",
    "opened",
    "remove",
    "start_browse",
    "start_test",
    "start_unsaved_test",
]
