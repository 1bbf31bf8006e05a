"""What every endpoint of Databasin's dialect is made from."""

from apps.dialects.parsing import JsonParser
from apps.dialects.views import Endpoint

UNNAMED = "application/x-www-form-urlencoded"
"""What curl calls a body of which nobody said what it is; the seed's own calls say nothing."""


class UnnamedJsonParser(JsonParser):
    @classmethod
    def takes(cls, content_type: str) -> bool:
        return content_type.partition(";")[0].strip().lower() == UNNAMED or super().takes(content_type)


class DatabasinEndpoint(Endpoint):
    # a docstring here would be every endpoint's description in OpenAPI
    parser_classes = (UnnamedJsonParser,)
