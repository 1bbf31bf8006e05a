"""Celigo's grammar: errors, paging, projection, patches, and how its resources are read and written."""
