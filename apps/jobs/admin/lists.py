"""Lists of rows that are about something."""

from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest

from apps.jobs.admin import subjects
from apps.jobs.models import Job, RecordError, Schedule


class NamedList(ChangeList):
    """Gives the job or schedule of every row on the page its `subject_name`."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = [self.named(row) for row in self.result_list]
        names = subjects.names(rows)
        for row in rows:
            row.subject_name = names.get((row.kind, row.subject_id), "")  # type: ignore[union-attr]

    def named(self, row: Job | Schedule | RecordError) -> Job | Schedule:
        return row.job if isinstance(row, RecordError) else row
