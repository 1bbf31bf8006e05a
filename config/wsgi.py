"""The web's way in."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from config.bodies import Application, with_lengths

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def checked(application: Application) -> Application:
    """Raises ImproperlyConfigured when a setting is unsafe: granian asks no system check."""
    import_module("config.checks").refuse()
    return application


application = with_lengths(checked(get_wsgi_application()), limit=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
