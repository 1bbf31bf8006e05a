"""The operator's desk for what moves, and the console's first page."""

from apps.flows.admin import exports, flows, imports

__all__ = ["exports", "flows", "imports"]
