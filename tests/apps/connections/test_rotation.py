"""Sealing anew under another key, while everything runs and whoever does it may be killed."""

import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from urllib.parse import quote, urlencode

import pytest
from django.core.management import CommandError, call_command
from django.db import connection as database
from django.db import transaction

from apps.accounts.models import Organization
from apps.connections import services as connections
from apps.connections.models import Connection
from apps.connections.services import rotation, sealing
from apps.connectors.models import Connector
from apps.jobs.models import Job
from tests.apps.connections.conftest import AT, NEW_KEY, OLD_KEY, VALUES
from tests.apps.connections.test_create import revealed


@pytest.fixture
def store(organization: Organization, sample: Connector, surroundings):
    """`store(count)`: so many connections under the old key, each with a secret of its own; then the keys change."""

    def store(count: int) -> None:
        rows = [Connection(organization=organization, connector=sample, name=str(number)) for number in range(count)]
        for row in rows:
            row.sealed = sealing.seal({"password": f"secret of {row.uid}"}, sealing.place_of_connection(row.uid))
        Connection.objects.bulk_create(rows)
        surroundings.SEALING_KEYS = [NEW_KEY, OLD_KEY]

    return store


def assert_readable(*, only_under: str = "") -> None:
    for row in Connection.objects.all():
        assert revealed(row) == {"password": f"secret of {row.uid}"}
        assert row.sealed.startswith(f"v1.{only_under}")


def rotate_keys(*arguments: str) -> str:
    output = StringIO()
    call_command("rotate_keys", *arguments, stdout=output)
    return output.getvalue()


def test_a_dry_run_counts_and_changes_nothing(db, store):
    store(3)
    Connection.objects.create(
        organization_id=Organization.objects.get().id, connector=Connector.objects.last(), name="bare"
    )
    before = list(Connection.objects.order_by("id").values())
    assert rotate_keys("--dry-run") == "3 under key old\n"
    assert list(Connection.objects.order_by("id").values()) == before


def test_says_when_there_is_nothing_to_do(db, surroundings):
    assert rotate_keys() == "Nothing is sealed.\n"


def test_ends_with_nothing_under_the_old_key(db, store, monkeypatch, settings):
    monkeypatch.setattr(rotation, "BATCH", 10)
    store(25)
    assert rotate_keys() == "10 sealed anew\n20 sealed anew\n25 sealed anew\n25 under key new\n"
    settings.SEALING_KEYS = [NEW_KEY]
    assert_readable(only_under="new")
    assert rotate_keys() == "25 under key new\n"


def test_leaves_everything_else_of_a_row(db, store):
    store(1)
    before = Connection.objects.values().get()
    rotate_keys()
    assert Connection.objects.values().get() == before | {"sealed": Connection.objects.get().sealed}


def test_values_that_wait_in_a_job_are_sealed_anew(db, organization, sample, surroundings):
    job = connections.start_unsaved_test(
        organization_id=organization.id, project_id=None, connector=sample, values=VALUES, at=AT
    )
    surroundings.SEALING_KEYS = [NEW_KEY, OLD_KEY]
    assert rotate_keys() == "1 sealed anew\n1 under key new\n"
    surroundings.SEALING_KEYS = [NEW_KEY]
    blob = Job.objects.get(id=job.id).sealed_params
    assert sealing.unseal(blob, sealing.place_of_job(job.uid))["secrets"]["token"] == VALUES["token"]


def test_what_cannot_be_opened_stays_as_it_is_and_is_told(db, store, caplog):
    store(3)
    first, second, _ = Connection.objects.order_by("id")
    Connection.objects.filter(id=second.id).update(sealed=first.sealed)
    with pytest.raises(CommandError) as failure:
        rotate_keys()
    assert str(failure.value) == "1 could not be opened; the log says which, and why. They stay as they are."
    assert second.uid in caplog.text
    assert Connection.objects.get(id=second.id).sealed == first.sealed
    assert rotation.count_by_key() == {"new": 2, "old": 1}


def test_what_somebody_changes_meanwhile_is_not_overwritten(db, store, settings, monkeypatch):
    store(2)
    first, second = Connection.objects.order_by("id")
    reseal = sealing.reseal

    def change_behind_its_back(blob: str, place: sealing.Place) -> str:
        settings.SEALING_KEYS = [OLD_KEY, NEW_KEY]  # a process that was not restarted yet
        changed = sealing.seal({"password": "changed"}, sealing.place_of_connection(first.uid))
        Connection.objects.filter(id=first.id).update(sealed=changed)
        settings.SEALING_KEYS = [NEW_KEY, OLD_KEY]
        return reseal(blob, place)

    monkeypatch.setattr(sealing, "reseal", change_behind_its_back)
    with pytest.raises(CommandError, match="Run this again"):
        rotate_keys()
    assert revealed(Connection.objects.get(id=first.id)) == {"password": "changed"}
    assert rotation.count_by_key() == {"new": 1, "old": 1}
    monkeypatch.setattr(sealing, "reseal", reseal)
    rotate_keys()
    assert rotation.count_by_key() == {"new": 2}
    assert revealed(Connection.objects.get(id=second.id)) == {"password": f"secret of {second.uid}"}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_do_the_work_once(store, monkeypatch):
    monkeypatch.setattr(rotation, "BATCH", 10)
    store(100)

    def rotate(_: int) -> int:
        try:
            return [progress.resealed for progress in rotation.rotate()][-1:][0]
        finally:
            database.close()

    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(rotate, range(2)))
    assert sum(done) == 100
    assert_readable(only_under="new")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("batches", [1, 4])
def test_killed_in_the_middle_it_goes_on_where_it_was(store, batches):
    store(3_000)
    with transaction.atomic():  # the rotation comes as far as the row that is locked here
        Connection.objects.select_for_update().get(id=Connection.objects.order_by("id")[batches * 500].id)
        process = subprocess.Popen(
            [sys.executable, "-m", "django", "rotate_keys", "--skip-checks"],
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        with process:
            lines = [process.stdout.readline() for _ in range(batches)]
            process.send_signal(signal.SIGKILL)
        assert lines[-1] == f"{batches * 500} sealed anew\n"
        assert rotation.count_by_key() == {"new": batches * 500, "old": 3_000 - batches * 500}
        assert_readable()

    assert rotate_keys().splitlines()[-1] == "3000 under key new"
    assert_readable(only_under="new")


def environment() -> dict[str, str]:
    """For a process that works in the test's own database."""
    own = database.settings_dict
    server = f"{quote(own['USER'])}:{quote(own['PASSWORD'])}@"
    is_local = own["HOST"].startswith("/")
    where = "" if is_local else f"{own['HOST']}:{own['PORT']}"
    query = urlencode({"options": "-c lock_timeout=0"} | ({"host": own["HOST"]} if is_local else {}), quote_via=quote)
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": f"postgresql://{server}{where}/{own['NAME']}?{query}",
        "SEALING_KEYS": f"{NEW_KEY},{OLD_KEY}",
        "PYTHONUNBUFFERED": "1",
    }
