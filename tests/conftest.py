"""What tests share: Chromium, patience, what is skipped, and a report of what was measured."""

import os
import re
import signal
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parent / "common"))
from programs import CHROMIUM, needs, promised
from real_book import printed
from waiting import PATIENCE

# What processes compile is kept for those after them, as it is on most machines.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A process of tests more than processors: more threads of linear algebra would wait for each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No test asserts a time; CI tries the same examples each time, a person's machine new ones.
settings.register_profile("book", deadline=None, derandomize="CI" in os.environ,
                          suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("book")

expect.set_options(timeout=PATIENCE)
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update",
         # WebAssembly as it is compiled first: nothing here runs long enough to win back the
         # third of a start of Python that compiling it better, beside, would cost.
         "--js-flags=--liftoff-only",
         # The first are Playwright's own, which this option takes the place of. Below its
         # address Chromium has lists that are pages too: a third of what a test's page costs.
         "--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,"
         "HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,"
         "ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,"
         "NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch,"
         "WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup,"
         # A process more for the next page, which a reader with one page never opens.
         "SpareRendererForSitePerProcess"]


def pytest_configure(config):
    config.addinivalue_line("markers", "needs(*names): skipped where a program is missing, see "
                            "tests/common/programs.py")
    promised()
    # Started in the background of a script, this process ignores interrupts, and so would those
    # that tests start and interrupt.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


# The files that take longest begin, so that none of them is left to one process at the end.
LONGEST = ("book/test_whole_book.py", "book/test_kept_figures.py", "live/test_running.py",
           "lab/test_jupyterlab.py", "figures/test_figures.py", "run/test_property.py",
           "live/test_browsers.py", "lab/test_export.py", "print/test_page.py",
           "conformance/test_conformance.py", "live/test_reach.py", "smoke/test_chapter.py",
           "live/test_play.py", "live/test_bad_input.py", "live/test_loading.py",
           "cli/test_bad_input.py", "preview/test_reading.py", "pipeline/test_kills.py",
           "run/test_kept.py", "run/test_observing.py", "pipeline/test_pipeline.py",
           "deepmath/test_sweep.py", "house/test_bounds.py", "book/test_chapter_numbers.py",
           "kills/test_sweeps.py", "print/test_wide.py", "smoke/test_mutations.py",
           "document/test_steps.py", "figures/test_drawn.py", "figures/test_kernels.py",
           "lab/test_notebook.py", "pipeline/test_any_text.py", "pipeline/test_render.py",
           "print/test_epub.py", "preview/test_preview.py", "smoke/test_forecasts.py",
           "deepmath/test_examples.py", "preview/test_closed.py")


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: next((place for place, name in enumerate(LONGEST)
                                      if name in item.nodeid), len(LONGEST)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for mark in item.iter_markers("needs"):
        needs(*mark.args)


def pytest_terminal_summary(terminalreporter):
    """Print what tests measured beside passing, and what was skipped, with what brings it."""
    reports = [report for outcome in ("passed", "failed")
               for report in terminalreporter.getreports(outcome) if report.when == "call"]
    measured = [pair for report in reports for pair in report.user_properties]
    if measured:
        terminalreporter.section("measured")
    for name, value in measured:
        terminalreporter.write_line(f"{name}: {value}")
    skipped = defaultdict(Counter)
    for report in terminalreporter.getreports("skipped"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        skipped[reason.removeprefix("Skipped: ")][re.sub(r"\[.*", "", report.nodeid)] += 1
    if skipped:
        terminalreporter.section("skipped")
    for reason, names in sorted(skipped.items()):
        terminalreporter.write_line(f"{reason}")
        for name, times in sorted(names.items()):
            terminalreporter.write_line(f"    {name}{f' ({times} times)' if times > 1 else ''}")


@pytest.fixture(scope="module")
def chromium():
    """A browser; for a module, since a loop runs as long as Playwright does."""
    needs("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET,
                                             timeout=PATIENCE)
        make_patient(browser)
        yield browser
        browser.close()


def make_patient(browser):
    """Let all that is waited for in the browser's pages have time."""
    new_context = browser.new_context

    def patient(**options):
        context = new_context(**options)
        context.set_default_timeout(PATIENCE)
        return context

    browser.new_context = patient
    browser.new_page = lambda **options: patient(**options).new_page()


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory):
    """A folder for what the first of all workers makes for the others, too."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@pytest.fixture(scope="session")
def real_book(shared_folder):
    """The real book, printed whole: `root`, `output`, and what was `said` meanwhile."""
    return printed(shared_folder / "real-book")
