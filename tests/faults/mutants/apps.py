import os

from django.apps import AppConfig


class Mutant(AppConfig):
    name = "tests.faults.mutants"
    label = "mutant"

    def ready(self) -> None:
        from tests.faults.mutants import changes

        getattr(changes, os.environ["MUTANT"])()
