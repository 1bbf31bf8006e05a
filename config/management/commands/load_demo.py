from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.errors import ServiceError
from config.demo import shop, tenant


class Command(BaseCommand):
    help = "Makes the demo: a sample shop and a warehouse, and an organisation with flows between them."

    def handle(self, *_: str, **options: Any) -> None:
        self.stdout.write("Opening the sample shop and its warehouse …")
        try:
            demo = tenant.load(*shop.open_systems())
        except ServiceError as error:
            raise CommandError(error.message) from error
        sign_in = f"password {demo.password}" if demo.password else "the password you chose"
        self.stdout.write(f"Sign in as {demo.email} with {sign_in}")
