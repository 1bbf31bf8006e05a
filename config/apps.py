from django.apps import AppConfig

from config.celery import app as celery


class ConfigConfig(AppConfig):
    name = "config"
    celery = celery
