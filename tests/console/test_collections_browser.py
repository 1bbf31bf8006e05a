"""From a search to the source connection of what it found, which is then cleared, in a real browser."""

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from apps.accounts.models import User
from apps.sources.models import SourceConnection, Stream
from tests.apps.sources.shop import Shop, synced
from tests.console.browser import LONG, Visit
from tests.console.test_browser import sign_in

pytestmark = pytest.mark.browser


@pytest.fixture
def source(transactional_db: None, landed: Shop) -> SourceConnection:
    landed.add(7, note="The kettle leaks: <img src=x onerror=alert(1)>")
    landed.add(*range(100, 1_333))
    source = landed.connect(config={"titleColumn": "number"})
    synced(source)
    return source


def test_from_a_search_to_a_cleared_source_connection(
    live_server: LiveServer, operator: User, source: SourceConnection, visit: Visit
) -> None:
    page = visit.page
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/sources/collection/{source.collection_id}/change/")
    page.get_by_label("Search this collection").fill("leaking kettle")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/search/?q=*")
    expect(page.locator(".cd-results mark").first).to_have_text("kettle")
    expect(page.locator(".cd-results")).to_contain_text("<img src=x onerror=alert(1)>")
    page.locator(".cd-results").get_by_role("link", name="Shop", exact=True).click()
    page.wait_for_url(f"**/sourceconnection/{source.pk}/change/")

    page.get_by_role("button", name="Clear").first.click()
    expect(page.get_by_role("dialog")).to_contain_text("1,234 records of Shop go, for every search at once.")
    page.get_by_role("dialog").get_by_role("button", name="Leave it").click()
    assert Stream.objects.get().record_count == 1_234
    page.get_by_role("button", name="Clear").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Clear").click()
    expect(page.get_by_text("1,234 records went.")).to_be_visible(timeout=LONG)
    expect(page.locator("#streams")).to_contain_text("0 records")
    assert Stream.objects.get().record_count == 0
    assert visit.wrongs == []


def test_what_is_read_is_ticked_and_stored(
    live_server: LiveServer, worker: None, operator: User, source: SourceConnection, visit: Visit
) -> None:
    page = visit.page
    sign_in(visit, live_server, operator)
    visit.go(f"{live_server.url}/admin/sources/sourceconnection/{source.pk}/reads/")
    page.get_by_role("button", name="Look what there is").click()
    page.get_by_role("checkbox", name="orders").check(timeout=LONG)
    expect(page.get_by_label("Tables")).to_have_value("orders")
    page.get_by_role("button", name="Check and store").click()
    expect(page.locator("[data-said]")).to_have_text("Stored: the next sync reads this.", timeout=LONG)
    source.refresh_from_db()
    assert source.config == {"tables": ["orders"], "titleColumn": "number"}
    assert visit.wrongs == []
