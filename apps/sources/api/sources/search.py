"""Searching a collection."""

from collections.abc import Iterable
from typing import Any, ClassVar

import orjson
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.lists import Values
from apps.dialects.moments import moment_of
from apps.dialects.parameters import choice, whole_number
from apps.dialects.permissions import READ
from apps.dialects.sources import ids
from apps.dialects.sources.bodies import Body
from apps.dialects.sources.envelope import errors
from apps.dialects.sources.views import SourcesEndpoint, answers, done, sends
from apps.errors import Invalid
from apps.sources.api.sources import shapes
from apps.sources.api.sources.lookup import collection
from apps.sources.models import Collection
from apps.sources.queries.search import MOST_RESULTS, Result, search

TAGS = ["Sources: search"]
LIMIT, MOST = 10, 100
RAW, COMPLETION = "raw", "completion"
NEEDS_MODEL = {
    "rerank": "The results were not ranked again",
    "expandQuery": "The query was not expanded",
    "generateAnswer": "No answer was generated",
    COMPLETION: "No completion was generated",
}
"""What a language model would be needed for, and what is said instead."""
FILTERS = [{"field": "amount", "operator": "gt", "value": 500}]
SENT: Values = {"collectionId": "product-docs", "query": "invoice INV-20931", "limit": LIMIT, "filters": FILTERS}
SHOWN: Values = {
    "id": "rec_4711",
    "score": 0.983871,
    "content": "number: INV-20931\nnote: Two printers, delivered late\namount: 812.50",
    "metadata": {
        "source": "postgresql",
        "sourceConnectionId": "sc_5e03061cda20740022300f02",
        "sourceConnectionName": "Production Database",
        "stream": "public.invoices",
        "title": "INV-20931",
        "url": None,
        "orphaned": False,
        "updatedAt": shapes.MOMENT,
        "fields": {"number": "INV-20931", "note": "Two printers, delivered late", "amount": "812.50"},
    },
}
ANSWER: Values = {"success": True, "query": "invoice INV-20931", "took": 12, "results": [SHOWN], "warnings": []}
PARAMETERS = [
    OpenApiParameter("query", str, required=True, description="Words, codes or a question, in any order."),
    OpenApiParameter("limit", int, description=f"At most so many results, up to {MOST}; {LIMIT} if it is left out."),
    OpenApiParameter("offset", int, description="Without the first so many."),
    OpenApiParameter("filters", str, description="Filters as JSON, a list as POST /search takes it."),
    OpenApiParameter(
        "responseType", str, enum=[RAW, COMPLETION], description="A completion needs a language model: see `warnings`."
    ),
]


class SearchFilter(serializers.Serializer[Any]):
    field = serializers.CharField(help_text="A column of the source, or source, stream, title and other metadata.")
    operator = serializers.CharField(
        help_text="equals, not_equals, gt, gte, lt, lte, in, not_in, contains, starts_with, exists, is_null"
    )
    value = serializers.JSONField(required=False)


class SearchSent(serializers.Serializer[Any]):
    collectionId = serializers.CharField(help_text="Its id, its UUID or its readable id.")
    query = serializers.CharField()
    limit = serializers.IntegerField(default=LIMIT, min_value=1, max_value=MOST)
    offset = serializers.IntegerField(default=0, min_value=0)
    filters = SearchFilter(many=True, required=False, help_text="All of them must hold.")
    rerank = serializers.BooleanField(default=False)
    expandQuery = serializers.BooleanField(default=False)
    generateAnswer = serializers.BooleanField(default=False)


class SearchMetadata(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]  # so it is named on the wire
        help_text="The short name of what it was read from; push for what was sent."
    )
    sourceConnectionId = serializers.CharField()
    sourceConnectionName = serializers.CharField()
    stream = serializers.CharField(help_text="The table or file.")
    title = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_null=True)
    orphaned = serializers.BooleanField(help_text="Whether its source connection was removed, and its data retained.")
    updatedAt = serializers.CharField(help_text="When it last changed here.")
    fields = serializers.DictField(help_text="Its columns by name; long values are cut.")  # type: ignore[assignment]  # so named on the wire


class SearchResult(serializers.Serializer[Any]):
    id = serializers.CharField()
    score = serializers.FloatField(help_text="From 0 to 1: 1 is what leads every ranking.")
    content = serializers.CharField(help_text='Lines of "column: value"; of long values the part that matches.')
    metadata = SearchMetadata()


class SearchWarning(serializers.Serializer[Any]):
    code = serializers.CharField(
        help_text="vectors_unavailable, vectors_incomplete, too_many_matches, unknown_field or no_language_model."
    )
    message = serializers.CharField()


class SearchAnswer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    query = serializers.CharField()
    took = serializers.IntegerField(help_text="Milliseconds.")
    results = SearchResult(many=True)
    warnings = SearchWarning(many=True, help_text="What the answer is less for.")


class CollectionSearchView(SourcesEndpoint):
    @extend_schema(
        operation_id="sources_search_collection",
        summary="Search a collection",
        parameters=PARAMETERS,
        responses={200: SearchAnswer, **errors(400, 401, 403, 404, 429, 503)},
        examples=[answers(ANSWER)],
        tags=TAGS,
    )
    def get(self, request: Request, reference: str) -> Response:
        found = collection(request, reference)
        wished = [COMPLETION] if choice(request, "responseType", (RAW, COMPLETION), default=RAW) == COMPLETION else []
        return _answered(
            found,
            request.query_params.get("query"),
            limit=whole_number(request, "limit", default=LIMIT, least=1, most=MOST),
            offset=whole_number(request, "offset", default=0, most=MOST_RESULTS - MOST),
            filters=_from_json(request.query_params.get("filters", "")),
            wished=wished,
        )


class SearchView(SourcesEndpoint):
    scope: ClassVar[str] = READ

    @extend_schema(
        operation_id="sources_search",
        summary="Search the collection that the body names",
        request=SearchSent,
        responses={200: SearchAnswer, **errors(400, 401, 403, 404, 429, 503)},
        examples=[sends(SENT), answers(ANSWER)],
        tags=TAGS,
    )
    def post(self, request: Request) -> Response:
        body = Body(request)
        reference, query = body.text("collectionId", required=True), body.text("query", required=True)
        limit = body.number("limit", default=LIMIT, least=1, most=MOST)
        offset = body.number("offset", default=0, most=MOST_RESULTS - MOST)
        filters = body.list("filters")
        wished = [name for name in ("rerank", "expandQuery", "generateAnswer") if body.flag(name)]
        body.check()
        return _answered(
            collection(request, reference), query, limit=limit, offset=offset, filters=filters, wished=wished
        )


def _answered(
    found: Collection, query: object, *, limit: int, offset: int, filters: object, wished: Iterable[str]
) -> Response:
    answer = search(collection=found, query=query, limit=limit, offset=offset, filter_list=filters)
    warnings = [{"code": warning.code, "message": warning.message} for warning in answer.warnings]
    warnings += [{"code": "no_language_model", "message": _unfulfilled(wish)} for wish in wished]
    return done(
        query=answer.query, took=answer.took, results=[_shown(each) for each in answer.results], warnings=warnings
    )


def _unfulfilled(wish: str) -> str:
    return f"{NEEDS_MODEL[wish]}: no language model is configured."


def _shown(result: Result) -> Values:
    stream = result.stream
    metadata = {
        **stream.about,
        "title": result.title,
        "url": result.url or None,
        "orphaned": stream.is_orphaned,
        "updatedAt": moment_of(result.updated_at),
        "fields": result.fields,
    }
    shown = {"id": f"{ids.RECORD}{result.id}", "score": result.score, "content": result.content}
    return {**shown, "metadata": metadata}


def _from_json(text: str) -> Any:
    """Raises Invalid."""
    try:
        return orjson.loads(text) if text else None
    except orjson.JSONDecodeError as error:
        raise Invalid("filters must be a list as JSON.", code="invalid_query_params", field="filters") from error
