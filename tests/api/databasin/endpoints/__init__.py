"""Every endpoint of Databasin's dialect, by what it is about."""

from tests.api.databasin.endpoints import accounts, automations, connectors, metadata, pipelines, queries, usage

AREAS = (accounts, connectors, metadata, queries, pipelines, automations, usage)
DATABASIN = [endpoint for area in AREAS for endpoint in area.ENDPOINTS]
