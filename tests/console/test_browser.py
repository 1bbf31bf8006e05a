"""An operator's way through the console in a real browser, and what strangers' texts do there: nothing."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.connections.models import Connection
from apps.flows.models import Flow, Import
from apps.jobs.models import Job, State
from tests.api.world import World
from tests.conftest import PASSWORD
from tests.console.browser import LONG, Visit
from tests.console.conftest import Rows
from tests.console.pages import PAGES
from tests.console.test_xss import PAYLOADS, plant

pytestmark = pytest.mark.browser


def sign_in(visit: Visit, live_server: LiveServer, user: User) -> None:
    visit.go(f"{live_server.url}/admin/")
    visit.page.get_by_label("Email").fill(user.email)
    visit.page.get_by_label("Password").fill(PASSWORD)
    visit.page.get_by_role("button", name="Log in").click()
    visit.page.wait_for_url("**/admin/")


def test_from_sign_in_to_a_finished_run(
    live_server: LiveServer, worker: None, operator: User, shop: Connection, flow: Flow, visit: Visit
) -> None:
    page, url = visit.page, live_server.url
    sign_in(visit, live_server, operator)
    expect(page.get_by_text("Without a dispatcher nothing starts")).to_be_visible()

    visit.go(f"{url}/admin/connections/connection/{shop.pk}/change/")
    expect(page.locator("#standing .cd-state")).to_have_text("not tested")
    page.get_by_role("button", name="Test").click()
    expect(page.locator("[data-said]")).to_have_text("The system answers and accepts the credentials.", timeout=LONG)
    expect(page.locator("#standing .cd-state")).to_have_text("online", timeout=LONG)

    page.get_by_role("link", name="See what it holds").click()
    page.locator("summary", has_text="orders").click()
    expect(page.locator(".cd-tree tbody tr", has_text="total")).to_contain_text("numeric(10,2)", timeout=LONG)

    visit.go(f"{url}/admin/flows/flow/{flow.pk}/change/")
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url("**/jobs/job/*/change/")
    expect(page.locator("[data-show=label]")).to_have_text("Completed", timeout=LONG)
    figures = {name: page.locator(f"[data-show={name}]").inner_text() for name in ("read", "written", "failed")}
    assert figures == {"read": "3", "written": "2", "failed": "1"}
    expect(page.locator("[data-log]")).to_contain_text("rows lane")
    expect(page.locator("[data-refused]")).to_contain_text("out_of_range")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    assert visit.wrongs == []


def test_follows_a_job_only_while_it_lives(
    live_server: LiveServer, operator: User, flow: Flow, world: World, visit: Visit
) -> None:
    sign_in(visit, live_server, operator)
    asked: list[str] = []
    visit.page.on("request", lambda request: "/live/" in request.url and asked.append(request.url))
    visit.go(f"{live_server.url}/admin/jobs/job/{world.queued.pk}/change/")
    expect(visit.page.locator("[data-show=waits]")).to_contain_text("No dispatcher is running")
    visit.page.get_by_role("button", name="Cancel").click()
    expect(visit.page.locator("[data-show=label]")).to_have_text("Cancelled", timeout=LONG)
    expect(visit.page.locator("[data-log] li").last).to_contain_text("cancelled")
    count = len(asked)
    visit.page.wait_for_timeout(2500)
    assert len(asked) == count
    assert Job.objects.get(pk=world.queued.pk).state == State.CANCELLED
    assert visit.wrongs == []


def test_asks_before_it_does_what_cannot_be_undone(
    live_server: LiveServer, operator: User, flow: Flow, visit: Visit
) -> None:
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/flows/flow/{flow.pk}/change/")
    generations = flow.steps.values_list("generation", flat=True)
    visit.page.get_by_role("button", name="Restart from the beginning").first.click()
    visit.page.get_by_role("button", name="Leave it").click()
    assert set(generations.all()) == {0}
    visit.page.get_by_role("button", name="Restart from the beginning").first.click()
    visit.page.get_by_role("dialog").get_by_role("button", name="Restart from the beginning").click()
    expect(visit.page.get_by_text("Forgotten how far it got")).to_be_visible()
    assert set(generations.all()) == {1}
    assert visit.wrongs == []


def test_edits_a_mapping_as_a_table(live_server: LiveServer, operator: User, flow: Flow, visit: Visit) -> None:
    import_ = Import.objects.get(name="Copy")
    Import.objects.filter(pk=import_.pk).update(mapping=[{"generate": "id", "extract": "$.id", "status": "Active"}])
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/flows/import/{import_.pk}/change/")
    visit.page.get_by_role("button", name="Add a rule").click()
    line = visit.page.locator(".cd-mapping tbody tr").nth(1)
    line.get_by_label("Goes to").fill("total")
    line.get_by_label("Comes from").fill("$.total")
    visit.page.get_by_role("button", name="Save", exact=True).click()
    visit.page.wait_for_url("**/flows/import/")
    import_.refresh_from_db()
    assert import_.mapping == [
        {"generate": "id", "extract": "$.id", "status": "Active"},
        {"generate": "total", "extract": "$.total"},
    ]
    assert visit.wrongs == []


@pytest.mark.slow
def test_strangers_texts_do_nothing(
    live_server: LiveServer, operator: User, rows: Rows, world: World, visit: Visit
) -> None:
    sign_in(visit, live_server, operator)
    plant(rows, world, PAYLOADS[0] + PAYLOADS[1])
    for page in PAGES:
        if page.name != "live":
            visit.go(f"{live_server.url}{page.url(rows[page.model])}")
    visit.go(f"{live_server.url}/admin/")
    assert visit.wrongs == []


def test_says_that_one_is_signed_out(live_server: LiveServer, operator: User, world: World, visit: Visit) -> None:
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/jobs/job/{world.queued.pk}/change/")
    visit.page.context.clear_cookies()
    expect(visit.page.locator("[data-said]")).to_contain_text("You are signed out", timeout=LONG)
