"""What every endpoint of Databasin's dialect is made from."""

from apps.dialects.views import Endpoint


class DatabasinEndpoint(Endpoint):
    # a docstring here would be every endpoint's description in OpenAPI
    pass
