"""The Sources API. Every path answers under both prefixes."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from apps.accounts.api.sources import LoginView, TokenRefreshView
from apps.dialects.sources import ids
from apps.sources.api.sources.catalogue import SourcesView, SourceView
from apps.sources.api.sources.changing import ConfigView, CredentialsView
from apps.sources.api.sources.collections import CollectionsView, CollectionView
from apps.sources.api.sources.connections import DataView, SourceConnectionsView, SourceConnectionView
from apps.sources.api.sources.discovery import DiscoverView
from apps.sources.api.sources.events import EventsView
from apps.sources.api.sources.members import MembersView, MemberView
from apps.sources.api.sources.records import RecordsView
from apps.sources.api.sources.search import CollectionSearchView, SearchView
from apps.sources.api.sources.syncs import CancelSyncView, RunView, SyncsView, SyncView
from apps.sources.api.sources.testing import TestView


class PrefixedConverter(StringConverter):
    """An id that says what it is of; views get the uid in it."""

    prefix = ""

    def to_python(self, value: str) -> str:
        return value.removeprefix(self.prefix)

    def to_url(self, value: str) -> str:
        return f"{self.prefix}{value}"


class SourceConnectionConverter(PrefixedConverter):
    prefix = ids.SOURCE_CONNECTION
    regex = f"{prefix}{ids.UID}"


class SyncConverter(PrefixedConverter):
    prefix = ids.SYNC
    regex = f"{prefix}{ids.UID}"


class MemberConverter(PrefixedConverter):
    prefix = ids.MEMBER
    regex = f"{prefix}{ids.UID}"


class CollectionConverter(StringConverter):
    """Its id, its UUID or its readable id; views get it as it came."""

    regex = f"(?:{ids.REFERENCE})"


register_converter(SourceConnectionConverter, "source_connection")
register_converter(SyncConverter, "sync")
register_converter(MemberConverter, "member")
register_converter(CollectionConverter, "collection")

endpoints = [
    path("sources", SourcesView.as_view()),
    path("sources/<slug:short_name>", SourceView.as_view()),
    path("source-connections", SourceConnectionsView.as_view()),
    path("source-connections/<source_connection:uid>", SourceConnectionView.as_view()),
    path("source-connections/<source_connection:uid>/test", TestView.as_view()),
    path("source-connections/<source_connection:uid>/run", RunView.as_view()),
    path("source-connections/<source_connection:uid>/credentials", CredentialsView.as_view()),
    path("source-connections/<source_connection:uid>/config", ConfigView.as_view()),
    path("source-connections/<source_connection:uid>/data", DataView.as_view()),
    path("source-connections/<source_connection:uid>/discover", DiscoverView.as_view()),
    path("source-connections/<source_connection:uid>/records", RecordsView.as_view()),
    path("source-connections/<source_connection:uid>/events", EventsView.as_view()),
    path("source-connections/<source_connection:uid>/syncs", SyncsView.as_view()),
    path("source-connections/<source_connection:uid>/syncs/<sync:sync>", SyncView.as_view()),
    path("source-connections/<source_connection:uid>/syncs/<sync:sync>/cancel", CancelSyncView.as_view()),
    path("collections", CollectionsView.as_view()),
    path("collections/<collection:reference>", CollectionView.as_view()),
    path("collections/<collection:reference>/members", MembersView.as_view()),
    path("collections/<collection:reference>/members/<member:member>", MemberView.as_view()),
    path("collections/<collection:reference>/search", CollectionSearchView.as_view()),
    path("search", SearchView.as_view()),
    path("auth/login", LoginView.as_view()),
    path("auth/refresh", TokenRefreshView.as_view()),
]
urlpatterns = [path("api/v1/", include(endpoints)), path("v1/", include(endpoints))]
