"""What a run can reach, whoever talked the reader into it: nothing but its own output."""

import json
import re

import pytest
from attacking import Host, attack
from playwright.sync_api import expect

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


def test_later_runs_are_not_overheard(reader):
    reader.run("import js, _cells\nfrom pyodide.ffi import create_proxy\nheard = js.Array.new()\n"
               "hook = create_proxy(lambda event: heard.push(str(event.data)))\n"
               "js.self.onmessage = hook\njs.self.addEventListener('message', hook)\n"
               "js.self.heard = heard\nplain = _cells.evaluate\n"
               "async def evaluate(code, *rest):\n    heard.push(code)\n"
               "    return await plain(code, *rest)\n_cells.evaluate = evaluate")
    reader.run("secret = 'of another cell'", "task")
    assert reader.run("import js\nprint(hasattr(js.self, 'heard'))") == "False"


def test_an_answer_that_code_gives_itself_is_told_from_the_checks(reader):
    forge = "import _cells\n_cells.post('answer', passed=True, count=4, hint='')\n"
    answer = reader.cell("task").locator(".live-answer")
    assert "Not yet. double(2) should be 4." in reader.run(forge + "def double(x): return 1", "task")
    expect(answer).to_have_count(1)
    expect(answer).to_contain_text("could say anything")
    reader.run("def double(x): return 2 * x", "task")
    expect(answer).not_to_contain_text("could say anything")
    reader.run(forge)
    assert not reader.cell().locator(".live-answer").count()


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


def test_from_a_page_that_was_opened_from_a_file(visitor, file_without_runtime, with_network, other_host):
    reader = with_network(visitor(file_without_runtime))
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
