from typing import Any

from django.core.management.base import BaseCommand

from apps.connectors import services as connectors


class Command(BaseCommand):
    help = "Brings the catalogue of connectors up to date with this version. Safe to run at every release."

    def handle(self, *args: Any, **options: Any) -> None:
        changed = connectors.load_catalogue()
        if options["verbosity"]:
            self.stdout.write(f"The catalogue is up to date; {changed} connectors were new or had changed.")
