"""How fast live cells are in Chromium, Firefox and WebKit; the runtime is served from loopback.

    make runtime; python benchmarks/live.py [--repeats 3] [--only visits] [--browser firefox]

A browser that is not installed is left out, and that is said. Prints medians, and what is wanted
of a quiet machine. "First visits" come by a slow network, from a server that compresses what static
hosts do, with the book's own runtime and with that of the delivery network, served from the same
place; they are measured in Chromium. "Cold" begins with an empty cache; "cached" with the
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
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
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

CHROMIUM = which("chromium") or which("google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
         "--disable-background-networking", "--disable-component-update"]
CHAPTER = (ROOT / "chapters" / "neural-networks.qmd").read_text(encoding="utf-8")
CELL = re.search(r"#\| label: fig-xor\n(?:#\|[^\n]*\n)*(.*?)```", CHAPTER, re.DOTALL)[1]
PAGE = """<!DOCTYPE html><meta charset="utf-8"><link rel="stylesheet" href="live/live.css">
<script src="live/live.js" defer></script>"""
A_CELL = '<div class="cell live"><pre><code class="sourceCode">{}</code></pre></div>'
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
LONGEST_BLOCK = """() => new Promise((resolve) => {
  if (!PerformanceObserver.supportedEntryTypes.includes("longtask")) return resolve(null);
  setTimeout(resolve, 1000, 0);
  new PerformanceObserver((list) => {
    resolve(Math.max(...list.getEntries().map((one) => one.duration)));
  }).observe({ type: "longtask", buffered: true });
})"""
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
READING = 10           # seconds in which Python starts and rehearses
STOP = """() => new Promise((resolve) => {
  const cell = document.querySelector(".live-cell");
  const start = performance.now();
  new MutationObserver(() => {
    if (cell.dataset.live !== "stopped") return;
    requestAnimationFrame(() => resolve(performance.now() - start));
  }).observe(cell, { attributes: true });
  document.querySelector(".live-stop").click();
})"""
TIMED = """(at) => {
  const [cell, start] = [document.querySelectorAll(".live-cell")[at], performance.now()];
  window.took = null;
  new MutationObserver((_, observer) => {
    if (!["done", "failed"].includes(cell.dataset.live)) return;
    observer.disconnect();
    window.took = Math.round(performance.now() - start) / 1000;
  }).observe(cell, { attributes: true });
  cell.querySelector(".live-run").click();
}"""
RUN = "document.querySelector('.live-run').click();"
OPEN = """for (const one of document.querySelectorAll("button")) {
  if (one.textContent === "Edit and run") one.click();
}"""
IS_OPEN = """return [...document.querySelectorAll(".live-cell")]
  .every((cell) => cell.querySelector(".cm-content")?.offsetParent);"""
OUTPUT = "return document.querySelector('.live-output').innerText;"


class Chromium:
    """Chromium, asked as `other_browsers` has the others asked."""

    def __init__(self, folder: Path):
        self.started = ExitStack()

    def __enter__(self):
        chromium = self.started.enter_context(sync_playwright()).chromium
        browser = chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        self.started.callback(browser.close)
        self.page = browser.new_page()
        return self

    def __exit__(self, *_):
        self.started.close()

    def ask(self, name: str, url: str):
        self.page.goto(url)

    def script(self, code: str):
        return self.page.evaluate(f"() => {{ {code} }}")

    def evaluate(self, code: str, argument=None):
        return self.page.evaluate(code, argument)


BROWSERS = {"chromium": (Chromium, CHROMIUM), "firefox": (Firefox, FIREFOX),
            "webkit": (WebKit, has_webkit())}


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


@contextmanager
def fresh(kind) -> Iterator:
    """The browser of a reader who comes for the first time."""
    with tempfile.TemporaryDirectory() as folder, kind(Path(folder)) as browser:
        yield browser


def write_page(site: Path, name: str, *cells: str) -> None:
    text = "\n".join([PAGE, *map(A_CELL.format, cells)])
    (site / name).write_text(text, encoding="utf-8")


def opened(browser, address):
    """The browser, with the page's cells open."""
    browser.ask("Navigate", url=address)
    browser.script(OPEN)
    until(lambda: browser.script(IS_OPEN), "the editor")
    return browser


def timed(browser, cell: int = 0) -> float:
    """Run a cell; the seconds that it takes."""
    browser.evaluate(TIMED, cell)
    return until(lambda: browser.script("return window.took;"), "the end of the run")


def first_visits(folders: dict[str, Path], repeats: int) -> None:
    """Print the time from the first click to the first figure, and what was fetched by then."""
    print("first visits: seconds and megabytes (wanted at 10 Mbit/s: 15 s and 12 MB), by",
          ", by ".join(folders))
    addresses = [f"{serve(Slow, folder)}index.html" for folder in folders.values()]
    for megabits in MEGABITS:
        Slow.bits_a_second = megabits * 1e6
        seen = []
        for address in addresses * repeats:
            Slow.sent = 0
            with fresh(Chromium) as browser:
                browser.ask("Navigate", url=address)
                start = perf_counter()
                browser.script(OPEN)
                until(lambda: browser.script(IS_OPEN), "the editor")
                timed(browser)
                seen.append((perf_counter() - start, Slow.sent / 1e6))
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


def first_figures(browser, address: str) -> dict[str, float]:
    """Seconds to the first figure of the chapter's cell, by what is there before."""
    cold = timed(opened(browser, address))
    cached = timed(opened(browser, address))
    again = median(timed(browser) for _ in range(5))
    opened(browser, address)
    sleep(READING)
    seen = {"cold": cold, "cached": cached, "preloaded": timed(browser), "run again": again}
    block = browser.evaluate(LONGEST_BLOCK)
    return seen if block is None else {**seen, "longest block of the page": block / 1000}


def training(browser, address: str, site: Path, units: int, epochs: int) -> tuple[float, ...]:
    """Epochs a second in the page, watched and not, and in this Python; frames a second."""
    speeds = {}
    for unwatched in ("", "# "):
        code = TRAINING.format(unwatched=unwatched, units=units, epochs=epochs)
        write_page(site, name := f"training-{units}-{len(unwatched)}.html", code)
        opened(browser, address + name)
        browser.evaluate(COUNT_FRAMES)
        timed(browser)
        speeds[unwatched] = float(browser.script(OUTPUT))
    watched, frames = speeds["# "], browser.script("return window.frames_seen;")
    return watched, speeds[""], here(units, epochs), frames * watched / epochs


def here(units, epochs) -> float:
    """Epochs a second in this Python."""
    rng = default_rng(42)
    X, y = xor(120, rng)
    network = Network((2, units, units, 1))
    theta = network.initialise(rng)
    start = perf_counter()
    fit(network, theta, X, y, optimiser=GradientDescent(0.05), n_epochs=epochs)
    return epochs / (perf_counter() - start)


def stops(browser, address: str, site: Path) -> dict[str, float]:
    """Seconds from the click on Stop to the page that says so, and of the run after it."""
    seen = {}
    training = TRAINING.format(unwatched="# ", units=8, epochs=10**7)
    for name, code in [("training", training), ("while True: pass", "while True: pass")]:
        write_page(site, "stop.html", code, "pass")
        opened(browser, f"{address}stop.html?{name[:5]}")
        timed(browser, 1)
        browser.script(RUN)
        sleep(2)
        seen[f"stop, {name}"] = browser.evaluate(STOP) / 1000
        seen[f"run after stop, {name}"] = timed(browser, 1)
    return seen


def speed(kind, site: Path, repeats: int) -> None:
    """Print what it takes in a browser, from loopback, each time as a fresh reader."""
    address = serve(Quiet, site)
    seen: list[dict[str, float]] = []
    trained: dict[tuple[int, int], list] = {shape: [] for shape in SHAPES}
    for _ in range(repeats):
        with fresh(kind) as browser:
            seen.append(first_figures(browser, f"{address}index.html")
                        | stops(browser, address, site))
            for shape, runs in trained.items():
                runs.append(training(browser, address, site, *shape))
    print_seconds(seen)
    print_training(trained)


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
    parser.add_argument("--browser", choices=BROWSERS)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder, "own")
        assemble(ROOT, site / "live", ROOT / ".runtime", print)
        write_page(site, "index.html", CELL)
        for name, (kind, is_here) in BROWSERS.items():
            if args.browser not in (None, name):
                continue
            print(name if is_here else f"{name}: not installed")
            if is_here and args.only != "visits":
                speed(kind, site, args.repeats)
            if is_here and args.only != "speed" and kind is Chromium:
                first_visits({"the book's own runtime": site,
                              "that of the network": by_network(site, Path(folder, "network"))},
                             args.repeats)
        weigh(site)


if __name__ == "__main__":
    main()
