"""The operator's desk for collections and the source connections that fill them."""

from apps.sources.admin import collections, source_connections, subjects

__all__ = ["collections", "source_connections", "subjects"]
