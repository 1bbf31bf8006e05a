"""Who owns rows and who calls."""

import secrets
import time
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone


def new_uid() -> str:
    """24 hex digits that sort by the second they were made in: 4 bytes of time, 8 of chance."""
    return f"{int(time.time()):08x}{secrets.token_hex(8)}"


class Row(models.Model):
    """What every table has: `uid` is the public id, the big integer stays inside but for Databasin."""

    uid = models.CharField(max_length=24, unique=True, default=new_uid, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Organization(Row):
    name = models.CharField(max_length=200, unique=True)
    allowed_networks = models.JSONField(
        default=list, blank=True, help_text="Private networks its connections may reach, in CIDR notation."
    )

    class Meta:
        verbose_name = "organisation"

    def __str__(self) -> str:
        return self.name


class Project(Row):
    """`internal_id` is the id that clients know it by; never all digits, so that it is not taken for a key."""

    organization = models.ForeignKey(Organization, models.PROTECT, related_name="projects", verbose_name="organisation")
    name = models.CharField(max_length=200)
    internal_id = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organization", "internal_id"], name="project_internal_id"),
            models.CheckConstraint(condition=~models.Q(internal_id__regex=r"^[0-9]+$"), name="project_id_not_digits"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.internal_id})"


class UserManager(BaseUserManager["User"]):
    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractBaseUser, PermissionsMixin, Row):
    """`token_version` goes up when every token of a user must die at once."""

    email = models.EmailField(unique=True)
    name = models.CharField(max_length=200, blank=True)
    is_staff = models.BooleanField("may use the console", default=False)
    is_active = models.BooleanField(default=True)
    token_version = models.PositiveIntegerField(default=1)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    def __str__(self) -> str:
        return self.email


class Role(models.TextChoices):
    OWNER = "owner"
    ADMIN = "admin"
    EDITOR = "editor"
    VIEWER = "viewer"


class Membership(Row):
    organization = models.ForeignKey(
        Organization, models.CASCADE, related_name="memberships", verbose_name="organisation"
    )
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["organization", "user"], name="one_membership_per_user")]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.organization}"


class Scope(models.TextChoices):
    """What a key may do; without any of these it may do everything its organisation's editors may. Further scopes say
    how far it reaches: `services.scopes`."""

    READ = "read"
    WRITE = "write"
    RUN = "run"


class ApiKey(Row):
    """Only `prefix` and a SHA-256 `digest` are kept of the value, which is shown once."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="api_keys", verbose_name="organisation")
    project = models.ForeignKey(Project, models.CASCADE, null=True, blank=True, related_name="api_keys")
    owner = models.ForeignKey(User, models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=200)
    prefix = models.CharField(max_length=16, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class Owned(Row):
    """A row that belongs to an organisation, and to one of its projects where it says so."""

    organization = models.ForeignKey(Organization, models.CASCADE, related_name="+", verbose_name="organisation")
    project = models.ForeignKey(Project, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        abstract = True
