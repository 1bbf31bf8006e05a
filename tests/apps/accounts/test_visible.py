from apps.accounts import services as accounts
from apps.accounts.queries import visible
from apps.connections.models import Connection
from apps.dialects.caller import Caller
from tests.api.world import make_connection
from tests.conftest import Cast


def test_shows_the_organisations_rows_and_a_projects_own(cast: Cast) -> None:
    project = accounts.create_project(organization=cast.acme, name="Web shop", internal_id="web")
    whole, part, _theirs = (make_connection(who, "Shop") for who in (cast.acme, cast.acme, cast.globex))
    Connection.objects.filter(id=part.id).update(project=project)
    caller = Caller(organization_id=cast.acme.id, user_id=1, user_uid="", role="viewer")
    assert set(visible(Connection.objects.all(), caller)) == {whole, part}
    limited = Caller(organization_id=cast.acme.id, user_id=1, user_uid="", role="viewer", project_id=project.id)
    assert list(visible(Connection.objects.all(), limited)) == [part]
