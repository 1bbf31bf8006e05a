"""Organisations, their projects and the people in them."""

from datetime import datetime
from ipaddress import ip_network

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F

from apps.accounts.models import Membership, Organization, Project, Role, User
from apps.errors import Conflict, Invalid


def create_organization(*, name: str) -> Organization:
    """Raises Conflict when the name is taken."""
    if not name.strip():
        raise Invalid("A name is needed.", code="missing_required_field", field="name")
    try:
        with transaction.atomic():
            return Organization.objects.create(name=name.strip())
    except IntegrityError as error:
        raise Conflict(f"There is an organisation {name!r} already.", field="name") from error


def create_project(*, organization: Organization, name: str, internal_id: str) -> Project:
    """`internal_id` is what clients know it by. Raises Invalid when it is all digits, Conflict when it is taken."""
    if not internal_id or internal_id.isdecimal():
        raise Invalid("A project's id has a letter in it, as digits alone are a row's key.", field="internal_id")
    try:
        with transaction.atomic():
            return Project.objects.create(organization=organization, name=name, internal_id=internal_id)
    except IntegrityError as error:
        raise Conflict(f"There is a project {internal_id!r} already.", field="internal_id") from error


def create_user(
    *, email: str, password: str, name: str = "", is_staff: bool = False, is_operator: bool = False
) -> User:
    """`is_staff` may use the console; `is_operator` may do everything there. Raises Invalid for a weak password."""
    user = User(email=email, name=name)
    try:
        validate_email(email)
    except ValidationError as error:
        raise Invalid("This is not an e-mail address.", field="email") from error
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise Invalid(" ".join(error.messages), field="password") from error
    try:
        with transaction.atomic():
            return User.objects.create_user(
                email, password, name=name, is_staff=is_staff or is_operator, is_superuser=is_operator
            )
    except IntegrityError as error:
        raise Conflict(f"There is a user {email} already.", field="email") from error


def add_member(*, organization: Organization, user: User, role: Role) -> Membership:
    """The membership, with this role from now on."""
    membership, _ = Membership.objects.update_or_create(organization=organization, user=user, defaults={"role": role})
    return membership


def note_sign_in(*, user: User, at: datetime) -> None:
    User.objects.filter(id=user.id).update(last_login=at)


def end_sessions(*, user: User) -> None:
    """Makes every token of the user worthless, within the second for which callers are remembered."""
    User.objects.filter(id=user.id).update(token_version=F("token_version") + 1)


def change_organization(*, organization: Organization, name: str, allowed_networks: list[str]) -> Organization:
    """Raises Invalid for what is not a network, Conflict when the name is taken."""
    for network in allowed_networks:
        try:
            ip_network(network)
        except ValueError as error:
            text = f"{network!r} is not a network, as 10.0.0.0/8 is one."
            raise Invalid(text, field="allowed_networks") from error
    organization.name, organization.allowed_networks = name.strip(), allowed_networks
    try:
        with transaction.atomic():
            organization.save(update_fields=["name", "allowed_networks", "updated_at"])
    except IntegrityError as error:
        raise Conflict(f"There is an organisation {name!r} already.", field="name") from error
    return organization


def change_project(*, project: Project, name: str) -> Project:
    """Its `internal_id` stays what clients know it by."""
    project.name = name
    project.save(update_fields=["name", "updated_at"])
    return project
