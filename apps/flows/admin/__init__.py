"""The operator's desk for what moves, and the console's first page."""

from apps.flows.admin import automations, exports, flows, imports

__all__ = ["automations", "exports", "flows", "imports"]
