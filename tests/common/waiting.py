"""Waiting for the thing itself."""

import time
from collections.abc import Callable

LIMIT = 600             # seconds: only what hangs takes so long, on however busy a machine
PATIENCE = 240_000      # milliseconds, for one step of a page


def frames(page) -> None:
    """Wait until the page has drawn what it knows of: sizes, scrolling, the system's colours."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame("
                  "() => requestAnimationFrame(() => drawn())))")


def holding(page, pattern: str) -> Callable:
    """Hold back what a page asks for; returns what waits for the next request, and gives its route."""
    routes: list = []
    page.route(pattern, lambda route: routes.append(route))
    return lambda: until(lambda: page.evaluate("0") or routes, f"a request of {pattern}").pop(0)


def until(found: Callable, what: str, end: Callable[[], object] = lambda: None):
    """Wait until `found()` is true, and return it; give up where `end()` says that it won't be."""
    deadline = time.monotonic() + LIMIT
    while True:
        has_ended = end()       # asked first: what comes with the end is still found
        if value := found():
            return value
        if has_ended:
            raise AssertionError(f"never: {what}; {has_ended}")
        if time.monotonic() > deadline:
            raise AssertionError(f"never: {what}, in {LIMIT:g} s")
        time.sleep(0.05)
