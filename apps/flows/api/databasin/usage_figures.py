"""How much there is and how much ran, in one statement however many users or projects are asked for."""

from apps.dialects.lists import Listing
from apps.dialects.moments import moment

KINDS = {"flow": "Pipeline", "automation": "Automation"}
ALL_JOBS = "jobs_job job WHERE job.kind IN ('flow', 'automation') AND"


def users(project_id: int | None) -> Listing:
    """Of memberships; what the project has alone, where one is given."""
    owned = f"owned.organization_id = row.organization_id AND owned.owner_id = row.user_id{_of(project_id, 'owned')}"
    jobs = f"""
      (SELECT 'flow' AS kind, owned.id FROM flows_flow owned WHERE {owned} UNION ALL
       SELECT 'automation', owned.id FROM flows_automation owned WHERE {owned}) subject
      JOIN jobs_job job ON job.kind = subject.kind AND job.subject_id = subject.id WHERE"""  # noqa: S608 (ours)
    own = {
        "userId": "person.id",
        "fullName": "person.name",
        "email": "person.email",
        "totalPipelinesOwned": "pipelines.total",
        "totalAutomationsOwned": "automations.total",
    }
    source = "accounts_membership row JOIN accounts_user person ON person.id = row.user_id"
    return _listing(source, own, owned=owned, jobs=jobs, order="person.id")


def projects() -> Listing:
    own = {
        "projectId": "row.id",
        "projectName": "row.name",
        "institutionId": "organization.id",
        "institutionName": "organization.name",
        "administratorId": "administrator.id",
        "administratorName": "COALESCE(NULLIF(administrator.name, ''), administrator.email)",
        **MEMBERS,
        **TOTALS,
    }
    source = f"""accounts_project row JOIN accounts_organization organization ON organization.id = row.organization_id
    LEFT JOIN LATERAL ({FIRST_OWNER}) administrator ON true {_members("organization.id")}"""
    owned = "owned.project_id = row.id"
    return _listing(source, own, owned=owned, jobs=f"{ALL_JOBS} job.project_id = row.id AND", order="row.id")


def organizations(project_id: int | None) -> Listing:
    """What the project has alone, where one is given."""
    only = "" if project_id is None else f" AND project.id = {project_id:d}"
    counted = f"(SELECT count(*) FROM accounts_project project WHERE project.organization_id = row.id{only})"  # noqa: S608 (ours)
    own = {
        "institutionId": "row.id",
        "institutionName": "row.name",
        "shortName": "row.name",
        "enabled": "true",
        **MEMBERS,
        "totalProjects": counted,
        "activeProjects": counted,
        **TOTALS,
    }
    owned = f"owned.organization_id = row.id{_of(project_id, 'owned')}"
    jobs = f"{ALL_JOBS} job.organization_id = row.id{_of(project_id, 'job')} AND"
    return _listing(f"accounts_organization row {_members('row.id')}", own, owned=owned, jobs=jobs, order="row.id")


MEMBERS = {"totalUsers": "members.total", "activeUsers": "members.active"}
TOTALS = {"totalPipelines": "pipelines.total", "totalAutomations": "automations.total"}
FIRST_OWNER = """
SELECT person.id, person.name, person.email FROM accounts_membership member
JOIN accounts_user person ON person.id = member.user_id AND person.is_active
WHERE member.organization_id = row.organization_id AND member.role = 'owner' ORDER BY member.id LIMIT 1
"""


def _members(organization: str) -> str:
    return f"""LEFT JOIN LATERAL (
      SELECT count(*) AS total, count(*) FILTER (WHERE person.is_active) AS active
      FROM accounts_membership member JOIN accounts_user person ON person.id = member.user_id
      WHERE member.organization_id = {organization}) members ON true"""  # noqa: S608 (ours)


def _of(project_id: int | None, table: str) -> str:
    return "" if project_id is None else f" AND {table}.project_id = {project_id:d}"


def _listing(source: str, own: dict[str, str], *, owned: str, jobs: str, order: str) -> Listing:
    """`own`: the row's own columns; `owned`: the condition on what it has; `jobs`: the runs it counts, up to an AND."""
    joined = f"""{source}
    LEFT JOIN LATERAL (SELECT {ENABLED} FROM flows_flow owned WHERE {owned}) pipelines ON true
    LEFT JOIN LATERAL (SELECT {ENABLED} FROM flows_automation owned WHERE {owned}) automations ON true
    LEFT JOIN LATERAL (SELECT count(*) AS total FROM connections_connection owned
      WHERE removed_at IS NULL AND {owned}) connections ON true
    LEFT JOIN LATERAL (SELECT {RUNS} FROM {jobs} job.origin <> 'retry') runs ON true"""  # noqa: S608 (ours)
    return Listing(joined, own | SHARED, order=order)


def _runs(kind: str) -> str:
    """How many of a kind, how they ended, and how long they took."""
    of_kind = f"FILTER (WHERE job.kind = '{kind}'"
    seconds = "extract(epoch FROM COALESCE(job.ended_at, now()) - job.started_at)"
    return f"""count(*) {of_kind}) AS {kind}_total,
      count(*) {of_kind} AND job.state = 'completed') AS {kind}_completed,
      count(*) {of_kind} AND job.state = 'failed') AS {kind}_failed,
      COALESCE(round(sum({seconds}) {of_kind})), 0)::bigint AS {kind}_seconds"""


ENABLED = "count(*) AS total, count(*) FILTER (WHERE owned.is_enabled) AS active"
RUNS = f"""{_runs("flow")}, {_runs("automation")},
      COALESCE(sum(job.records_written) FILTER (WHERE job.kind = 'flow'), 0)::bigint AS records,
      max(COALESCE(job.started_at, job.created_at)) AS last_at"""
SHARED = {
    "activePipelines": "pipelines.active",
    "activeAutomations": "automations.active",
    "totalConnections": "connections.total",
    **{
        name.format(word): f"runs.{kind}_{column}"
        for kind, word in KINDS.items()
        for name, column in (
            ("total{}Runs", "total"),
            ("successful{}Runs", "completed"),
            ("failed{}Runs", "failed"),
            ("total{}RuntimeSeconds", "seconds"),
        )
    },
    "totalRecordsIngested": "runs.records",
    "lastActivityDate": moment("runs.last_at"),
}
