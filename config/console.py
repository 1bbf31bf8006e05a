"""How the console looks and is found through: its colours, its menu, and what its pages may do."""

from typing import Any

from django.urls import reverse_lazy

BLUE = {
    "50": "oklch(97.2% 0.014 240)",
    "100": "oklch(94% 0.03 240)",
    "200": "oklch(88.5% 0.06 240)",
    "300": "oklch(81% 0.1 240)",
    "400": "oklch(72% 0.135 242)",
    "500": "oklch(62% 0.15 245)",
    "600": "oklch(52% 0.145 248)",
    "700": "oklch(45% 0.125 250)",
    "800": "oklch(39% 0.1 251)",
    "900": "oklch(33% 0.08 252)",
    "950": "oklch(24% 0.06 253)",
}

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-eval'",  # Alpine, which Unfold is made of, compiles its attributes
        "style-src 'self' 'unsafe-inline'",  # Unfold writes the theme's colours into the page
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "form-action 'self'",
    )
)
"""What a browser may do with a page. The last part is for a page whose form leads elsewhere to go on."""


def _item(title: str, icon: str, model: str) -> dict[str, Any]:
    return {"title": title, "icon": icon, "link": reverse_lazy(f"admin:{model}_changelist")}


NAVIGATION: list[dict[str, Any]] = [
    {"items": [{"title": "Overview", "icon": "space_dashboard", "link": reverse_lazy("admin:index")}]},
    {
        "title": "Move",
        "separator": True,
        "items": [
            _item("Flows", "conversion_path", "flows_flow"),
            _item("Automations", "playlist_play", "flows_automation"),
            _item("Exports", "upload", "flows_export"),
            _item("Imports", "download", "flows_import"),
        ],
    },
    {
        "title": "Search",
        "separator": True,
        "items": [
            _item("Collections", "database_search", "sources_collection"),
            _item("Source connections", "input", "sources_sourceconnection"),
        ],
    },
    {
        "title": "Connect",
        "separator": True,
        "items": [
            _item("Connections", "cable", "connections_connection"),
            _item("Connectors", "extension", "connectors_connector"),
        ],
    },
    {
        "title": "Watch",
        "separator": True,
        "items": [
            _item("Jobs", "work_history", "jobs_job"),
            _item("Record errors", "error", "jobs_recorderror"),
            _item("Schedules", "schedule", "jobs_schedule"),
        ],
    },
    {
        "title": "Access",
        "separator": True,
        "items": [
            _item("Organisations", "domain", "accounts_organization"),
            _item("Projects", "folder", "accounts_project"),
            _item("Members", "group", "accounts_membership"),
            _item("Users", "person", "accounts_user"),
            _item("API keys", "key", "accounts_apikey"),
        ],
    },
]
