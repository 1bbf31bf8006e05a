"""Databasin's nine categories of connectors, of which we serve three."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Category:
    """`file`: its word in the name of its file of types."""

    id: int
    name: str
    file: str


RDBMS = Category(1, "RDBMS", "RDBMS")
BIG_DATA = Category(2, "Big Data & NoSQL", "BigDataNoSQL")
FILE_API = Category(3, "File & API", "FileAPI")
CATEGORIES = (
    RDBMS,
    BIG_DATA,
    FILE_API,
    Category(4, "Marketing", "Marketing"),
    Category(5, "CRM & ERP", "CRMERP"),
    Category(6, "E-Commerce", "ECommerce"),
    Category(7, "Accounting", "Accounting"),
    Category(8, "Collaboration", "Collaboration"),
    Category(9, "AI & LLM", "AILLM"),
)
DATABASES = frozenset({RDBMS, BIG_DATA})
"""Clients do not agree which database is of which of the two, so either is taken for both."""
