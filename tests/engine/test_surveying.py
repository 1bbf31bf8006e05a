"""A folder is walked; what a database tells by itself is tried in tests/engine/drivers."""

import shutil

import pytest

from engine import surveying
from engine.drivers.sql.sqlite.driver import SqliteDriver
from engine.errors import ConfigError
from engine.looking import Named, Surveyed
from engine.schema import Table
from engine.surveying import surveyed
from engine.toolkit.surroundings import Surroundings
from tests.engine.drivers.conformance import failure
from tests.engine.drivers.folders import Folder


@pytest.fixture
def folder(tmp_path) -> Folder:
    folder = Folder(tmp_path)
    for name in ("b.csv", "a.csv", "reports/2024/c.csv"):
        folder.put(name, "id\n1\n")
    return folder


def test_a_driver_that_surveys_is_left_alone(tmp_path):
    driver = SqliteDriver({"path": "x.db"}, {}, Surroundings(folders=(tmp_path,)))
    assert surveyed(driver) is driver


def test_a_walk_tells_what_is_listed_and_looks_into_nothing(folder):
    survey = surveyed(folder.driver())
    assert survey.survey_catalogs() == [Named("")]
    assert survey.survey_schemas() == [Named(""), Named("reports"), Named("reports/2024")]
    assert list(survey.survey()) == [
        Surveyed(Table("a.csv"), "table", ()),
        Surveyed(Table("b.csv"), "table", ()),
        Surveyed(Table("c.csv", "reports/2024"), "table", ()),
    ]


def test_a_walk_tells_only_what_bears_the_names(folder):
    survey = surveyed(folder.driver())
    assert [one.table.name for one in survey.survey(schema="reports/2024")] == ["c.csv"]
    assert [one.table.name for one in survey.survey(table="b.csv")] == ["b.csv"]


@pytest.mark.parametrize(
    ("names", "code"),
    [(("nowhere",), "unknown_catalog"), (("", "nowhere"), "unknown_folder"), (("", "", "nowhere"), "unknown_table")],
)
def test_a_walk_refuses_names_that_nothing_bears(folder, names, code):
    failure(lambda: list(surveyed(folder.driver()).survey(*names)), ConfigError, code)


@pytest.mark.parametrize("limit", ["MOST_TABLES", "MOST_SCHEMAS"])
def test_a_walk_ends_where_there_is_too_much(folder, monkeypatch, limit):
    monkeypatch.setattr(surveying, limit, 2)
    failure(lambda: list(surveyed(folder.driver()).survey()), ConfigError, "too_many_tables")


def test_a_walk_passes_a_folder_that_is_gone_by_now(folder):
    told = surveyed(folder.driver()).survey()
    assert next(told).table.name == "a.csv"
    shutil.rmtree(folder.path / "reports")
    assert [one.table.name for one in told] == ["b.csv"]
