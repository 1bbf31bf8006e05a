"""What can be done with exports, imports and flows, one function an act."""

from apps.flows.services.automations import (
    change_automation,
    create_automation,
    remove_automation,
    run_automation,
    stop_automation,
)
from apps.flows.services.exports import change_export, clone_export, create_export, remove_export
from apps.flows.services.flows import (
    add_copy,
    change_flow,
    clone_flow,
    create_flow,
    remove_copy,
    remove_flow,
    restart_flow,
)
from apps.flows.services.imports import change_import, clone_import, create_import, remove_import
from apps.flows.services.starting import retry, run_flow

__all__ = [
    "add_copy",
    "change_automation",
    "change_export",
    "change_flow",
    "change_import",
    "clone_export",
    "clone_flow",
    "clone_import",
    "create_automation",
    "create_export",
    "create_flow",
    "create_import",
    "remove_automation",
    "remove_copy",
    "remove_export",
    "remove_flow",
    "remove_import",
    "restart_flow",
    "retry",
    "run_automation",
    "run_flow",
    "stop_automation",
]
