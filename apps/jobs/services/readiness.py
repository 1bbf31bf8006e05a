"""Whether what a job needs on its way is there: told to load balancers and to people."""

from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from apps.jobs.queue import is_reachable
from apps.jobs.services.dispatching import is_anybody_dispatching


def parts() -> dict[str, bool]:
    """By part, whether it works. Takes a second or two when the broker is frozen, and never raises."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return {
            "database": True,
            "migrations": _is_migrated(),
            "broker": is_reachable(),
            "dispatcher": is_anybody_dispatching(),
        }
    except DatabaseError:
        connection.close()
        return {"database": False, "migrations": False, "broker": is_reachable(), "dispatcher": False}


def _is_migrated() -> bool:
    try:
        return _has_been_migrated()
    except _Behind:
        return False


class _Behind(Exception):
    pass


@cache
def _has_been_migrated() -> bool:
    """Raises instead of answering False, so that only a True is remembered."""
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise _Behind
    return True
