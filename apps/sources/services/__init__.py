"""What can be done with collections and what fills them, one function an act."""

from apps.sources.services.collections import change_collection, create_collection, remove_collection, stop_syncs
from apps.sources.services.configuring import start_config_change
from apps.sources.services.discovering import start_discovery
from apps.sources.services.editing import (
    Removed,
    clear,
    create,
    create_push,
    remove,
    rename,
    start_credentials_change,
    use_connection,
)
from apps.sources.services.members import add_member, change_member, remove_member
from apps.sources.services.pushing import Pushed, push
from apps.sources.services.scheduling import set_schedule
from apps.sources.services.starting import start_sync, stop_sync

__all__ = [
    "Pushed",
    "Removed",
    "add_member",
    "change_collection",
    "change_member",
    "clear",
    "create",
    "create_collection",
    "create_push",
    "push",
    "remove",
    "remove_collection",
    "remove_member",
    "rename",
    "set_schedule",
    "start_config_change",
    "start_credentials_change",
    "start_discovery",
    "start_sync",
    "stop_sync",
    "stop_syncs",
    "use_connection",
]
