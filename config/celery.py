"""The worker's side of the queue."""

import gc
import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import celeryd_init, worker_process_init
from django.conf import settings
from kombu.transport import redis

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# it warns root of pickled messages, and this worker reads nothing but JSON
warnings.filterwarnings("ignore", category=SecurityWarning)


class Channel(redis.Channel):
    """Says that its connection is lost. kombu trips over the missing one instead, when a hint that came by it is to be
    acknowledged or given back, and that ends the whole worker."""

    def _connparams(self, asynchronous: bool = False) -> Any:
        if getattr(self.connection, "client", None) is None:
            raise ConnectionError("The connection to the broker was lost.")
        return super()._connparams(asynchronous)  # type: ignore[no-untyped-call]


redis.Transport.Channel = Channel

app = Celery("crossdock")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["apps.jobs"])


def start_broker(**_: Any) -> None:
    """A worker needs the broker before it needs the database, whose first connection would start both."""
    if not settings.REDIS_URL:
        embedded.start_control()


celeryd_init.connect(start_broker)


def collect_rarely(**_: Any) -> None:
    """A page of rows is thousands of new objects that hold no circle: looking for some in each page again and again
    took a third of the CPU of the rows lane. Circles are found all the same, only later."""
    gc.set_threshold(50_000, 20, 50)


worker_process_init.connect(collect_rarely)
