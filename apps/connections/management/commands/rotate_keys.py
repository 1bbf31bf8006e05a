from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.connections.services import rotation


class Command(BaseCommand):
    help = "Seals every stored secret anew under the first of SEALING_KEYS, while everything runs. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count what lies under which key.")

    def handle(self, *args: Any, **options: Any) -> None:
        unreadable = 0 if options["dry_run"] else self._rotate()
        counted = rotation.count_by_key()
        if not counted:
            self.stdout.write("Nothing is sealed.")
        for key_id, count in sorted(counted.items()):
            self.stdout.write(f"{count} under key {key_id}")
        if unreadable:
            raise CommandError(f"{unreadable} could not be opened; the log says which, and why. They stay as they are.")
        if not options["dry_run"] and rotation.outdated(counted):
            raise CommandError("Some were sealed under an older key in the meantime. Run this again.")

    def _rotate(self) -> int:
        """How many could not be opened."""
        progress = rotation.Progress()
        for progress in rotation.rotate():
            self.stdout.write(f"{progress.resealed} sealed anew")
        return progress.unreadable
