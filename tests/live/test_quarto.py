"""The same cells on pages that Quarto has printed: one reader's way through all that matters."""

import json

import pytest
from attacking import Host, attack
from playwright.sync_api import expect
from programs import needs


@pytest.fixture(scope="module")
def quarto_site(runtime, tmp_path_factory, press_and_serve):
    needs("quarto")
    yield from press_and_serve(tmp_path_factory.mktemp("quarto") / "book", "quarto")


@pytest.fixture
def other_host():
    host = Host()
    yield host
    host.shutdown()


def test_a_readers_way_through_quartos_page(visitor, quarto_site, other_host):
    reader = visitor(f"{quarto_site}chapters/one.html")
    page = reader.page
    assert reader.cell().locator(".cell-output").first.inner_text().strip() == "total 10"
    assert reader.run("print(6 * 7)") == "42"
    assert not reader.cell().locator(".code-copy-button").is_visible()
    reader.edit(name="cell-fig-xor").get_by_label("N_HIDDEN").focus()
    page.keyboard.press("ArrowRight")
    assert "N_HIDDEN = 9  # 2-64 units" in reader.code("cell-fig-xor")
    assert "final loss" in reader.run(name="cell-fig-xor")
    assert reader.cell("cell-fig-xor").locator(".live-figure").count() == 1
    page.locator(".live-try").first.click()
    expect(reader.cell("cell-fig-xor").locator(".live-output")).to_contain_text("final loss 0.517")
    said = json.loads(reader.run(attack({"another host": other_host.address})).splitlines()[-1])
    assert not [way for way, words in said.items() if not words.startswith("refused")]
    assert not other_host.asked
    assert "Not yet. double(2) should be 4." in reader.run(name="task")
    expect(page.locator(".live-check summary")).to_be_visible()
    expect(page.locator(".live-check .cell")).to_be_hidden()
    page.evaluate("document.body.className = document.body.className.replace('quarto-light', 'quarto-dark')")
    dark = reader.cell().locator(".live-editor").evaluate("(one) => getComputedStyle(one).backgroundColor")
    assert max(int(part) for part in dark[4:-1].split(", ")) < 60
    cell = reader.edit("while True: pass")
    cell.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_function("document.querySelector('#plain').dataset.live === 'running'")
    cell.get_by_role("button", name="Stop").click()
    reader.ended()
    assert reader.status() == "stopped"
    page.reload()
    expect(reader.cell().locator(".live-notice")).to_contain_text("your edit")
