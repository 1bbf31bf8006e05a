"""Django's PostgreSQL: its embedded server starts when something first needs a connection, and no wait has no end."""

from typing import Any

import psycopg
from django.db.backends.postgresql import base
from psycopg.abc import RV, PQGen
from psycopg.pq import TransactionStatus

from config import embedded

PATIENCE_SECONDS = 20.0
"""More than `statement_timeout`, which a server that is frozen or cut off does not keep."""
SECONDS_TO_SHOW_LIFE = 2.0


class Connection(psycopg.Connection[Any]):
    patience = PATIENCE_SECONDS

    def wait(self, gen: PQGen[RV], interval: float = 0.1, timeout: float | None = None) -> RV:
        """Raises OperationalError when the server does not answer, and gives the connection up."""
        try:
            return super().wait(gen, interval, self.patience if timeout is None else timeout)
        except psycopg.OperationalError:
            if timeout is None and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()  # it still owes an answer
            raise


class DatabaseWrapper(base.DatabaseWrapper):
    def get_new_connection(self, conn_params: dict[str, Any]) -> Connection:
        if self.settings_dict.get("EMBEDDED"):
            embedded.start_control()
        self.isolation_level = psycopg.IsolationLevel.READ_COMMITTED
        return Connection.connect(**conn_params)

    def is_usable(self) -> bool:
        """Asked before a request uses a connection again."""
        if self.connection is not None:
            self.connection.patience = SECONDS_TO_SHOW_LIFE
        is_usable = super().is_usable()
        if is_usable:
            self.connection.patience = PATIENCE_SECONDS
        return is_usable
