import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand
from django.db import Error, connection

from apps.jobs.queue import Publisher
from apps.jobs.services import Dispatcher

log = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Publishes jobs that are due to the workers. Any number of copies may run."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        with Publisher() as publisher:
            dispatcher = Dispatcher(publisher)
            while not stop.is_set():
                try:
                    self.dispatch(dispatcher, stop)
                except Error as error:
                    log.warning("The database is away (%s), trying again", type(error).__name__)
                    connection.close()
                    stop.wait(1)

    def dispatch(self, dispatcher: Dispatcher, stop: threading.Event) -> None:
        dispatcher.listen()
        log.info("Dispatching")
        while not stop.is_set():
            dispatcher.tick()
            dispatcher.wait()
