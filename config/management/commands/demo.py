from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from apps.errors import ServiceError
from apps.flows import services as flows
from apps.jobs.models import Job, State
from apps.sources import services as sources
from apps.sources.queries.activity import active_sync
from config import home, loopback, running
from config.demo import shop, tenant, watching
from config.demo.tenant import Demo
from config.processes import Processes


class Command(BaseCommand):
    help = "Loads a sample shop, carries its orders into a warehouse, and fills a collection to search. Ctrl-C ends it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=running.DEFAULT_PORT, help="of the web server")
        parser.add_argument("--once", action="store_true", help="do the sync, print its figures, and end")

    def handle(self, *_: str, port: int, once: bool, **options: Any) -> None:
        if not once:
            running.refuse_a_port_in_use(port)
        running.migrate(is_wanted=True)
        demo = self.load()
        log = home.folder() / "demo.log"
        with log.open("a") as output, suppress(KeyboardInterrupt):
            if once:
                with Processes(running.programs(port)[1:], output) as processes:
                    self.run_flow(demo, processes)
                    self.fill(demo, processes)
            else:
                with running.running(port, output) as processes:
                    self.run_flow(demo, processes)
                    self.fill(demo, processes)
                    self.stdout.write(self.where_to_look(demo, port, log))
                    processes.wait()

    def load(self) -> Demo:
        self.stdout.write("Opening the sample shop and its warehouse …")
        try:
            return tenant.load(*shop.open_systems())
        except ServiceError as error:
            raise CommandError(error.message) from error

    def run_flow(self, demo: Demo, processes: Processes) -> None:
        self.stdout.write(f"Running the flow {demo.orders.name!r} …")
        try:
            job = flows.run_flow(flow=demo.orders, at=timezone.now())
        except ServiceError as error:
            raise CommandError(error.message) from error
        self.tell(job, watching.figures, processes)

    def fill(self, demo: Demo, processes: Processes) -> None:
        """The collection, so that there is something to search."""
        self.stdout.write(f"Filling the collection {demo.shelf.collection.name!r} …")
        try:
            job = sources.start_sync(source_connection=demo.shelf, at=timezone.now())
        except ServiceError as error:
            active = active_sync(demo.shelf.id)  # its schedule may have come first
            if active is None:
                raise CommandError(error.message) from error
            job = active
        self.tell(job, watching.sync_figures, processes)

    def tell(self, job: Job, figures: Callable[[Job], str], processes: Processes) -> None:
        job = watching.follow(job, self.stdout, lambda: not processes.stopping.is_set())
        self.stdout.write(f"\n{figures(job)}\n")
        if job.state != State.COMPLETED:
            raise CommandError("The sync did not complete.")

    def where_to_look(self, demo: Demo, port: int, log: Path) -> str:
        sign_in = f"password  {demo.password}" if demo.password else "the password you chose"
        address = f"http://{loopback.HOST}:{port}"
        return (
            f"Console   {address}/admin/\n"
            f"          sign in as {demo.email}\n"
            f"          {sign_in}\n"
            f"Search    {address}/admin/sources/collection/\n"
            f"API       {address}/docs\n"
            f"          a key: ./manage.py create_api_key --organization 1\n"
            f"Log       {log}\n\n"
            "Ctrl-C stops everything; what was moved stays."
        )
