"""Does a source let us in? A host that does not answer is an answer; credentials that are refused are an error."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.connections import services as connections
from apps.dialects.permissions import WRITE
from apps.dialects.sources.envelope import CREDENTIALS, REFUSED, errors
from apps.dialects.sources.views import SourcesEndpoint, answers
from apps.errors import Invalid
from apps.jobs.models import ENDED
from apps.sources.api.sources import shapes
from apps.sources.api.sources.lookup import source_connection, waited, waiting

WORKS = {"success": True, "status": "connected", "message": "Connection successful"}
PUSHED = {**WORKS, "message": "Records are pushed here: there is nothing to connect to."}
AWAY = {"success": False, "status": "error", "message": "db.example.com:5432 could not be reached."}


class TestView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_test_source_connection",
        summary="Test that the credentials are valid and the source is reachable",
        request=None,
        responses={200: shapes.SourceOutcome, 202: shapes.SourceWaiting, **errors(400, 401, 403, 404, 429)},
        examples=[answers(WORKS, name="It works"), answers(AWAY, name="It is away"), answers(shapes.GOES_ON, 202)],
        tags=shapes.TAGS,
    )
    def post(self, request: Request, uid: str) -> Response:
        connection = source_connection(request, uid, needs=WRITE).connection
        if connection is None:
            return Response(PUSHED)
        job = waited(connections.start_test(connection=connection, at=timezone.now()))
        if job.state not in ENDED:
            return waiting(job)
        verdict = connections.verdict(job)
        if verdict["code"] in REFUSED:
            raise Invalid(verdict["message"], code=CREDENTIALS)
        return Response(WORKS if verdict["ok"] else AWAY | {"message": verdict["message"]})
