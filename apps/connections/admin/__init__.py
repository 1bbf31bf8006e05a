"""The operator's desk for connections."""

from apps.connections.admin import connections

__all__ = ["connections"]
