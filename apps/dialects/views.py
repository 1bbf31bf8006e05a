"""What every endpoint is made from."""

from typing import ClassVar

from rest_framework.request import Request
from rest_framework.views import APIView
from rest_framework.viewsets import ViewSet

from apps.dialects.caller import Caller

METHODS = ["get", "head", "post", "put", "patch", "delete"]


class Endpoint(APIView):
    # a docstring here would be every endpoint's description in OpenAPI
    http_method_names = METHODS
    scope: ClassVar[str] = ""  # what its methods need, where that is not read or write
    minds_collections: ClassVar[bool] = False  # whether it keeps a key to the collections that it is confined to


class Endpoints(ViewSet):
    # several paths of one resource, tied together in config/urls
    http_method_names = METHODS
    scope: ClassVar[str] = ""
    minds_collections: ClassVar[bool] = False


def caller_of(request: Request) -> Caller:
    """Who calls. The default permission has let nobody in whom the authenticator did not name."""
    caller = request.auth
    assert isinstance(caller, Caller)
    return caller
