"""Databasin's own command-line client, as far as a server can tell: what it sends, and what it does with an answer.

It always decodes the body of a good answer, follows no redirect without losing a POST's body, asks again once after a
401, and shows nothing of an error but its status and reason.
"""

import json
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit


class ApiError(Exception):
    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"API Error ({status}): {reason}")
        self.status, self.reason = status, reason


class VendorClient:
    """One process of it, over one connection that is kept."""

    def __init__(self, url: str, token: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
        self._token = token

    def close(self) -> None:
        self._connection.close()

    # The commands
    def connectors(self, **filters: Any) -> list[dict[str, Any]]:
        rows = self.get("/api/connector", **filters)
        assert isinstance(rows, list)  # anything else it would count as one
        return rows

    def search(self, name: str) -> list[dict[str, Any]]:
        return [row for row in self.connectors() if name.lower() in row["connectorName"].lower()]

    def create(self, file: dict[str, Any], project: str = "") -> dict[str, Any]:
        """Gives what it prints."""
        body = file | ({"internalID": project} if project else {})
        made = self.post("/api/connector", body)
        return {name: made[name] for name in ("connectorID", "connectorName", "connectorType", "status")}

    def update(self, connector: int, file: dict[str, Any]) -> dict[str, Any]:
        changed = self.put(f"/api/connector/{connector}", file)
        return {name: changed[name] for name in ("connectorName", "status")}

    def delete(self, connector: int) -> None:
        found = self.get(f"/api/connector/{connector}")
        assert {"connectorName", "connectorID", "connectorType"} <= set(found)
        self.request("DELETE", f"/api/connector/{connector}")

    def test(self, connector: int) -> dict[str, Any]:
        return self.post(f"/api/connector/{connector}/test", {})

    def inspect(self, connector: int) -> dict[str, Any]:
        """What it learns of a connector: whether it works, where it is used, and what its databases hold."""
        found = self.get(f"/api/connector/{connector}")
        account, projects = self.get("/api/my/account"), self.get("/api/my/projects")
        tests = self.test(connector)
        pipelines = [
            self.get(
                "/api/pipeline",
                internalID=project["internalId"],
                institutionID=project["institutionId"],
                ownerID=account["id"],
            )
            for project in projects
        ]
        return {
            "connector": found,
            "works": tests["success"],
            "pipelines": pipelines,
            "holds": self.discover(connector),
        }

    def catalogs(self, connector: int) -> list[str]:
        return self.get(f"/api/v2/connector/catalogs/{connector}")["objects"]

    def schemas(self, connector: int, catalog: str) -> list[str]:
        return self.get(f"/api/v2/connector/schemas/{connector}", catalog=catalog)["objects"]

    def tables(self, connector: int, catalog: str, schema: str) -> list[str]:
        objects = self.get(f"/api/v2/connector/tables/{connector}", catalog=catalog, schema=schema)["objects"]
        return [found if isinstance(found, str) else found["name"] for found in objects]

    def columns(self, connector: int, catalog: str, schema: str, table: str) -> list[dict[str, Any]]:
        body = {"connectorID": connector, "objects": [table], "chosenDatabaseSchema": schema, "catalog": catalog}
        return self.post("/api/connector/columns", body)["columns"]

    def discover(self, connector: int) -> dict[tuple[str, str], list[str]]:
        return {
            (catalog, schema): self.tables(connector, catalog, schema)
            for catalog in self.catalogs(connector)
            for schema in self.schemas(connector, catalog)
        }

    # What they are made of
    def get(self, path: str, **query: Any) -> Any:
        return self.request("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Any = None) -> Any:
        return self.request("POST", path, body)

    def put(self, path: str, body: Any) -> Any:
        return self.request("PUT", path, body)

    def request(self, method: str, path: str, body: Any = None) -> Any:
        status, reason, text = self._send(method, path, body)
        if status == 401:
            status, reason, text = self._send(method, path, body)
        if not 200 <= status < 300:
            raise ApiError(status, reason)
        decoded = json.loads(text)
        return json.loads(decoded) if isinstance(decoded, str) else decoded

    def _send(self, method: str, path: str, body: Any) -> tuple[int, str, str]:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "User-Agent": "Bun/1.4.5",
        }
        if body is None and method == "POST":
            headers["Content-Length"] = "0"
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        assert not 300 <= answer.status < 400, "a redirect would lose the body"
        return answer.status, answer.reason, answer.read().decode()
