import secrets
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.accounts import queries, services
from apps.accounts.models import Organization, Role
from apps.errors import NotFound, ServiceError


class Command(BaseCommand):
    help = (
        "Makes a person who owns an organisation, and the organisation if there is none of that name. "
        "Prints the person's made password, alone, on standard output."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--organization", required=True, metavar="NAME")
        parser.add_argument("--name", default="", help="the person's name")
        parser.add_argument("--operator", action="store_true", help="may do everything in the console")

    def handle(self, *args: Any, **options: Any) -> None:
        password = secrets.token_urlsafe(15)
        try:
            with transaction.atomic():
                user = services.create_user(
                    email=options["email"],
                    password=password,
                    name=options["name"],
                    is_staff=True,
                    is_operator=options["operator"],
                )
                organization = _organization(options["organization"])
                services.add_member(organization=organization, user=user, role=Role.OWNER)
        except ServiceError as error:
            raise CommandError(error.message) from error
        self.stderr.write(f"{user.email} owns {organization.name}. The password:")
        self.stdout.write(password)


def _organization(name: str) -> Organization:
    try:
        return queries.organization(name)
    except NotFound:
        return services.create_organization(name=name)
