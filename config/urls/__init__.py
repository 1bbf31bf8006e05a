"""Every path there is. The dialects have a file each; the first word after /api or /v1 says whose a path is."""

from django.contrib import admin
from django.urls import include, path, register_converter
from django.urls.converters import StringConverter
from django.views.generic import RedirectView


class UidConverter(StringConverter):
    """Anything but a uid in its place makes another path, and so a 404."""

    regex = "[0-9a-f]{24}"


register_converter(UidConverter, "uid")

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("", include("config.urls.platform")),
    path("", include("config.urls.databite")),
    path("", include("config.urls.databasin")),
    path("", include("config.urls.sources")),
    path("", include("config.urls.celigo")),
]
