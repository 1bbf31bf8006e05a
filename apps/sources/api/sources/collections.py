"""Collections: where records land and are searched."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.lists import Listing, Values
from apps.dialects.moments import moment
from apps.dialects.parameters import flag
from apps.dialects.permissions import WRITE
from apps.dialects.sources import ids
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.pages import PAGE, Page, page
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.dialects.views import caller_of
from apps.errors import Refused
from apps.sources import services as sources
from apps.sources.api.sources import shapes
from apps.sources.api.sources.connections import CANCEL
from apps.sources.api.sources.lookup import collection, patience
from apps.sources.models import Collection, Language
from apps.sources.queries import access
from apps.sources.queries.vectors import standing

TAGS = ["Sources: collections"]
SENT = {"name": "Product docs", "description": "What support reads.", "language": "english"}
SHOWN: Values = {
    "id": "col_5e03061cda20740022300f01",
    "uuid": "0b5a4f8e-7f0e-4d55-9f0a-3a5b7a4f1c11",
    "readableId": "product-docs",
    **SENT,
    "sourceConnections": 1,
    "records": 3,
    "members": 0,
    "createdAt": shapes.MOMENT,
    "updatedAt": shapes.MOMENT,
}
ANSWER = {"success": True, "collection": SHOWN}
VECTORS = {"state": "filling", "percent": 63, "model": "wordllama/l2_supercat", "dimension": 256, "reason": ""}
ORPHANS = [{"id": "sc_5e03061cda20740022300f05", "name": "Old wiki", "records": 40}]
IN_FULL = {"success": True, "collection": {**SHOWN, "vectors": VECTORS, "orphans": ORPHANS}}
ORPHAN = Listing(
    """sources_sourceconnection row CROSS JOIN LATERAL (
        SELECT coalesce(sum(record_count), 0)::bigint AS records FROM sources_stream
        WHERE source_connection_id = row.id AND removed_at IS NULL
    ) left_behind""",
    {"id": ids.shown(ids.SOURCE_CONNECTION, "row.uid"), "name": "row.name", "records": "left_behind.records"},
)
COLLECTIONS = Listing(
    """sources_collection row CROSS JOIN LATERAL (
        SELECT count(*) AS connections FROM sources_sourceconnection
        WHERE collection_id = row.id AND removed_at IS NULL
    ) held CROSS JOIN LATERAL (
        SELECT coalesce(sum(record_count), 0)::bigint AS records FROM sources_stream
        WHERE collection_id = row.id AND removed_at IS NULL
    ) landed CROSS JOIN LATERAL (
        SELECT count(*) AS members FROM sources_collectionmember WHERE collection_id = row.id
    ) joined""",
    {
        "id": ids.shown(ids.COLLECTION, "row.uid"),
        "uuid": "row.uuid::text",
        "readableId": "row.readable_id",
        "name": "row.name",
        "description": "row.description",
        "language": "row.language",
        "sourceConnections": "held.connections",
        "records": "landed.records",
        "members": "joined.members",
        "createdAt": moment("row.created_at"),
        "updatedAt": moment("row.updated_at"),
    },
)


class CollectionChange(serializers.Serializer[Any]):
    name = serializers.CharField(required=False)
    description = serializers.CharField(required=False, allow_blank=True)


class CollectionSent(serializers.Serializer[Any]):
    name = serializers.CharField()
    description = serializers.CharField(required=False, allow_blank=True)
    language = serializers.CharField(
        required=False, help_text=f"In which its words are taken apart: {', '.join(Language.values)}."
    )


class CollectionShown(serializers.Serializer[Any]):
    id = serializers.CharField()
    uuid = serializers.CharField()
    readableId = serializers.CharField(help_text="Made from the name, and never changed.")
    name = serializers.CharField()
    description = serializers.CharField(allow_blank=True)
    language = serializers.CharField()
    sourceConnections = serializers.IntegerField()
    records = serializers.IntegerField(help_text="Those retained of removed source connections included.")
    members = serializers.IntegerField(help_text="0: it is open to everybody in the organisation.")
    createdAt = serializers.CharField()
    updatedAt = serializers.CharField()


class CollectionList(Page):
    collections = CollectionShown(many=True)


class CollectionAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    collection = CollectionShown()


class CollectionVectors(serializers.Serializer[Any]):
    state = serializers.CharField(help_text="ready, filling, off (nothing makes vectors) or unavailable (no pgvector).")
    percent = serializers.IntegerField(help_text="Of the records that can be found by their meaning.")
    model = serializers.CharField(allow_blank=True)
    dimension = serializers.IntegerField()
    reason = serializers.CharField(allow_blank=True, help_text="Why there are none.")


class Orphan(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="`DELETE …/source-connections/{id}/data` clears it.")
    name = serializers.CharField()
    records = serializers.IntegerField()


class CollectionInFull(CollectionShown):
    vectors = CollectionVectors()
    orphans = Orphan(many=True, help_text="Source connections that were removed and left their records.")


class CollectionInFullAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    collection = CollectionInFull()


class CollectionsView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_list_collections",
        summary="List collections, the newest first",
        parameters=PAGE,
        responses={200: CollectionList, **errors(400, 401, 403, 429)},
        examples=[answers({"success": True, "collections": [SHOWN], "total": 1, "limit": 100, "offset": 0})],
        tags=TAGS,
    )
    def get(self, request: Request) -> Response:
        return Response(page(request, "collections", access.collections(caller_of(request)), COLLECTIONS))

    @extend_schema(
        operation_id="sources_create_collection",
        summary="Create a collection",
        request=CollectionSent,
        responses={201: CollectionAnswer, **errors(400, 401, 403, 429)},
        examples=[sends(SENT), answers(ANSWER, 201)],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        caller = caller_of(request)
        if caller.is_confined:
            raise Refused("This key is confined to collections that are there: it makes no others.")
        body = Body(request)
        name, description = body.text("name", required=True), body.text("description")
        language = body.text("language") or Language.ENGLISH
        body.check()
        made = sources.create_collection(
            organization_id=caller.organization_id,
            project_id=caller.project_id,
            name=name,
            description=description,
            language=language,
        )
        return done(201, collection=_shown(made))


class CollectionView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_get_collection",
        summary="A collection by its id, UUID or readable id",
        responses={200: CollectionInFullAnswer, **errors(401, 403, 404, 429)},
        examples=[answers(IN_FULL)],
        tags=TAGS,
    )
    def get(self, request: Request, reference: str) -> Response:
        found = collection(request, reference)
        orphans = ORPHAN.rows(access.orphans(found))
        return done(collection={**_shown(found), "vectors": asdict(standing(found)), "orphans": orphans})

    @extend_schema(
        operation_id="sources_update_collection",
        summary="Change the name or the description of a collection",
        request=CollectionChange,
        responses={200: CollectionAnswer, **errors(400, 401, 403, 404, 429)},
        examples=[sends({"name": "Help centre"}), answers(ANSWER)],
        tags=TAGS,
    )
    def patch(self, request: Request, reference: str) -> Response:
        found, body = collection(request, reference, needs=WRITE), Body(request)
        name = body.text("name") if body.has("name") else None
        description = body.text("description") if body.has("description") else None
        body.check()
        return done(collection=_shown(sources.change_collection(collection=found, name=name, description=description)))

    @extend_schema(
        operation_id="sources_delete_collection",
        summary="Remove a collection with its source connections and records",
        parameters=[CANCEL],
        responses={200: shapes.RecordsCleared, **errors(400, 401, 403, 404, 409, 429)},
        examples=[answers({"success": True, "deletedRecords": 3})],
        tags=TAGS,
    )
    def delete(self, request: Request, reference: str) -> Response:
        found = collection(request, reference, needs=WRITE)
        if flag(request, "cancel"):
            with patience() as seconds:
                sources.stop_syncs(collection=found, seconds=seconds)
        return done(deletedRecords=sources.remove_collection(collection=found, at=timezone.now()))


def _shown(collection: Collection) -> Values:
    return COLLECTIONS.one(Collection.objects.filter(id=collection.id), what="Collection")
