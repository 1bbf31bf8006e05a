"""The doors that Celigo's connections, exports, imports and flows have in common."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from apps.dialects.celigo.envelope import errors
from apps.dialects.celigo.paging import PARAMETERS, paged
from apps.dialects.celigo.patching import patched
from apps.dialects.lists import Listing, Values
from apps.dialects.parsing import object_of
from apps.dialects.views import Endpoints
from apps.errors import Invalid, NotFound


class Part(Serializer[Any]):
    # An object of a body. Fields that are not named at all are ignored. (A docstring would go into OpenAPI.)
    kept: ClassVar[Collection[str]] = ()
    """Documented fields that are stored and shown as they come and mean nothing to us."""
    later: ClassVar[Collection[str]] = ()
    """Fields that would change what a run does and are not supported yet: refused rather than ignored."""

    def get_fields(self) -> dict[str, Any]:
        kept = {name: serializers.JSONField(required=False, allow_null=True) for name in self.kept}
        return super().get_fields() | kept

    def to_internal_value(self, data: Any) -> Any:
        given = data if isinstance(data, dict) else {}
        unsupported = {name: [f"{name} is not supported yet."] for name in self.later if _matters(given.get(name))}
        if unsupported:
            raise serializers.ValidationError(unsupported)
        return super().to_internal_value(data)

    def kept_of(self, values: Values) -> Values:
        """The kept fields that were given."""
        return {name: values[name] for name in self.kept if values.get(name) is not None}


class Shape(Part):
    # What a resource is read and written as.
    _id = serializers.CharField(read_only=True)
    createdAt = serializers.DateTimeField(read_only=True)
    lastModified = serializers.DateTimeField(read_only=True)

    def document(self) -> Values:
        return self.kept_of(self.validated_data)


MOST_CONNECTIONS = 100

PATCH = {
    "oneOf": [
        {"type": "object", "description": "Merged with what there is; null takes a field away."},
        {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"op": {"enum": ["add", "replace", "remove"]}, "path": {"type": "string"}, "value": {}},
                "required": ["op", "path"],
            },
        },
    ]
}


class CloneShape(Serializer[Any]):
    name = serializers.CharField(required=False, max_length=200)
    connectionMap = serializers.DictField(
        required=False, child=serializers.CharField(), help_text="By the id of a connection, the one to use instead."
    )

    def validate_connectionMap(self, value: dict[str, str]) -> dict[str, str]:  # noqa: N802 (DRF looks for the name)
        if len(value) > MOST_CONNECTIONS:
            raise serializers.ValidationError(f"At most {MOST_CONNECTIONS} connections can be exchanged.")
        return value


class Resource(Endpoints):
    # A subclass says what its rows are and calls the services; checks come in the order permission, row, body.
    what: ClassVar[str]
    listing: ClassVar[Listing]
    shape: ClassVar[type[Shape]]
    patchable: ClassVar[frozenset[str]]
    names: ClassVar[Mapping[str, str]]
    """Our field names in Celigo's words, for what the services complain about."""

    def name_of(self, field: str) -> str:
        return self.names.get(field, field)

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def values(self, shape: Any) -> Values:
        """What the services take, of a body. Raises Invalid in Celigo's words."""
        raise NotImplementedError

    def make(self, values: Values) -> Model:
        raise NotImplementedError

    def alter(self, row: Any, values: Values) -> None:
        raise NotImplementedError

    def drop(self, row: Any) -> None:
        raise NotImplementedError

    def copy(self, row: Any, values: Values) -> Model:
        raise NotImplementedError

    def list(self, request: Request) -> Response:
        return paged(request, self.rows(), self.listing)

    def retrieve(self, request: Request, uid: str) -> Response:
        return self.shown(uid)

    def create(self, request: Request) -> Response:
        values = self.values(self.checked(object_of(request)))
        with worded(self.name_of):
            row = self.make(values)
        return self.shown_row(row, 201)

    def update(self, request: Request, uid: str) -> Response:
        row = self.row(uid)
        values = self.values(self.checked(object_of(request)))
        with worded(self.name_of):
            self.alter(row, values)
        return self.shown_row(row)

    def partial_update(self, request: Request, uid: str) -> Response:
        row = self.row(uid)
        before = self.listing.one(self.rows().filter(uid=uid), what=self.what)
        values = self.values(self.checked(patched(before, request.data, allowed=self.patchable)))
        with worded(self.name_of):
            self.alter(row, values)
        return self.shown_row(row)

    def destroy(self, request: Request, uid: str) -> Response:
        self.drop(self.row(uid))
        return Response(status=204)

    @action(detail=True, methods=["post"])
    def clone(self, request: Request, uid: str) -> Response:
        row = self.row(uid)
        wanted = CloneShape(data=object_of(request))
        wanted.is_valid(raise_exception=True)
        with worded(self.name_of):
            copy = self.copy(row, wanted.validated_data)
        return self.shown_row(copy, 201)

    def row(self, uid: str) -> Any:
        found = self.rows().filter(uid=uid).first()
        if found is None:
            raise NotFound(f"{self.what} not found")
        return found

    def checked(self, body: Values) -> Shape:
        shape = self.shape(data=body)
        shape.is_valid(raise_exception=True)
        return shape

    def shown(self, uid: str) -> Response:
        return Response(self.listing.one(self.rows().filter(uid=uid), what=self.what))

    def shown_row(self, row: Any, status: int = 200) -> Response:
        shown = self.shown(row.uid)
        shown.status_code = status
        return shown


@contextmanager
def worded(name_of: Callable[[str], str]) -> Iterator[None]:
    """Raises what is raised within, with our field names exchanged for Celigo's."""
    try:
        yield
    except Invalid as error:
        problems = [
            Invalid(part.message, code=part.code, field=part.field and name_of(part.field)) for part in error.problems
        ]
        raise Invalid(problems[0].message, code=problems[0].code, field=problems[0].field, problems=problems) from error


def documented(*, tag: str, noun: str, shape: type[Serializer[Any]], request: Values, response: Values) -> Any:
    """A decorator that tells OpenAPI of a Resource's doors; `request` and `response` are examples."""
    sent = OpenApiExample("Request", request, request_only=True)
    got = OpenApiExample("Answer", response, response_only=True, status_codes=["200", "201"])
    listed = OpenApiExample("Answer", response, response_only=True, status_codes=["200"])
    plural = f"{noun}s"

    def door(name: str, summary: str, **words: Any) -> Any:
        return extend_schema(operation_id=f"celigo_{name}", summary=summary, tags=[tag], **words)

    return extend_schema_view(
        list=door(
            f"list_{plural}",
            f"List {plural}",
            parameters=PARAMETERS,
            responses={200: shape(many=True), **errors(400, 401, 403)},
            examples=[listed],
        ),
        create=door(
            f"create_{noun}",
            f"Create a {noun}",
            request=shape,
            responses={201: shape, **errors(400, 401, 403, 422)},
            examples=[sent, got],
        ),
        retrieve=door(f"get_{noun}", f"Get a {noun}", responses={200: shape, **errors(401, 403, 404)}, examples=[got]),
        update=door(
            f"replace_{noun}",
            f"Replace a {noun}: what is left out is erased",
            request=shape,
            responses={200: shape, **errors(400, 401, 403, 404, 422)},
            examples=[sent, got],
        ),
        partial_update=door(
            f"patch_{noun}",
            f"Change some fields of a {noun}",
            request={"application/json": PATCH},
            responses={200: shape, **errors(400, 401, 403, 404, 422)},
            examples=[
                OpenApiExample("Merged", {"name": "Another name"}, request_only=True),
                OpenApiExample(
                    "Operations", [{"op": "replace", "path": "/name", "value": "Another name"}], request_only=True
                ),
                got,
            ],
        ),
        destroy=door(f"delete_{noun}", f"Delete a {noun}", responses={204: None, **errors(401, 403, 404, 409)}),
        clone=door(
            f"clone_{noun}",
            f"Copy a {noun}",
            request=CloneShape,
            responses={201: shape, **errors(400, 401, 403, 404, 422)},
            examples=[OpenApiExample("Request", {"name": "A copy"}, request_only=True), got],
        ),
    )


def _matters(value: Any) -> bool:
    """Whether a field that is not supported asks for anything: an empty list or false asks for nothing."""
    if isinstance(value, dict):
        return any(_matters(part) for part in value.values())
    return bool(value)
