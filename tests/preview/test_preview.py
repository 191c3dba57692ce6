"""The author's loop: what an edit runs, what a page is told, who is served."""

import http.client
import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from waiting import LIMIT, frames, until

from bookbuild.preview import following
from bookbuild.preview.server import Handler

CONFIG = """project:
  type: book
book:
  title: "A small book"
  author: "A. N. Author"
  chapters: [index.qmd, one.qmd]
format:
  html:
    html-math-method: mathml
"""
CHAPTER = """# One {#sec-one}

A sentence.

```{python}
#| label: first
numbers = [1, 2]
```

```{python}
#| label: second
print("the sum is", sum(numbers))
```

```{python}
#| label: third
from small import answer
print("the answer is", answer())
```
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """A book in a folder with a space, letters beyond ASCII and a link that leads in a circle."""
    root = tmp_path_factory.mktemp("Ein schönes Buch")
    (root / "_quarto.yml").write_text(CONFIG)
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello, @sec-one.\n")
    (root / "one.qmd").write_text(CHAPTER)
    (root / "small.py").write_text("def answer():\n    return 41\n")
    (root / "loop").symlink_to(root)
    return root


class Previewed:
    """A preview at work: its pages, its news, and its folder."""

    def __init__(self, root, process, log):
        self.root, self.process, self.log, self.read = root, process, log, 0
        self.port = int(self.until(lambda: re.search(
            r"serving .* at http://localhost:(\d+)/", log.read_text()), "where it serves")[1])

    def get(self, path, host=None):
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        server.putrequest("GET", path, skip_host=True)
        server.putheader("Host", host or f"localhost:{self.port}")
        server.endheaders()
        answer = server.getresponse()
        return answer.status, answer.read().decode(errors="replace")

    def news(self):
        server = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT)
        server.request("GET", "/_preview/news", headers={"Host": f"localhost:{self.port}"})
        return json.loads(server.getresponse().readline().removeprefix(b"data: "))

    def until(self, test, what):
        return until(test, what, lambda: self.process.poll() is not None and "it has ended")

    def shows(self, text, path="/one.html"):
        self.until(lambda: text in self.get(path)[1], f"{text} in {path}")

    def tells(self, text):
        self.until(lambda: any(text in each for each in self.news()["problems"]), text)

    def edit(self, name, old, new):
        path = self.root / name
        source = path.read_text()
        assert old in source
        new_file = path.with_name(f"{name}.tmp")        # as editors do; no half is ever seen
        new_file.write_text(source.replace(old, new))
        os.replace(new_file, path)

    def rests(self):
        self.until(lambda: not self.news()["busy"], "rest")

    def ran(self):
        """The cells that ran since this was asked last."""
        self.rests()
        said = self.log.read_text()
        found = [line.split()[-1] for line in said[self.read:].splitlines() if ": cell " in line]
        self.read = len(said)
        return found


@pytest.fixture(scope="module")
def process(book, tmp_path_factory):
    log = tmp_path_factory.mktemp("said") / "log"
    with open(log, "w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "bookbuild.cli", "preview", str(book), "--port", "0"], stderr=said)
    try:
        yield Previewed(book, process, log)
    finally:
        process.terminate()
        process.wait(timeout=LIMIT)
        assert process.returncode == 0


@pytest.fixture
def preview(process):
    """The preview, with the book as it was at first."""
    for name, content in (("_quarto.yml", CONFIG), ("one.qmd", CHAPTER)):
        (process.root / name).write_text(content)
    process.until(lambda: "A sentence." in process.get("/one.html")[1]
                  and "the sum is 3" in process.get("/one.html")[1]
                  and "the answer is 41" in process.get("/one.html")[1]
                  and not process.news()["problems"], "the book as it was")
    process.ran()
    return process


def test_an_edit_during_the_first_render_is_not_missed(process):
    process.edit("index.qmd", "Hello", "Good day")          # before anything is shown
    process.shows("Good day", "/index.html")


def test_edits_run_what_they_must(preview):
    preview.edit("one.qmd", "A sentence.", "A better sentence.")
    preview.shows("A better sentence.")
    assert preview.ran() == []
    preview.edit("one.qmd", "the sum is", "the total is")
    preview.shows("the total is 3")
    assert preview.ran() == ["second", "third"]
    preview.edit("small.py", "41", "42")
    preview.shows("the answer is 42")
    preview.edit("small.py", "42", "41")


def test_mistakes_are_told_and_the_last_good_book_stays(preview):
    preview.edit("one.qmd", "sum(numbers)", "sum(numbrs)")
    preview.tells("one.qmd:12: the cell that begins at line 10 raised NameError")
    preview.edit("one.qmd", "A sentence.", "A better\n\nsentence.")
    preview.tells("one.qmd:14: ")
    preview.edit("one.qmd", "sum(numbrs)", "sum(numbers)")
    preview.until(lambda: not preview.news()["problems"], "mended")
    preview.edit("_quarto.yml", "book:\n", "book: [\n")
    preview.tells("_quarto.yml:")
    assert "the sum is 3" in preview.get("/one.html")[1]
    (preview.root / "_quarto.yml").write_text(CONFIG)
    preview.until(lambda: not preview.news()["problems"], "mended")
    source = (preview.root / "one.qmd").read_bytes()
    (preview.root / "one.qmd").unlink()
    preview.tells("one.qmd is listed but missing")
    (preview.root / "one.qmd").write_bytes(source[:len(source) // 2] + b"\xff")
    preview.tells("not UTF-8")
    assert "the sum is 3" in preview.get("/one.html")[1]
    (preview.root / "one.qmd").write_bytes(source)
    preview.until(lambda: not preview.news()["problems"], "mended")


def test_only_this_machine_and_only_the_book_is_served(preview):
    for host in ("example.org", f"example.org:{preview.port}", "localhost", "127.0.0.1:1"):
        assert preview.get("/", host)[0] == 403
    assert preview.get("/", f"127.0.0.1:{preview.port}")[0] == 200
    for path in ("/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/%00", "/x"):
        status, answer = preview.get(path)
        assert status == 404 and "root:" not in answer


def test_an_address_without_a_port_is_that_of_port_80():
    class AtPort80(Handler):
        def __init__(self, host):
            self.headers, self.path, self.server = {"Host": host}, "/x", self
            self.server_port, self.address, self.answers = 80, "http://localhost/", []

        def answer_text(self, status, text):
            self.answers.append(status)

        def send_file(self, path):
            self.answers.append(200)
    for host, expected in [("localhost", 200), ("localhost:80", 200), ("localhost:81", 403),
                           ("example.org", 403)]:
        handler = AtPort80(host)
        handler.do_GET()
        assert handler.answers == [expected], host


def test_a_page_of_an_earlier_preview_is_loaded_again(preview, chromium):
    page = chromium.new_page()
    old = f"http://localhost:{preview.port}/one.html"

    def as_before_a_restart(route):
        answer = route.fetch()
        run = re.search(r'data-run="(\d+)"', answer.text())[1]
        route.fulfill(response=answer, body=answer.text().replace(run, "1").replace(
            'data-version="', 'data-version="9'))
        page.unroute(old)
    page.route(old, as_before_a_restart)
    page.goto(old)
    page.wait_for_function("!document.querySelector('script[data-run=\"1\"]')")
    page.close()


def test_a_port_in_use_is_told(book):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = subprocess.run([sys.executable, "-m", "bookbuild.cli", "preview", str(book),
                               "--port", str(taken.getsockname()[1])],
                              capture_output=True, text=True)
    assert done.returncode == 1
    assert "cannot be served on" in done.stderr and "--port" in done.stderr


def test_the_page_reloads_in_place(preview, chromium):
    preview.edit("one.qmd", "A sentence", "\n\n".join(f"Paragraph {n}." for n in range(80))
                 + "\n\n## A section {#sec-last}\n\nA sentence")
    preview.shows("Paragraph 79")
    preview.rests()
    page = chromium.new_page()
    page.goto(f"http://localhost:{preview.port}/one.html")
    page.locator("#sec-last").first.scroll_into_view_if_needed()
    place = page.evaluate("document.getElementById('sec-last').getBoundingClientRect().top")
    preview.edit("one.qmd", "Paragraph 3.", "A new beginning.\n\nAnd more.")
    page.get_by_text("A new beginning.").wait_for()
    page.wait_for_function("document.readyState === 'complete'"
                           " && !sessionStorage.getItem('preview:place:' + location.pathname)")
    frames(page)
    now = page.evaluate("document.getElementById('sec-last').getBoundingClientRect().top")
    assert abs(now - place) < 5
    preview.edit("one.qmd", "sum(numbers)", "1 / 0")
    page.get_by_text("ZeroDivisionError").wait_for()
    assert "one.qmd:" in page.locator("#preview-news").inner_text()
    preview.edit("one.qmd", "1 / 0", "sum(numbers)")
    page.locator("#preview-news .wrong").wait_for(state="hidden")
    page.close()


CLIENT = Path(following.__file__).with_name("client.js")
NEWS = """globalThis.EventSource = class {
  addEventListener(_, heard) {
    globalThis.tell = (version) => heard({ data: JSON.stringify(
      { run: "1", version, changed: [], problems: [], busy: "" }) });
  }
};"""
PAGE = """<!DOCTYPE html><main><h1 id="top">One</h1><p style="height: 9000px"></p></main>
<script data-run="1" data-version="1">{}</script>"""
KEPT = "sessionStorage.getItem('preview:place:/one.html')"


def test_a_page_that_changes_while_it_loads_keeps_its_place_and_the_author_is_not_sent_back(chromium):
    page = chromium.new_page()
    page.add_init_script(NEWS)
    page.route("http://book.test/**", lambda route: route.fulfill(
        content_type="text/html", body=PAGE.format(CLIENT.read_text(encoding="utf-8"))))
    page.goto("http://book.test/one.html")
    for place, late in ((500, 0), (900, "dispatchEvent(new Event('load'))")):
        with page.expect_navigation():
            assert page.evaluate(f"scrollTo(0, {place}); tell(2); {late}; {KEPT}")
        page.wait_for_function(f"document.readyState === 'complete' && scrollY === {place}")
    assert page.evaluate("scrollTo(0, 20); dispatchEvent(new Event('load')); scrollY") == 20
    page.goto("http://book.test/two.html")
    page.go_back()
    page.wait_for_function("location.pathname === '/one.html' && scrollY === 20")
    page.close()
