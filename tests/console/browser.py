"""Chromium at the console, with an ear for everything that a page must not do."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
"""

LONG = 30_000
"""Milliseconds to wait for what a busy machine does late; nothing depends on it when all goes well."""

SETTLED = 100
"""Milliseconds in which a page's scripts do whatever they do at first; some pages then ask the server for ever."""


@dataclass
class Visit:
    """A page and what went wrong in it: dialogs, errors of scripts, answers that failed, breaches of the policy."""

    page: Page
    wrongs: list[str] = field(default_factory=list)

    def listen(self) -> None:
        self.page.add_init_script(WATCH_POLICY)
        self.page.on("dialog", lambda dialog: (self.wrongs.append(f"dialog {dialog.message}"), dialog.dismiss()))
        self.page.on("pageerror", lambda error: self.wrongs.append(f"{self.page.url} {error}"))
        self.page.on("response", lambda answer: answer.status >= 400 and self.wrongs.append(str(answer)))

    def go(self, url: str) -> None:
        self.page.goto(url, wait_until="load")
        self.page.wait_for_timeout(SETTLED)
        self.wrongs += [f"{url} {directive}" for directive in self.page.evaluate("window.violations")]


def executable() -> str:
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
    if not path:
        if os.environ.get("CI"):
            pytest.fail("no Chromium: set CHROMIUM to its path")
        pytest.skip("no Chromium: set CHROMIUM to its path")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    path = executable()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=OPTIONS)
        yield browser
        browser.close()
