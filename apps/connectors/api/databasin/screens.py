"""The screens by which Databasin's wizards put a pipeline together, and what each of them asks."""

from typing import Any


def _screen(number: int, name: str, help_text: str, route: str = "") -> dict[str, Any]:
    return {
        "screenID": number,
        "screenName": name,
        "helpText": help_text,
        "screenType": "dynamic" if route else "static",
        "apiRouteURI": route,
        "active": bool(route) or number == FINAL,
    }


FINAL = 5
SCREENS = [
    _screen(1, "Catalogs", "Choose the database to read from.", "/api/connector/catalogs/{connectorID}"),
    _screen(2, "Artifacts", "Choose the tables or files.", "/api/v2/connector/tables/{connectorID}"),
    _screen(3, "Columns", "Choose the columns; without a choice all are read.", "/api/connector/columns"),
    _screen(4, "Ingestion", "Choose how each is kept up to date.", "/api/connector/ingestiontype"),
    _screen(FINAL, "Final", "Name the pipeline and say when it runs."),
    _screen(6, "Database", "Choose the database to read from.", "/api/v2/connector/catalogs/{connectorID}"),
    _screen(7, "Schemas", "Choose the schema.", "/api/v2/connector/schemas/{connectorID}"),
    _screen(8, "API configuration", "Not used here."),
    _screen(9, "API authentication", "Not used here."),
    _screen(10, "Generic API", "Not used here."),
]
