"""The worker's side of the queue."""

import gc
import os
import warnings
from typing import Any

from celery import Celery
from celery.platforms import SecurityWarning
from celery.signals import celeryd_init, worker_process_init
from django.conf import settings
from kombu.transport.redis import Channel

from config import embedded

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

# it warns root of pickled messages, and this worker reads nothing but JSON
warnings.filterwarnings("ignore", category=SecurityWarning)

# Without its connection a channel has nobody to give hints back to, and kombu tries and so ends the whole worker. They
# are published again as it is.
Channel.do_restore = property(  # type: ignore[assignment]
    lambda channel: getattr(channel.connection, "client", None) is not None
)

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
