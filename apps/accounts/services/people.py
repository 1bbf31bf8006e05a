"""Who a person is here, and what they may do."""

from django.db import IntegrityError, transaction

from apps.accounts.models import User
from apps.errors import Conflict


def change_user(*, user: User, email: str, name: str, is_active: bool, is_staff: bool, is_operator: bool) -> User:
    """`is_active` off: neither the person nor their keys are let in. Raises Conflict for an e-mail address that is
    taken, and when no operator would be left."""
    with transaction.atomic():
        if not (is_active and is_staff and is_operator):
            _keep_an_operator(user)
        user.email, user.name, user.is_active = User.objects.normalize_email(email).lower(), name, is_active
        user.is_staff, user.is_superuser = is_staff, is_operator
        try:
            with transaction.atomic():
                user.save(update_fields=["email", "name", "is_active", "is_staff", "is_superuser", "updated_at"])
        except IntegrityError as error:
            raise Conflict(f"There is a user {email} already.", field="email") from error
    return user


def _keep_an_operator(leaving: User) -> None:
    """Under locks, so that two operators who step down at once do not both."""
    operators = User.objects.select_for_update().filter(is_active=True, is_staff=True, is_superuser=True)
    keys = set(operators.values_list("pk", flat=True))
    if keys == {leaving.pk}:
        raise Conflict("One operator stays: make another one first.", code="last_operator")
