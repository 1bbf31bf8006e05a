"""The doors that Celigo's connections, exports, imports and flows have in common."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.dialects.celigo.paging import paged
from apps.dialects.celigo.patching import patched
from apps.dialects.celigo.shapes import CloneShape, Shape
from apps.dialects.lists import Listing, Values
from apps.dialects.parsing import object_of
from apps.dialects.views import Endpoints
from apps.errors import Invalid, NotFound


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
