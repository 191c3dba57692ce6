"""How fast live cells are in Chromium, Firefox and WebKit; the runtime is served from loopback.

    make runtime; python benchmarks/live.py [--repeats 3] [--only visits] [--browser firefox]

A browser that is not installed is left out, and that is said. Prints medians, and what is wanted
of a quiet machine. "First visits" come by a slow network, from a server that compresses what static
hosts do, with the book's own runtime and with that of the delivery network, served from the same
place; they and stops are measured in Chromium. "Cold" begins with an empty cache; "cached" with the
files of a visit before; "preloaded" with Python started, as it is when a reader has looked at the
code for a while. Training in the page is compared with the same `fit` here, a moment later.
"""

import argparse
import gzip
import re
import shutil
import sys
import tempfile
import threading
from functools import lru_cache, partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from statistics import median
from time import perf_counter, sleep
from typing import ClassVar

from playwright.sync_api import sync_playwright

from bookbuild.live import assemble
from bookbuild.live.runtime import read_list

from deepmath import GradientDescent, Network, default_rng, fit, xor

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests" / "common"))
from other_browsers import FIREFOX, Firefox, WebKit, has_webkit
from waiting import until

OTHERS = {"firefox": (Firefox, FIREFOX), "webkit": (WebKit, has_webkit())}
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]
CHAPTER = (ROOT / "chapters" / "neural-networks.qmd").read_text(encoding="utf-8")
CELL = re.search(r"#\| label: fig-xor\n(?:#\|[^\n]*\n)*(.*?)```", CHAPTER, re.DOTALL)[1]
PAGE = """<!DOCTYPE html><meta charset="utf-8"><link rel="stylesheet" href="live/live.css">
<script src="live/live.js" defer></script>
<div class="cell live" id="xor"><pre><code class="sourceCode">{}</code></pre></div>"""
TRAINING = """
from time import perf_counter
from deepmath import *
from deepmath.training import WATCHER
{unwatched}WATCHER.set(None)
rng = default_rng(42)
X, y = xor(120, rng)
network = Network((2, {units}, {units}, 1))
theta = network.initialise(rng)
start = perf_counter()
fit(network, theta, X, y, optimiser=GradientDescent(0.05), n_epochs={epochs})
print({epochs} / (perf_counter() - start))
"""
LONG_TASKS = """window.blocks = [];
new PerformanceObserver((list) => {
  window.blocks.push(...list.getEntries().map((one) => one.duration));
}).observe({ type: "longtask", buffered: true });"""
COUNT_FRAMES = """() => {
  window.frames_seen = 0;
  new MutationObserver(() => { window.frames_seen += 1; }).observe(
    document.querySelector(".live-epoch"), { childList: true, characterData: true, subtree: true });
}"""
MEGABITS = 5, 10, 50
SHAPES = [(8, 20_000), (32, 5_000)]     # units and epochs of a training
WANTED = {"cold": 1.5, "preloaded": 0.3, "run again": 0.2, "stop, training": 0.1,
          "stop, while True: pass": 0.1}        # seconds
LATENCY, PIECE = 0.02, 16_384          # seconds before an answer, bytes of it at a time
COMPRESSED = {"application/javascript", "application/json", "application/wasm"}     # beside text
READING = 10_000       # milliseconds in which Python starts and rehearses
STOP = """() => new Promise((resolve) => {
  const cell = document.querySelector(".live-cell");
  const start = performance.now();
  new MutationObserver(() => {
    if (cell.dataset.live !== "stopped") return;
    requestAnimationFrame(() => resolve(performance.now() - start));
  }).observe(cell, { attributes: true });
  document.querySelector(".live-stop").click();
})"""
TIMED = """const [cell, start] = [document.querySelector(".live-cell"), performance.now()];
window.took = null;
new MutationObserver((_, observer) => {
  if (!["done", "failed"].includes(cell.dataset.live)) return;
  observer.disconnect();
  window.took = (performance.now() - start) / 1000;
}).observe(cell, { attributes: true });
cell.querySelector(".live-run").click();"""
OPEN = """[...document.querySelectorAll("button")]
  .find((one) => one.textContent === "Edit and run").click();"""
IS_OPEN = "return document.querySelector('.cm-content')?.offsetParent !== undefined;"
OUTPUT = "return document.querySelector('.live-output').innerText;"
ENDED = """['done', 'failed'].includes(document.querySelector(".live-cell").dataset.live)"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Slow(Quiet):
    """A host by a slow network: all its answers share the line."""

    line: ClassVar = threading.Lock()
    bits_a_second: ClassVar[float] = 0.0
    sent: ClassVar[int] = 0

    def do_GET(self):
        path, kind = Path(self.translate_path(self.path)), self.guess_type(self.path)
        if not path.is_file():
            return self.send_error(404)
        self.send_response(200)
        self.send_header("Content-Type", kind)
        content = path.read_bytes()
        if kind.startswith("text/") or kind in COMPRESSED:
            content = compressed(content)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        sleep(LATENCY)
        for at in range(0, len(content), PIECE):
            piece = content[at:at + PIECE]
            with self.line:
                sleep(8 * len(piece) / self.bits_a_second)
                Slow.sent += len(piece)
            self.wfile.write(piece)


compressed = lru_cache(gzip.compress)


def serve(handler, folder) -> str:
    """Serve a folder from loopback; its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}/"


def first_visits(browser, folders: dict[str, Path], repeats: int) -> None:
    """Print the time from the first click to the first figure, and what was fetched by then."""
    print("first visits: seconds and megabytes (wanted at 10 Mbit/s: 15 s and 12 MB), by",
          ", by ".join(folders))
    addresses = [f"{serve(Slow, folder)}index.html" for folder in folders.values()]
    for megabits in MEGABITS:
        Slow.bits_a_second = megabits * 1e6
        seen = []
        for address in addresses * repeats:
            Slow.sent = 0
            context = browser.new_context()
            page = context.new_page()
            page.goto(address)
            start = perf_counter()
            page.get_by_role("button", name="Edit and run").click()
            page.locator(".live-run").click()
            page.wait_for_function(ENDED, timeout=600_000)
            seen.append((perf_counter() - start, Slow.sent / 1e6))
            context.close()
        each = [[median(column) for column in zip(*seen[at::len(addresses)])]
                for at in range(len(addresses))]
        print(f"  {megabits:>3} Mbit/s", *(f"{took:8.1f} s {size:6.1f} MB" for took, size in each))


def by_network(site: Path, place: Path) -> Path:
    """The page with the runtime of the delivery network, which stands beside it in `place`."""
    listed = read_list()
    assemble(ROOT, place / "live", None, print)
    script = place / "live" / "live.js"
    text = script.read_text(encoding="utf-8")
    for base in (listed["core"], listed["packages"]):
        assert base in text
        text = text.replace(base, "/live/network/")
    script.write_text(text, encoding="utf-8")
    shutil.copytree(ROOT / ".runtime", place / "live" / "network")
    shutil.copy(site / "index.html", place)
    return place


def run(page, code=None) -> tuple[float, str]:
    """Run the cell; the seconds from the click to the end, and what it printed."""
    if code is not None:
        insert(page, code)
    page.evaluate("document.querySelector('.live-cell').dataset.live = 'before'")
    start = perf_counter()
    page.locator(".live-run").click()
    page.wait_for_function(ENDED, timeout=180_000)
    return perf_counter() - start, page.locator(".live-output").inner_text()


def insert(page, code) -> None:
    page.locator(".cm-content").click()
    page.keyboard.press("Control+a")
    page.keyboard.insert_text(code)


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
    page.wait_for_timeout(READING)
    preloaded = run(page)[0]
    block = max(page.evaluate("window.blocks"), default=0.0) / 1000
    context.close()
    return {"cold": cold, "cached": cached, "preloaded": preloaded, "run again": again,
            "longest block of the page": block}


def training(browser, address, units, epochs) -> tuple[float, ...]:
    """Epochs a second in the page, watched and not, and in this Python; frames a second."""
    context = browser.new_context()
    page = visit(context, address)
    run(page, "pass")
    unwatched = float(run(page, TRAINING.format(unwatched="", units=units, epochs=epochs))[1])
    page.evaluate(COUNT_FRAMES)
    code = TRAINING.format(unwatched="# ", units=units, epochs=epochs)
    watched = float(run(page, code)[1])
    frames = page.evaluate("window.frames_seen") / (epochs / watched)
    context.close()
    return watched, unwatched, here(units, epochs), frames


def here(units, epochs) -> float:
    """Epochs a second in this Python."""
    rng = default_rng(42)
    X, y = xor(120, rng)
    network = Network((2, units, units, 1))
    theta = network.initialise(rng)
    start = perf_counter()
    fit(network, theta, X, y, optimiser=GradientDescent(0.05), n_epochs=epochs)
    return epochs / (perf_counter() - start)


def stops(browser, address) -> dict[str, float]:
    """Seconds from the click on Stop to the page that says so, and of the run after it."""
    context = browser.new_context()
    page = visit(context, address)
    run(page, "pass")
    seen = {}
    training = TRAINING.format(unwatched="# ", units=8, epochs=10**7)
    for name, code in [("training", training), ("while True: pass", "while True: pass")]:
        insert(page, code)
        page.locator(".live-run").click()
        page.wait_for_timeout(2000)
        seen[f"stop, {name}"] = page.evaluate(STOP) / 1000
        seen[f"run after stop, {name}"] = run(page, "pass")[0]
    context.close()
    return seen


def fast(browser, site: Path, repeats: int) -> None:
    """Print what it takes in Chromium, from loopback."""
    address = serve(Quiet, site)
    seen = [first_figures(browser, address) | stops(browser, address) for _ in range(repeats)]
    print_seconds(seen)
    print_training({shape: [training(browser, address, *shape) for _ in range(repeats)]
                    for shape in SHAPES})


def print_seconds(seen: list[dict[str, float]]) -> None:
    print("seconds, median of", len(seen))
    for name in seen[0]:
        wanted = f"  wanted: {WANTED[name]}" if name in WANTED else ""
        print(f"  {name:<34}{median(each[name] for each in seen):7.2f}{wanted}")


def print_training(seen: dict[tuple[int, int], list[tuple[float, ...]]]) -> None:
    """Print, by units and epochs, what `training` has returned."""
    print("training: epochs a second in the page, not watched there, and in Python; Python's "
          "by the page's (wanted: 3 with 32 units); slower by watching (wanted: 10%); frames a "
          "second (wanted: 10)")
    for (units, _), runs in seen.items():
        page, unwatched, python, frames = (median(column) for column in zip(*runs))
        print(f"  {units:>2} units {page:9.0f} {unwatched:9.0f} {python:9.0f} "
              f"{python / page:6.1f} {unwatched / page - 1:6.0%} {frames:6.1f}")


def elsewhere(kind, site: Path, repeats: int) -> None:
    """Print what it takes in Firefox or WebKit, from loopback, each time as a fresh reader."""
    address = serve(Quiet, site)
    seen: list[dict[str, float]] = []
    trained: dict[tuple[int, int], list] = {shape: [] for shape in SHAPES}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder, kind(Path(folder)) as browser:
            cold = timed(opened(browser, address))
            cached = timed(opened(browser, address))
            again = median(timed(browser) for _ in range(5))
            opened(browser, address)
            sleep(READING / 1000)
            seen.append({"cold": cold, "cached": cached, "preloaded": timed(browser),
                         "run again": again})
            for (units, epochs), runs in trained.items():
                speeds = {}
                for unwatched in ("", "# "):
                    code = TRAINING.format(unwatched=unwatched, units=units, epochs=epochs)
                    (site / "training.html").write_text(PAGE.format(code), encoding="utf-8")
                    opened(browser, f"{address}training.html?{units}{len(unwatched)}")
                    browser.evaluate(COUNT_FRAMES)
                    timed(browser)
                    speeds[unwatched] = float(browser.script(OUTPUT))
                frames = browser.script("return window.frames_seen;")
                watched = speeds["# "]
                runs.append((watched, speeds[""], here(units, epochs), frames * watched / epochs))
    print_seconds(seen)
    print_training(trained)


def opened(browser, address):
    """The browser, with the page's cell open."""
    browser.ask("Navigate", url=address)
    browser.script(OPEN)
    until(lambda: browser.script(IS_OPEN), "the editor")
    return browser


def timed(browser) -> float:
    """Run the cell; the seconds that it takes."""
    browser.script(TIMED)
    return until(lambda: browser.script("return window.took;"), "the end of the run")


def weigh(site: Path) -> None:
    """Print what the files weigh."""
    print("kilobytes, compressed: before interest live.js and live.css, then the others")
    for name in ("live.js", "live.css", "editor.js", "package.js"):
        size = len(gzip.compress((site / "live" / name).read_bytes()))
        print(f"  {name:<28}{size / 1000:7.0f}")
    for path in sorted((site / "live" / "runtime").iterdir()):
        print(f"  {path.name[:27]:<28}{path.stat().st_size / 1000:7.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--only", choices=["visits", "speed"])
    parser.add_argument("--browser", choices=["chromium", *OTHERS])
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "own")
        assemble(ROOT, site / "live", ROOT / ".runtime", print)
        (site / "index.html").write_text(PAGE.format(CELL), encoding="utf-8")
        if args.browser in (None, "chromium"):
            in_chromium(site, Path(folder, "network"), args)
        for name, (kind, is_here) in OTHERS.items():
            if args.only == "visits" or args.browser not in (None, name):
                continue
            print(name if is_here else f"{name}: not installed")
            if is_here:
                elsewhere(kind, site, args.repeats)
        weigh(site)


def in_chromium(site: Path, network: Path, args) -> None:
    chromium = which("chromium") or which("google-chrome")
    print("chromium" if chromium else "chromium: not installed")
    if not chromium:
        return
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        if args.only != "visits":
            fast(browser, site, args.repeats)
        if args.only != "speed":
            folders = {"the book's own runtime": site,
                       "that of the network": by_network(site, network)}
            first_visits(browser, folders, args.repeats)
        browser.close()


if __name__ == "__main__":
    main()
