"""What no form of ours sends is refused, never a fault."""

from tests.conftest import Cast
from tests.console.conftest import Rows, SignIn

FILTERS = (
    *("q=%00", "q=%ED%A0%80", "p=-1", "p=x", "p=99999999999999999999", "o=abc", "o=9.9", "_popup=1"),
    *("about=flow-%00", "about=flow-99999999999999999999999", "about=flow-²", "kind=x", "job=%00", "job=x", "code=%00"),
    *("standing=x", "organization=x", "organization=9999999999999999999999", "state__exact=%00", "state__exact=x"),
)
LISTS = ("jobs/job", "jobs/recorderror", "connections/connection", "flows/flow")
PAGES = ("jobs/job/x/change", "jobs/job/99999999999999999999/live", "jobs/job/%00/change", "flows/flow/1_00/change")
TEXTS = ("\0", "x" * 5_000, "99999999999999999999", "-1", "[]", "{")
FIELDS = ("name", "table", "columns", "key", "filter", "page_size", "limit", "overlap", "type", "connection")


def test_no_address_is_a_fault(cast: Cast, rows: Rows, desk: SignIn) -> None:
    client = desk(cast.owner)
    addresses = [f"/admin/{model}/?{given}" for model in LISTS for given in FILTERS]
    addresses += [f"/admin/{page}/" for page in PAGES]
    addresses += ["/admin/connections/connection/add/?connector=x", "/admin/autocomplete/?app_label=x"]
    addresses += ["/admin/flows/export/add/?connection=x", "/admin/accounts/membership/add/?organization=x"]
    found = {address: client.get(address).status_code for address in addresses}
    assert {address: status for address, status in found.items() if status not in {200, 302, 400, 403, 404}} == {}


def test_no_value_of_a_field_is_a_fault(cast: Cast, rows: Rows, desk: SignIn) -> None:
    client = desk(cast.owner)
    good = {"organization": cast.acme.pk, "name": "n", "connection": rows["connections.connection"].pk}
    good |= {"type": "test", "page_size": "10", "table": "t"}
    for field in FIELDS:
        for text in TEXTS:
            response = client.post("/admin/flows/export/add/", {**good, field: text})
            assert response.status_code in {200, 302}, (field, text)


def test_an_interval_that_no_column_holds_is_refused(cast: Cast, rows: Rows, desk: SignIn) -> None:
    values = {"organization": cast.acme.pk, "name": "n", "rhythm": "every", "timezone": "UTC", "interval_1": "86400"}
    values |= {"generators": rows["flows.export"].pk, "processors": rows["flows.import"].pk, "interval_0": "9" * 12}
    response = desk(cast.owner).post("/admin/flows/flow/add/", values)
    assert set(response.context["adminform"].form.errors) == {"interval"}
