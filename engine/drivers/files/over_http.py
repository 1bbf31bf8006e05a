"""What the drivers of stores that are asked over HTTP share: one client, with which all of them is cut off."""

from engine.drivers.files.remote import RemoteDriver, RemoteFileSystem
from engine.toolkit import fields
from engine.toolkit.http import HttpClient


class HttpClientFileSystem(RemoteFileSystem):
    attempts = 4

    def __init__(self, client: HttpClient, root: str = "") -> None:
        super().__init__(root)
        self._client = client
        self._is_open = True

    def is_open(self) -> bool:
        return self._is_open

    def hang_up(self) -> None:
        self._is_open = False
        self._client.interrupt()

    def close(self) -> None:
        self._is_open = False
        self._client.close()


class HttpClientDriver(RemoteDriver):
    def client(self) -> HttpClient:
        """One that trusts the authority of the settings. Raises as `tls.client_context` does."""
        authority = fields.text(self.settings, fields.AUTHORITY)
        return HttpClient(self.surroundings.egress, authority=authority, name=self.surroundings.name)
