"""What the OpenAPI documents are called and how they are made."""

from typing import Any


def settings(version: str) -> dict[str, Any]:
    """As drf-spectacular takes them."""
    return {
        "TITLE": "Crossdock",
        "DESCRIPTION": "One integration platform, five API dialects over one model.",
        "VERSION": version,
        "SERVE_INCLUDE_SCHEMA": False,
        "COMPONENT_NO_READ_ONLY_REQUIRED": True,
        "ENUM_NAME_OVERRIDES": {
            "CeligoConnectionType": "apps.connections.api.celigo.connections.NAMES",
            "CeligoFileType": "apps.flows.api.celigo.formats.TYPES",
        },
        "PREPROCESSING_HOOKS": ["config.schema.once"],
        "SWAGGER_UI_DIST": "SIDECAR",
        "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
        "REDOC_DIST": "SIDECAR",
    }
