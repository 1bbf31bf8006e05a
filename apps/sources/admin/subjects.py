"""What jobs about collections and source connections are called, and from whom they are hidden."""

from apps.jobs.admin import subjects
from apps.jobs.admin.subjects import Subject
from apps.sources.admin.admission import hidden_collections, hidden_source_connections
from apps.sources.models import Collection, SourceConnection
from apps.sources.queries.activity import SYNC
from apps.sources.queries.vectors import EMBED

SOURCE_PAGE = "admin:sources_sourceconnection_change"
OF_SOURCE_CONNECTIONS = {
    SYNC: "Sync",
    "source_discovery": "Look at what there is",
    "source_config": "Change of what is read",
    "source_unfollow": "End of following",
    "record_purge": "Purge of records",
}

for kind, label in OF_SOURCE_CONNECTIONS.items():
    subjects.register(kind, Subject(label, SourceConnection, SOURCE_PAGE, hidden=hidden_source_connections))
COLLECTION_PAGE = "admin:sources_collection_change"
subjects.register(EMBED, Subject("Vectors", Collection, COLLECTION_PAGE, hidden=hidden_collections))
