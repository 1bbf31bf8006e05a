import pytest

from apps.dialects.paths import Dialect, dialect_of


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/api/health", Dialect.DATABITE),
        ("/api/connections/7", Dialect.DATABITE),
        ("/api/connector/7", Dialect.DATABASIN),
        ("/api/v2/connector/tables/7", Dialect.DATABASIN),
        ("/config/connectors/v2/types/x.json", Dialect.DATABASIN),
        ("/api/v1/connections", Dialect.SOURCES),
        ("/v1/source-connections", Dialect.SOURCES),
        ("/v1/records", Dialect.DBSYNC),
        ("/v1/connections", Dialect.CELIGO),
        ("/v1/e1234567", Dialect.CELIGO),
        ("/v1", Dialect.CELIGO),
        ("/v1/", Dialect.CELIGO),
        ("/api", Dialect.PLATFORM),
        ("/api/token/refresh", Dialect.PLATFORM),
        ("/api/anything", Dialect.PLATFORM),
        ("//API//./Health/", Dialect.DATABITE),
        ("/", None),
        ("", None),
        ("/admin/api/health", None),
        ("/apis/health", None),
        ("/v10/flows", None),
        ("/readyz", None),
    ],
)
def test_the_first_word_decides(path: str, dialect: Dialect | None) -> None:
    assert dialect_of(path) == dialect
