"""Databasin's endpoints: refresh, catalogs, schemas, tables, columns."""

from tests.api.endpoint import Endpoint

ENDPOINTS: list[Endpoint] = []
