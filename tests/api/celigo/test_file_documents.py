"""Exports and imports over file stores: what Celigo says of files, kept in our drivers' words."""

from typing import Any

import pytest

from apps.flows.models import Export, Import
from tests.api.celigo.conftest import Celigo, problems
from tests.api.celigo.test_file_connections import FILESYSTEM, FTPS, S3, SFTP

STORES = {"filesystem": FILESYSTEM, "ftp": SFTP, "s3": S3}
ADAPTORS = {"filesystem": "FileSystem", "ftp": "FTP", "s3": "S3"}
KEEP = {"skipDelete": True}
CSV = {**KEEP, "type": "csv"}


@pytest.fixture
def export(celigo: Celigo) -> Any:
    """`export(type, **blocks)`: a body over a connection of that type."""
    return lambda type_, **blocks: body(celigo, "Export", type_, **{type_: {}, "file": KEEP, **blocks})


@pytest.fixture
def import_(celigo: Celigo) -> Any:
    return lambda type_, **blocks: body(celigo, "Import", type_, **{type_: {}, "file": {}, **blocks})


def body(celigo: Celigo, side: str, type_: str, **blocks: Any) -> dict[str, Any]:
    uid = celigo.post("/v1/connections", {"name": "Store", **STORES[type_]})["_id"]
    named = {"name": "Files", "_connectionId": uid, "adaptorType": f"{ADAPTORS[type_]}{side}", **blocks}
    return {name: value for name, value in named.items() if value is not None}


@pytest.mark.parametrize(
    ("type_", "blocks", "source"),
    [
        (
            "ftp",
            {"ftp": {"directoryPath": "/in/orders", "fileNameStartsWith": "or[d", "fileNameEndsWith": ".csv"}},
            {"schema": "in/orders", "table": "or[[]d*.csv"},
        ),
        ("ftp", {"ftp": {"directoryPath": "in/"}, "file": CSV}, {"schema": "in", "table": "*"}),
        ("filesystem", {"file": {**KEEP, "fileName": "**/*.csv"}}, {"schema": "**", "table": "*.csv"}),
        (
            "filesystem",
            {"filesystem": {"directoryPath": "a"}, "file": {**KEEP, "fileName": "o.csv"}},
            {"schema": "a", "table": "o.csv"},
        ),
        ("s3", {"s3": {"keyStartsWith": "in/", "keyEndsWith": ".csv"}}, {"schema": "in/**", "table": "*.csv"}),
        ("s3", {"s3": {"keyStartsWith": "in/or"}, "file": CSV}, {"schema": "in", "table": "or*"}),
        (
            "s3",
            {"s3": {"bucket": "lake", "region": "eu-central-1", "keyEndsWith": ".json"}},
            {"schema": "**", "table": "*.json"},
        ),
    ],
    ids=str,
)
def test_an_export_says_where_its_files_are(
    type_: str, blocks: dict[str, Any], source: dict[str, Any], celigo: Celigo, export: Any
) -> None:
    sent = export(type_, **blocks)
    made = celigo.post("/v1/exports", sent)
    stored = Export.objects.get(uid=made["_id"]).source
    assert {name: part for name, part in stored.items() if name != "format"} == source
    assert {name: made[name] for name in sent} == sent
    assert celigo.put(f"/v1/exports/{made['_id']}", made) | {"lastModified": ""} == made | {"lastModified": ""}


@pytest.mark.parametrize(
    ("file", "format_"),
    [
        ({"type": "csv"}, {"type": "csv"}),
        (
            {
                "type": "csv",
                "encoding": "latin-1",
                "compressionFormat": "gzip",
                "output": "records",
                "batchSize": 5,
                "csv": {"columnDelimiter": "\t", "rowDelimiter": "\r\n", "hasHeaderRow": False, "rowsToSkip": 2},
            },
            {
                "type": "csv",
                "encoding": "latin-1",
                "compression": "gzip",
                "delimiter": "\t",
                "newline": "\r\n",
                "header": False,
                "skip_rows": 2,
            },
        ),
        (
            {"csv": {"quote": "'", "escape": "\\", "null": "\\N", "columnNames": ["a", "b"], "types": "infer"}},
            {"quote": "'", "escape": "\\", "null": "\\N", "columns": ["a", "b"], "types": "infer"},
        ),
        (
            {"type": "xlsx", "xlsx": {"hasHeaderRow": False, "sheet": "S"}},
            {"type": "xlsx", "header": False, "sheet": "S"},
        ),
        ({"type": "jsonl", "json": {"unknownFields": "ignore"}}, {"type": "jsonl", "fields": "ignore"}),
        ({"type": "parquet", "provenance": True}, {"type": "parquet", "provenance": True}),
    ],
    ids=str,
)
def test_an_export_says_what_its_files_are(
    file: dict[str, Any], format_: dict[str, Any], celigo: Celigo, export: Any
) -> None:
    sent = export("filesystem", file={**KEEP, "fileName": "orders.csv", **file})
    made = celigo.post("/v1/exports", sent)
    assert Export.objects.get(uid=made["_id"]).source == {"table": "orders.csv", "format": format_}
    assert made["file"] == sent["file"]


def test_an_export_shows_what_is_stored_once_that_is_changed_elsewhere(celigo: Celigo, export: Any) -> None:
    made = celigo.post("/v1/exports", export("s3", s3={"keyStartsWith": "in/"}, file=CSV))
    source = {"schema": "a", "table": "b.csv", "format": {"type": "csv", "header": False, "skip_rows": 1}}
    Export.objects.filter(uid=made["_id"]).update(source=source, columns=["id"])
    shown = celigo.get(f"/v1/exports/{made['_id']}")
    said = {"type": "csv", "csv": {"hasHeaderRow": False, "rowsToSkip": 1}, "columns": ["id"]}
    assert (shown["s3"], shown["file"]) == ({}, {"fileName": "a/b.csv", **KEEP, **said})
    celigo.put(f"/v1/exports/{made['_id']}", shown)
    row = Export.objects.get(uid=made["_id"])
    assert (row.source, row.columns) == (source, ["id"])


def test_a_delta_goes_by_when_files_were_written(celigo: Celigo, export: Any) -> None:
    file = {**KEEP, "fileName": "*.csv", "columns": ["id"]}
    sent = export("ftp", type="delta", delta={"lagOffset": 1000}, file=file)
    made = celigo.post("/v1/exports", sent)
    row = Export.objects.get(uid=made["_id"])
    assert row.cursor == {"column": "_modified", "overlap": 1.0}
    assert (row.source, row.columns) == ({"table": "*.csv", "format": {"provenance": True}}, ["id", "_modified"])
    assert made["delta"] == {"dateField": "_modified", "lagOffset": 1000}
    assert made["file"] == sent["file"]
    assert "provenance" not in celigo.put(f"/v1/exports/{made['_id']}", made)["file"]


def test_takes_what_celigo_shows_of_options_that_nobody_set(celigo: Celigo, export: Any) -> None:
    unset = {
        "type": None,
        "compressionFormat": None,
        "backupPath": "",
        "sortByFields": [],
        "csv": {"trimSpaces": False},
    }
    celigo.post("/v1/exports", export("ftp", file={**KEEP, "fileName": "o.csv", **unset}, rdbms={}))


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ({"file": None}, [("missing_required_field", "file")]),
        ({"ftp": None}, [("missing_required_field", "ftp")]),
        ({"file": []}, [("invalid_field", "file")]),
        ({"ftp": "in"}, [("invalid_field", "ftp")]),
        ({"file": {**KEEP, "csv": 7}}, [("invalid_field", "file.csv")]),
        ({"file": {}}, [("missing_required_field", "file.skipDelete")]),
        ({"file": {"skipDelete": False}}, [("invalid_field", "file.skipDelete")]),
        ({"rdbms": {"table": "orders"}}, [("invalid_field", "rdbms")]),
        ({"s3": {"bucket": "b"}}, [("invalid_field", "s3")]),
        ({"file": {**KEEP, "type": "xml"}}, [("invalid_field", "file.type")]),
        ({"file": {**KEEP, "output": "metadata"}}, [("invalid_field", "file.output")]),
        ({"file": {**KEEP, "compressionFormat": "lzma"}}, [("invalid_field", "file.compressionFormat")]),
        ({"file": {**KEEP, "csv": {"trimSpaces": True}}}, [("invalid_field", "file.csv.trimSpaces")]),
        ({"file": {**KEEP, "csv": {"keyColumns": ["id"]}}}, [("invalid_field", "file.csv.keyColumns")]),
        ({"file": {**KEEP, "csv": {"rowDelimiter": ";"}}}, [("invalid_field", "file.csv.rowDelimiter")]),
        ({"file": {**KEEP, "json": {"resourcePath": "a.b"}}}, [("invalid_field", "file.json.resourcePath")]),
        ({"file": {**KEEP, "sortByFields": [{"field": "a"}]}}, [("invalid_field", "file.sortByFields")]),
        ({"file": {**KEEP, "backupPath": "done"}}, [("invalid_field", "file.backupPath")]),
        ({"file": {**KEEP, "fileName": "../x.csv"}}, [("path_not_allowed", "file.fileName")]),
        ({"ftp": {"directoryPath": "a/../.."}}, [("path_not_allowed", "file.fileName")]),
        ({"file": {**KEEP, "fileName": "x"}}, [("invalid_format", "file")]),
        ({"file": {**KEEP, "fileName": "x.csv", "encoding": "klingon"}}, [("invalid_format", "file")]),
        ({"file": {**KEEP, "fileName": "x.csv", "csv": {"columnDelimiter": ";;"}}}, [("invalid_format", "file")]),
        (
            {"file": {**KEEP, "fileName": "x.csv"}, "type": "delta", "delta": {"dateField": "updated_at"}},
            [("invalid_field", "delta.dateField")],
        ),
        ({"adaptorType": "S3Export", "ftp": None, "s3": {}}, [("invalid_field", "adaptorType")]),
        ({"adaptorType": "HTTPExport"}, [("invalid_field", "adaptorType")]),
    ],
    ids=str,
)
def test_refuses_an_export(
    blocks: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo, export: Any
) -> None:
    sent = export("ftp", **blocks)
    assert problems(celigo.post("/v1/exports", sent, 422)) == expected
    assert not Export.objects.filter(name="Files").exists()


@pytest.mark.parametrize("place", [{"bucket": "other"}, {"region": "us-east-1"}], ids=str)
def test_refuses_another_bucket_than_the_connections(place: dict[str, str], celigo: Celigo, export: Any) -> None:
    answer = celigo.post("/v1/exports", export("s3", s3=place, file=CSV), 422)
    assert problems(answer) == [("invalid_field", f"s3.{next(iter(place))}")]


@pytest.mark.parametrize(
    ("type_", "blocks", "stored"),
    [
        (
            "ftp",
            {"ftp": {"directoryPath": "/out", "fileName": "orders-{date}.csv"}},
            {"target": {"schema": "out", "table": "orders-{date}.csv"}, "mode": "replace", "allow_empty": False},
        ),
        (
            "filesystem",
            {"file": {"fileName": "o.csv", "type": "csv", "csv": {"includeHeader": False, "columnDelimiter": ";"}}},
            {"target": {"table": "o.csv", "format": {"type": "csv", "delimiter": ";", "header": False}}},
        ),
        (
            "s3",
            {"s3": {"fileKey": "out/o.parquet", "bucket": "lake", "mode": "append", "allowEmpty": True}},
            {"target": {"schema": "out", "table": "o.parquet"}, "mode": "append", "allow_empty": True},
        ),
        (
            "filesystem",
            {"file": {"fileName": "o.xlsx", "xlsx": {"hasHeaderRow": True}, "skipAggregation": False}},
            {"target": {"table": "o.xlsx"}, "key": []},
        ),
    ],
    ids=str,
)
def test_an_import_says_which_file_it_writes(
    type_: str, blocks: dict[str, Any], stored: dict[str, Any], celigo: Celigo, import_: Any
) -> None:
    sent = import_(type_, **blocks)
    made = celigo.post("/v1/imports", sent)
    row = Import.objects.get(uid=made["_id"])
    assert {name: getattr(row, name) for name in stored} == stored
    sent["file"].pop("skipAggregation", None)
    assert {name: made[name] for name in sent} == sent
    assert celigo.put(f"/v1/imports/{made['_id']}", made) | {"lastModified": ""} == made | {"lastModified": ""}


def test_an_import_shows_what_is_stored_once_that_is_changed_elsewhere(celigo: Celigo, import_: Any) -> None:
    made = celigo.post("/v1/imports", import_("ftp", ftp={"fileName": "o.csv"}))
    Import.objects.filter(uid=made["_id"]).update(mode="append", allow_empty=True)
    shown = celigo.get(f"/v1/imports/{made['_id']}")
    assert (shown["ftp"], shown["file"]) == ({"mode": "append", "allowEmpty": True}, {"fileName": "o.csv"})


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ({}, [("missing_required_field", "file.fileName")]),
        ({"ftp": {"fileName": "o.csv", "mode": "upsert"}}, [("invalid_field", "ftp.mode")]),
        ({"ftp": {"fileName": "*.csv"}}, [("invalid_field", "file.fileName")]),
        ({"ftp": {"fileName": "{{timestamp}}.csv"}}, [("invalid_field", "ftp.fileName")]),
        ({"file": {"fileName": "{{job}}.csv"}}, [("invalid_field", "file.fileName")]),
        ({"file": {"fileName": "o.csv", "skipAggregation": True}}, [("invalid_field", "file.skipAggregation")]),
        (
            {"file": {"fileName": "o.csv", "csv": {"wrapWithQuotes": True}}},
            [("invalid_field", "file.csv.wrapWithQuotes")],
        ),
        ({"file": {"fileName": "o.zip", "type": "csv"}}, [("invalid_format", "file")]),
        ({"file": {"fileName": "o"}}, [("invalid_format", "file")]),
        ({"rdbms": {"table": "orders"}}, [("invalid_field", "rdbms")]),
    ],
    ids=str,
)
def test_refuses_an_import(
    blocks: dict[str, Any], expected: list[tuple[str, str]], celigo: Celigo, import_: Any
) -> None:
    assert problems(celigo.post("/v1/imports", import_("ftp", **blocks), 422)) == expected
    assert not Import.objects.filter(name="Files").exists()


def test_a_clone_may_go_to_another_store(celigo: Celigo, export: Any) -> None:
    made = celigo.post("/v1/exports", export("ftp", file={**KEEP, "fileName": "in/*.csv"}))
    other = celigo.post("/v1/connections", {"name": "FTPS", **FTPS})["_id"]
    copy = celigo.post(f"/v1/exports/{made['_id']}/clone", {"connectionMap": {made["_connectionId"]: other}})
    assert (copy["_connectionId"], copy["file"], copy["ftp"]) == (other, made["file"], {})


def test_patch_changes_a_part_of_a_block(celigo: Celigo, export: Any) -> None:
    made = celigo.post("/v1/exports", export("ftp", file={**KEEP, "fileName": "o.csv", "csv": {"rowsToSkip": 1}}))
    path = f"/v1/exports/{made['_id']}"
    patched = celigo.patch(path, {"file": {"csv": {"hasHeaderRow": False}}, "ftp": {"directoryPath": "in"}})
    assert patched["file"]["csv"] == {"rowsToSkip": 1, "hasHeaderRow": False}
    assert Export.objects.get(uid=made["_id"]).source["schema"] == "in"
