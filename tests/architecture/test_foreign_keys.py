"""Import contracts see no "flows.Flow" in a string, so the tables themselves are asked."""

from django.apps import apps

LAYERS = ["flows", "sources", "connections", "connectors", "jobs", "accounts", "dialects"]
"""From the top down. Django's own tables lie beside them."""


def is_upward(source: str, target: str) -> bool:
    return source in LAYERS and target in LAYERS and LAYERS.index(target) < LAYERS.index(source)


def test_foreign_keys_look_down_only() -> None:
    upward = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model
        if is_upward(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert upward == []


def test_a_job_knows_none_of_its_subjects() -> None:
    related = {
        field.related_model._meta.app_label
        for model in apps.get_app_config("jobs").get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete
    }
    assert related == {"jobs", "accounts"}
