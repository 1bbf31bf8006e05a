from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("connections", "0002_keep_metadata"),
    ]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="details",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="connection",
            name="is_enabled",
            field=models.BooleanField(default=True, verbose_name="enabled"),
        ),
        migrations.AddConstraint(
            model_name="connection",
            constraint=models.CheckConstraint(
                condition=models.Q(("is_enabled", True), ("is_offline", True), _connector="OR"),
                name="switched_off_is_offline",
            ),
        ),
    ]
