from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0002_tracks_and_automations"),
    ]

    operations = [
        migrations.AddField(
            model_name="flow",
            name="details",
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
