from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flows", "0003_flow_details"),
    ]

    operations = [
        migrations.AddField(
            model_name="automationtask",
            name="name",
            field=models.CharField(blank=True, max_length=255),
        ),
        migrations.AddField(
            model_name="automationtask",
            name="is_enabled",
            field=models.BooleanField(default=True, verbose_name="enabled"),
        ),
    ]
