from importlib import import_module

from django.apps import AppConfig
from django.contrib.admin import apps as admin

from config.celery import app as celery


class ConfigConfig(AppConfig):
    name = "config"
    default = True
    celery = celery

    def ready(self) -> None:
        import_module("config.checks")  # it reads what the apps' models must be loaded for


class ConsoleConfig(admin.AdminConfig):
    """The admin, with the console as its site."""

    default = False
    default_site = "config.site.ConsoleSite"
