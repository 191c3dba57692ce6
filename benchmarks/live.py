"""How fast live cells are: headless Chromium, and the runtime served from loopback.

    make runtime; python benchmarks/live.py [--repeats 3]

Prints medians. "Cold" begins with an empty cache; "cached" with the files of a visit before;
"preloaded" with Python started, as it is when a reader has looked at the code for a while.
Training in the page is compared with the same `fit` in this Python, a moment later.
"""

import argparse
import gzip
import re
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from statistics import median
from time import perf_counter

from playwright.sync_api import sync_playwright

from bookbuild import live
from deepmath import GradientDescent, Network, default_rng, fit, xor

ROOT = Path(__file__).parents[1]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]
CELL = re.search(r"#\| label: xor-cell\n(?:#\|[^\n]*\n)*(.*?)```",
                 (ROOT / "chapters" / "neural-networks.qmd").read_text(encoding="utf-8"), re.DOTALL)[1]
PAGE = """<!DOCTYPE html><meta charset="utf-8"><link rel="stylesheet" href="live/live.css">
<script src="live/live.js" defer></script>
<div class="cell live" id="xor"><pre><code class="sourceCode">{}</code></pre></div>"""
TRAINING = """
from time import perf_counter
from deepmath import *
rng = default_rng(42)
X, y = xor(120, rng)
network = Network((2, {units}, {units}, 1))
theta = network.initialise(rng)
start = perf_counter()
fit(network, theta, X, y, optimiser=GradientDescent(0.05), n_epochs={epochs})
print({epochs} / (perf_counter() - start))
"""
LONG_TASKS = """window.blocks = [];
new PerformanceObserver((list) => window.blocks.push(...list.getEntries().map((one) => one.duration)))
  .observe({ type: "longtask", buffered: true });"""
COUNT_FRAMES = """() => {
  window.frames_seen = 0;
  new MutationObserver(() => { window.frames_seen += 1; }).observe(
    document.querySelector(".live-epoch"), { childList: true, characterData: true, subtree: true });
}"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def run(page, code=None) -> tuple[float, str]:
    """Run the cell; the seconds from the click to the end, and what it printed."""
    if code is not None:
        page.locator(".cm-content").click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
    page.evaluate("document.querySelector('.live-cell').dataset.live = 'before'")
    start = perf_counter()
    page.locator(".live-run").click()
    page.wait_for_function("['done', 'failed'].includes(document.querySelector('.live-cell').dataset.live)",
                           timeout=180_000)
    return perf_counter() - start, page.locator(".live-output").inner_text()


def visit(context, address):
    page = context.new_page()
    page.goto(address)
    page.get_by_role("button", name="Edit and run").click()
    page.locator(".cm-content").wait_for()
    return page


def first_figures(browser, address) -> dict[str, float]:
    """Seconds to the first figure of the chapter's cell, by what is there before."""
    context = browser.new_context()
    context.add_init_script(LONG_TASKS)
    cold = run(visit(context, address))[0]
    page = visit(context, address)
    cached = run(page)[0]
    again = median(run(page)[0] for _ in range(5))
    page = visit(context, address)
    run(page, "pass")
    preloaded = run(page, CELL)[0]
    block = max(page.evaluate("window.blocks"), default=0.0) / 1000
    context.close()
    return {"cold": cold, "cached": cached, "preloaded": preloaded, "run again": again,
            "longest block of the page": block}


def training(browser, address, units, epochs) -> tuple[float, float, float]:
    """Epochs a second in the page and in this Python, and frames a second in the page."""
    context = browser.new_context()
    page = visit(context, address)
    run(page, "pass")
    page.evaluate(COUNT_FRAMES)
    seconds, shown = run(page, TRAINING.format(units=units, epochs=epochs))
    frames = page.evaluate("window.frames_seen") / (epochs / float(shown))
    context.close()
    rng = default_rng(42)
    X, y = xor(120, rng)
    network = Network((2, units, units, 1))
    theta = network.initialise(rng)
    start = perf_counter()
    fit(network, theta, X, y, optimiser=GradientDescent(0.05), n_epochs=epochs)
    return float(shown), epochs / (perf_counter() - start), frames


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=3)
    repeats = parser.parse_args().repeats
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        site = Path(folder)
        live.assemble(ROOT, site / "live", ROOT / ".runtime", print)
        (site / "index.html").write_text(PAGE.format(CELL), encoding="utf-8")
        server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_port}/"
        browser = playwright.chromium.launch(executable_path=which("chromium"), args=FLAGS)
        seen = [first_figures(browser, address) for _ in range(repeats)]
        print("seconds, median of", repeats)
        for name in seen[0]:
            print(f"  {name:<28}{median(each[name] for each in seen):7.2f}")
        print("training: epochs a second in the page and in Python, their ratio, frames a second")
        for units, epochs in [(8, 20_000), (32, 5_000)]:
            runs = [training(browser, address, units, epochs) for _ in range(repeats)]
            page, python, frames = (median(column) for column in zip(*runs))
            print(f"  {units:>2} units {page:10.0f} {python:10.0f} {python / page:7.1f} {frames:7.1f}")
        browser.close()
        print("kilobytes, compressed: before interest live.js and live.css, then the others")
        for name in ("live.js", "live.css", "editor.js", "package.js"):
            print(f"  {name:<28}{len(gzip.compress((site / 'live' / name).read_bytes())) / 1000:7.0f}")
        for path in sorted((site / "live" / "runtime").iterdir()):
            print(f"  {path.name[:27]:<28}{path.stat().st_size / 1000:7.0f}")


if __name__ == "__main__":
    main()
