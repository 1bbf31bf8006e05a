"""What the console's templates load as `console`."""

from django.template import Library

from apps.accounts.admin import showing

register = Library()
register.filter(showing.when)
register.filter(showing.fact)
register.filter("thousands", showing.count)
