"""The operator's desk for who owns and who calls, and what every other desk is made of."""

from apps.accounts.admin import keys, members, organizations, users

__all__ = ["keys", "members", "organizations", "users"]
