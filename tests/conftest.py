"""What tests share: Chromium, no deadlines, and a report of what was measured."""

import os
import shutil

import pytest
from hypothesis import settings
from playwright.sync_api import sync_playwright

# No test asserts a time; CI tries the same examples each time, a person's machine new ones.
settings.register_profile("book", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("book")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured beside passing, such as the agreement by feature."""
    reports = [report for outcome in ("passed", "failed")
               for report in terminalreporter.getreports(outcome) if report.when == "call"]
    measured = [pair for report in reports for pair in report.user_properties]
    if measured:
        terminalreporter.section("measured")
    for name, value in measured:
        terminalreporter.write_line(f"{name}: {value}")


@pytest.fixture(scope="module")
def chromium():
    """A browser; for a module, since a loop runs as long as Playwright does."""
    if not CHROMIUM:
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield browser
        browser.close()
