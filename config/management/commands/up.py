from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management import BaseCommand, call_command

from config import loopback, running


class Command(BaseCommand):
    help = "Runs web, worker and dispatcher here until Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=running.DEFAULT_PORT, help="of the web server")
        parser.add_argument("--demo", action="store_true", help="load the demo first")

    def handle(self, *_: str, port: int, demo: bool, **options: Any) -> None:
        running.refuse_a_port_in_use(port)
        running.migrate(is_wanted=demo)
        if demo:
            call_command("load_demo")
        with suppress(KeyboardInterrupt), running.running(port) as processes:
            self.stdout.write(f"Crossdock runs at http://{loopback.HOST}:{port}/ and Ctrl-C stops it")
            processes.wait()
        self.stdout.write("Stopped")
