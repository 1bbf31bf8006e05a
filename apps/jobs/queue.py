"""The only door to the broker. A hint is a job's id; the row is the job."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType

from celery import current_app
from kombu.connection import Connection
from kombu.exceptions import OperationalError

# A frozen broker must not hold the dispatcher: with retries even one second of time-out became ten (findings 6)
PATIENCE = {"socket_timeout": 1, "socket_connect_timeout": 1, "max_retries": 0, "retry_on_timeout": False}


class BrokerDown(Exception):
    """The broker did not take a hint; the job stays queued and is published again later."""


class Publisher:
    """Publishes hints over one connection, opened anew after a failure. Raises BrokerDown within about two seconds when
    the broker does not answer."""

    def __init__(self) -> None:
        self.connection: Connection | None = None

    def __enter__(self) -> "Publisher":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def publish(self, *, job_id: int, queue: str) -> None:
        with self._broker() as connection:
            current_app.send_task(
                "jobs.run", kwargs={"job_id": job_id}, queue=queue, connection=connection, retry=False
            )

    def waiting(self, *, queue: str) -> int:
        """How many hints nobody has taken yet. Declares the queue anew: a broker that was emptied has forgotten it."""
        with self._broker() as connection:
            declared = current_app.amqp.queues[queue].bind(connection.default_channel)
            declared.declare()
            return int(declared.queue_declare().message_count)

    def close(self) -> None:
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.release()

    @contextmanager
    def _broker(self) -> Iterator[Connection]:
        if self.connection is None:
            self.connection = current_app.connection_for_write(transport_options=_options())
        failures = (OperationalError, OSError, *self.connection.connection_errors, *self.connection.channel_errors)
        try:
            yield self.connection
        except failures as error:
            self.close()
            raise BrokerDown(type(error).__name__) from error


def is_reachable() -> bool:
    with current_app.connection_for_read(transport_options=_options()) as connection:
        try:
            connection.ensure_connection(max_retries=0, timeout=1)
        except (OperationalError, OSError, TimeoutError):
            return False
    return True


def _options() -> dict[str, object]:
    return {**current_app.conf.broker_transport_options, **PATIENCE}
