"""How a run stands, in Databasin's words."""

STATUSES = {
    "queued": "Pending",
    "running": "Running",
    "cancelling": "Running",
    "completed": "Successful",
    "failed": "Failed",
    "cancelled": "Stopped",
}
NEVER_RAN = "Pending"
STATUS_HELP = ", ".join(dict.fromkeys(STATUSES.values()))
