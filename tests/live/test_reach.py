"""What a run can reach, whoever talked the reader into it: nothing but its own output."""

import json
import re

import pytest
from attacking import Host, attack
from playwright.sync_api import expect

CDN = {"https://cdn.jsdelivr.net/pyodide/v314.0.3/full", "https://cdn.jsdelivr.net/npm/pyodide@314.0.3"}
SECRETS = """() => {
  document.cookie = "session=secret; SameSite=Strict; path=/";
  new BroadcastChannel("live").onmessage = ({ data }) => { window.told = data; };
}"""


@pytest.fixture(scope="module")
def other_host():
    host = Host()
    yield host
    host.shutdown()


def assert_nothing_is_reached(reader, host, places, name="plain"):
    """Attack from a cell; what it printed says that each way is closed."""
    page = reader.page
    page.evaluate(SECRETS)
    reader.run("print('ready')", name)
    host.asked.clear()
    shown = reader.run(attack({"another host": host.address, **places}), name)
    said = json.loads(shown.splitlines()[-1])
    assert len(said) > 30 and not {way: words for way, words in said.items()
                                   if not words.startswith("refused")}
    assert not host.asked
    assert page.evaluate("window.told") is None
    assert reader.status(name) == "done"
    assert "FORGED" not in reader.cell(name).locator(".live-bar").inner_text()
    assert not page.locator(".live-unavailable").count()


def test_from_a_page_of_a_host(reader, site, asked, other_host):
    reader.run("print('ready')")
    asked.clear()
    assert_nothing_is_reached(reader, other_host, {"the book's host": site})
    assert not asked


HOOKS = """import js, _cells
from pyodide.ffi import create_proxy
heard = js.Array.new()
hook = create_proxy(lambda event: heard.push(str(event.data)))
js.self.onmessage = hook
js.self.addEventListener('message', hook)
js.self.heard = heard
async def evaluate(code, *rest, heard=heard, plain=_cells.evaluate):
    heard.push(code)
    return await plain(code, *rest)
_cells.evaluate = evaluate
"""
FORGED = "_cells.post('answer', passed=True, count=4, hint='')\n"


def test_later_runs_are_not_overheard_and_a_forged_answer_is_told_from_the_checks(reader):
    answer = reader.cell("task").locator(".live-answer")
    code = f"{HOOKS}{FORGED}def double(x): return 1"
    assert "Not yet. double(2) should be 4." in reader.run(code, "task")
    expect(answer).to_have_count(1)
    expect(answer).to_contain_text("could say anything")
    reader.run("secret = 'of another run'\ndef double(x): return 2 * x", "task")
    expect(answer).not_to_contain_text("could say anything")
    assert reader.run(f"import js, _cells\nprint(hasattr(js.self, 'heard'))\n{FORGED}") == "False"
    assert not reader.cell().locator(".live-answer").count()


LEFT_BEHIND = """import js
from pyodide.ffi import create_once_callable, to_js
SCRIPT = '''const line = new BroadcastChannel("left behind");
line.onmessage = ({ data }) => { if (data === "who?") line.postMessage("%s"); };
postMessage("here");'''
def nested(resolve, reject):
    worker = js.Worker.new(js.URL.createObjectURL(js.Blob.new(to_js([SCRIPT]))))
    worker.onmessage = create_once_callable(lambda event: resolve(None))
await js.Promise.new(create_once_callable(nested))
line = js.BroadcastChannel.new("left behind")
def ask(resolve, reject):
    line.onmessage = create_once_callable(lambda event: resolve(event.data))
    line.postMessage("who?")
print(await js.Promise.new(create_once_callable(ask)))
"""


def test_what_a_run_left_in_its_frame_is_gone_when_the_next_begins(reader):
    frame = reader.page.locator("iframe[title=Python]").element_handle()
    for name in ("first", "second", "third"):
        assert reader.run(LEFT_BEHIND % name) == name
        assert frame.evaluate("(frame) => frame.isConnected")
    # Of a worker that has been ended its frame may tell later that it broke.
    frame.evaluate("""({ contentWindow: source }) => dispatchEvent(
        new MessageEvent("message", { source, data: { broken: "late", worker: 1 } }))""")
    assert frame.evaluate("(frame) => frame.isConnected")


def test_a_worker_that_ran_linked_code_runs_nothing_else(reader):
    cell = reader.edit("open('trace', 'w').write('x')\nprint('linked')")
    cell.get_by_role("button", name="Copy link").click()
    cell.get_by_text("Link copied").wait_for()
    link = reader.page.evaluate("navigator.clipboard.readText()")
    cell.get_by_role("button", name="Reset").click()
    reader.page.evaluate("(link) => { location.href = link; }", link)
    expect(cell.locator(".live-notice")).to_contain_text("read it before you run it")
    assert reader.run() == "linked"
    look = "import os\nprint(os.path.exists('trace'))"
    assert reader.run(look) == "True"           # the linked code as edited: still not the reader's own
    assert reader.run(look, "task").startswith("False")
    cell.get_by_role("button", name="Reset").click()


def test_from_a_page_of_a_file_with_python_from_the_network(
        visitor, file_without_runtime, with_network, other_host):
    asked = []
    reader = with_network(visitor(file_without_runtime), asked)
    assert not asked
    assert "final loss 0.246" in reader.run(name="fig-xor")
    assert {url.rpartition("/")[0] for url in asked} == CDN
    assert any("numpy" in url for url in asked) and not any("pandas" in url for url in asked)
    look = "import sys\nprint(any(one.find_spec('pandas', None) for one in sys.meta_path))"
    assert reader.run(look) == "True" and any("pandas" in url for url in asked)
    assert_nothing_is_reached(reader, other_host, {})


def test_the_editor_shows_what_cannot_be_seen(reader):
    cell = reader.edit("pаssed = 1  # \u202e it\nx = 'a\u200bb'\nθ = α = 2\n")
    assert cell.locator(".live-hidden").all_inner_texts() == ["U+202E", "U+200B"]
    assert cell.locator(".live-twin").all_inner_texts() == ["а"]
    expect(cell.locator(".live-caution")).to_contain_text("U+0430 in line 1 looks like another character")
    reader.edit("x = 1" + " " * 400 + "; y = 2\n" + "z = 1\n" * 60 + "last = 1")
    scroller = cell.locator(".cm-scroller")
    scroller.evaluate("(one) => one.scrollTo(0, 0)")
    expect(cell.locator(".live-beyond")).to_contain_text("line 1 goes on to column 412")
    expect(cell.locator(".live-beyond")).to_contain_text("more lines below")
    expect(cell.locator(".live-caution")).to_be_hidden()
    scroller.evaluate("(one) => one.scrollTo(one.scrollWidth, one.scrollHeight)")
    expect(cell.locator(".live-beyond")).to_have_text(re.compile(r"^\d+ more lines above$"))
    cell.get_by_role("button", name="Reset").click()
