from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0003_switch_off"),
    ]

    operations = [
        migrations.AlterField(
            model_name="metadataschema",
            name="catalog",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="metadataschema",
            name="name",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="metadatatable",
            name="catalog",
            field=models.TextField(blank=True),
        ),
        migrations.AlterField(
            model_name="metadatatable",
            name="schema",
            field=models.TextField(blank=True),
        ),
    ]
