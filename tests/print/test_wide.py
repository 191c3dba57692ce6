"""What is wider than its column: nothing is hidden without a cue, and figures open large."""

import pytest
from accessibility import violations
from layout import wide, without_cue
from playwright.sync_api import expect
from waiting import frames, until

FORMULA = r"\alpha_{10} + \beta_{20} + " * 9 + r"\gamma"
LETTERS = "abcdefghij" * 12
# Blocks of every kind, each far wider than any column.
BLOCKS = {
    "code": f"<div class='sourceCode'><pre><code class='sourceCode'>{LETTERS}</code></pre></div>",
    "table": "<table><tr>" + "<td>a cell with words</td>" * 12 + "</tr></table>",
    "formula": "<p><span class='equation' id='eq-wide'><math display='block'>" + "<mi>x</mi>" * 200
               + "</math> <span class='equation-number'>(1.1)</span></span></p>",
}


def with_block(page, block):
    """Put a block into the page, in a `div` of its own, as the press would have written it, and load the page's script."""
    page.evaluate("(html) => document.querySelector('main section').insertAdjacentHTML('beforeend', html)",
                  f"<div id='put'>{block}</div>")
    page.evaluate("""() => new Promise((done) => {
        document.querySelector('.lightbox').remove();
        const script = document.createElement('script');
        script.src = document.querySelector('script[src$="wide.js"]').src;
        script.onload = () => done(true);
        document.head.append(script);
    })""")
    frames(page)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("kind", BLOCKS)
def test_what_goes_on_beyond_its_edge_shows_it_until_its_end(visit, kind, width):
    page = visit("chapters/maps.html", width=width)
    with_block(page, BLOCKS[kind])
    assert wide(page) and not without_cue(page)
    block = page.locator("#put [data-more]").last       # others may be at their end after one key
    if kind == "formula":
        number = page.locator("#eq-wide .equation-number").bounding_box()
        box = block.bounding_box()
        assert box["x"] + box["width"] <= number["x"] < width
        assert number["x"] + number["width"] <= width
    block.focus()
    assert block.evaluate("(each) => getComputedStyle(each).maskImage") in ("none", "")
    frames(page)        # a key scrolls what was drawn with the focus
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(each) => each.dataset.more === 'left right'", arg=block.element_handle())
    block.evaluate("(each) => { each.scrollLeft = each.scrollWidth; }")
    page.wait_for_function("(each) => each.dataset.more === 'left'", arg=block.element_handle())


@pytest.mark.parametrize("printed", [
    f"{LETTERS}\n  {LETTERS}", "one two " * 40, "short", "a\n\n  b\n", ""])
def test_what_a_cell_printed_is_shown_whole_and_says_the_same(visit, printed):
    page = visit("chapters/maps.html", width=390)
    with_block(page, f"<div class='cell-output cell-output-stdout'><pre><code>{printed}</code></pre></div>")
    code = page.locator("main .cell-output pre > code").last
    assert code.evaluate("({parentElement: it}) => it.scrollWidth <= it.clientWidth + 1")
    assert code.evaluate("(each) => each.textContent").rstrip("\n") == printed.rstrip("\n")
    copied = code.evaluate("""(each) => {
        const range = document.createRange();
        range.selectNodeContents(each);
        getSelection().removeAllRanges();
        getSelection().addRange(range);
        return getSelection().toString();
    }""")
    assert copied.split("\n") == printed.rstrip("\n").split("\n")
    page.add_style_tag(content="code span { color: #003b4f; }")         # as Quarto's pages have it
    assert code.evaluate("""(each) => [each, ...each.children].every(
        (it) => getComputedStyle(it).color === getComputedStyle(each.closest("main")).color)""")


def opened(page):
    box = page.locator(".lightbox[open] .lightbox-stage > *").bounding_box()
    return box["width"]


def test_a_figure_opens_large_by_keyboard_and_gives_the_focus_back(visit):
    page = visit("chapters/blocks.html")
    figure = page.locator("main figure:has(.opens-large)").first
    small = figure.locator("img").bounding_box()["width"]
    button = figure.locator(".enlarge").first
    assert button.get_attribute("aria-label").startswith("Enlarge Figure")
    button.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Figure")).to_be_visible()
    large = opened(page)
    assert large > small
    assert [each for each in violations(page) if each[0] != "image-alt"] == []
    page.keyboard.press("+")
    until(lambda: opened(page) > 1.2 * large, "larger")
    page.keyboard.press("0")
    page.keyboard.press("Tab")
    for _ in range(8):          # the focus stays in the dialog
        assert page.evaluate("!!document.activeElement.closest('.lightbox') || document.activeElement === document.body")
        page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(page.locator(".lightbox[open]")).to_have_count(0)
    expect(button).to_be_focused()


def test_a_click_opens_a_figure_and_close_closes_it(visit):
    page = visit("chapters/blocks.html")
    page.locator("main img.opens-large").first.click()
    page.locator(".lightbox[open]").get_by_role("button", name="Close").click()
    expect(page.locator(".lightbox[open]")).to_have_count(0)


def test_one_opened_again_before_it_is_told_of_its_end_stays(visit):
    page = visit("chapters/blocks.html")
    page.evaluate("""() => new Promise((ended) => {
        const [button, lightbox] = [document.querySelector("main .enlarge"), document.querySelector(".lightbox")];
        button.click();
        lightbox.addEventListener("close", ended);
        lightbox.close();
        button.click();
    })""")
    assert opened(page) > 0


PICTURE = "<svg xmlns='http://www.w3.org/2000/svg' width='80' height='40'><rect width='80' height='40'/></svg>"


def test_a_picture_that_comes_late_and_a_window_that_changes_are_fitted(visit):
    page = visit("chapters/blocks.html")
    with_block(page, "<figure><img alt='late' width='80' height='40'></figure>")
    page.locator("#put .enlarge").click()
    page.locator(".lightbox-stage img").evaluate(
        "(late, svg) => { late.src = `data:image/svg+xml,${encodeURIComponent(svg)}`; }", PICTURE)
    width = "document.querySelector('.lightbox-stage img').getBoundingClientRect().width"
    page.wait_for_function(f"{width} > 800")
    page.set_viewport_size({"width": 500, "height": 800})
    page.wait_for_function(f"{width} <= 500")


def test_a_picture_that_is_a_link_stays_one(visit):
    page = visit("chapters/blocks.html")
    with_block(page, "<p><a href='#quarto-document-content'><img alt='a dot' width='90' height='90' "
                     "src='data:image/svg+xml,<svg xmlns=\"http://www.w3.org/2000/svg\"/>'></a></p>")
    page.locator("main p > a > img").click()
    assert page.locator(".lightbox[open]").count() == 0


def test_a_figure_opens_by_tap_and_two_fingers_make_it_larger(visit):
    page = visit("chapters/blocks.html", width=390, has_touch=True, is_mobile=True)
    picture = page.locator("main img.opens-large").first
    small = picture.bounding_box()["width"]
    picture.tap()
    large = opened(page)
    assert large > small
    fingers = page.context.new_cdp_session(page)

    def touch(kind, *places):
        fingers.send("Input.dispatchTouchEvent", {
            "type": kind, "touchPoints": [{"x": x, "y": y, "id": n} for n, (x, y) in enumerate(places)]})

    touch("touchStart", (180, 400), (210, 400))
    for apart in (20, 40, 60):
        touch("touchMove", (180 - apart, 400), (210 + apart, 400))
    touch("touchEnd")
    until(lambda: opened(page) > 2 * large, "twice as large")
    assert page.evaluate("visualViewport.scale") == 1
    page.get_by_role("button", name="Fit").tap()
    until(lambda: opened(page) <= 391, "as large as fits")


def test_a_wide_table_opens_whole(visit):
    page = visit("chapters/maps.html", width=390)
    with_block(page, BLOCKS["table"])
    page.get_by_role("button", name="Enlarge Table").last.click()
    shown = page.locator(".lightbox-stage > table")
    assert len(shown.locator("td").all()) == 12
    size = float(shown.evaluate("(each) => parseFloat(getComputedStyle(each).fontSize)"))
    assert opened(page) <= 391 or size == pytest.approx(9)
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 3000, "height": 900})
    page.evaluate("document.querySelector('#put > table').style.maxWidth = 'none'")
    expect(page.get_by_role("button", name="Enlarge Table").last).to_be_hidden()
