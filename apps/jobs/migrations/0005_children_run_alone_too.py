from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("jobs", "0004_take_turns"),
    ]

    operations = [
        migrations.AlterField(
            model_name="job",
            name="origin",
            field=models.CharField(
                choices=[("manual", "Manual"), ("schedule", "Schedule"), ("retry", "Retry"), ("task", "Task")],
                default="manual",
                max_length=10,
            ),
        ),
        migrations.RemoveConstraint(
            model_name="job",
            name="one_running_per_subject",
        ),
        migrations.AddConstraint(
            model_name="job",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_exclusive", True), ("state__in", ["running", "cancelling"])),
                fields=("kind", "subject_id"),
                name="one_running_per_subject",
            ),
        ),
    ]
