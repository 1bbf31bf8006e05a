"""What can be done with exports, imports and flows, one function an act."""

from apps.flows.services.exports import change_export, clone_export, create_export, remove_export
from apps.flows.services.flows import change_flow, clone_flow, create_flow, remove_flow, restart_flow
from apps.flows.services.imports import change_import, clone_import, create_import, remove_import
from apps.flows.services.starting import retry, run_flow

__all__ = [
    "change_export",
    "change_flow",
    "change_import",
    "clone_export",
    "clone_flow",
    "clone_import",
    "create_export",
    "create_flow",
    "create_import",
    "remove_export",
    "remove_flow",
    "remove_import",
    "restart_flow",
    "retry",
    "run_flow",
]
