"""Django's PostgreSQL, whose embedded server starts when something first needs a connection."""

from typing import Any

from django.db.backends.postgresql import base

from config import embedded


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        if self.settings_dict.get("EMBEDDED"):
            embedded.start_control()
        return super().get_new_connection(conn_params)
