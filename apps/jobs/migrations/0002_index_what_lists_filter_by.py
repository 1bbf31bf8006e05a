from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial")]

    operations = [
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                fields=["organization", "state", "-created_at", "-id"], name="job_of_organization_in_state"
            ),
        ),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(fields=["subject_uid", "-created_at", "-id"], name="job_of_subject_uid"),
        ),
    ]
