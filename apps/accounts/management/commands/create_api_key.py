from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from apps.accounts import queries, services
from apps.accounts.models import Scope, User
from apps.errors import ServiceError


class Command(BaseCommand):
    help = "Makes an API key and prints its value, alone, on standard output: it cannot be shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--organization", required=True, metavar="ID_OR_NAME", help="its number, uid or name")
        parser.add_argument("--name", default="command line", help="what the key is for")
        parser.add_argument("--owner", metavar="EMAIL", help="a member; else the organisation's first owner")
        parser.add_argument("--expires", type=_moment, metavar="DATE", help="when it ends, as 2030-01-31 or ISO 8601")
        parser.add_argument(
            "--scope",
            action="append",
            default=[],
            help=f"what it may do ({', '.join(Scope.values)}), else all an editor may; and how far it reaches "
            "(collection:col_<id>, user), else as far as its owner",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            organization = queries.organization(options["organization"])
            _, value = services.create_api_key(
                organization=organization,
                owner=_user(options["owner"]) if options["owner"] else None,
                name=options["name"],
                scopes=options["scope"],
                expires_at=options["expires"],
                at=timezone.now(),
            )
        except ServiceError as error:
            raise CommandError(error.message) from error
        self.stdout.write(value)


def _user(email: str) -> User:
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist as error:
        raise CommandError(f"There is no user {email}.") from error


def _moment(text: str) -> datetime:
    """A date (its beginning, UTC) or a moment; without an offset it is in UTC."""
    day = parse_date(text)
    moment = datetime.combine(day, datetime.min.time()) if day else parse_datetime(text)
    if moment is None:
        raise ValueError(text)
    return moment if timezone.is_aware(moment) else timezone.make_aware(moment)
