"""The page in Chromium, opened from disk: what a reader can do with it."""

import base64
import gzip
import json
import re
import subprocess
from io import BytesIO
from urllib.parse import unquote

import numpy as np
import pytest
from accessibility import violations
from bs4 import BeautifulSoup
from PIL import Image
from playwright.sync_api import expect
from waiting import frames, until

def in_both_looks(page):
    """What axe finds: by all its rules on the light page, in contrast on the dark one."""
    light = violations(page)
    page.evaluate("document.documentElement.dataset.bsTheme = 'dark'")
    return light + violations(page, "color-contrast")


def search(page, words):
    page.keyboard.press("/")
    page.keyboard.insert_text(words)
    page.wait_for_function("document.querySelector('.search-state').textContent")


# ------------------------------------------------------------------------------------ search

def test_search_finds_a_section_of_another_page_and_goes_there(visit):
    page = visit("index.html")
    assert not any("search-index" in address for address in page.asked)
    search(page, "closure affine")
    first = page.locator("#search-results a").first
    assert "Theorem-like blocks" in first.inner_text()
    assert first.locator("mark").count() >= 2
    page.keyboard.press("Enter")
    page.wait_for_url("**/chapters/maps.html#sec-theorems")
    assert all(address.startswith("file:") for address in page.asked)


@pytest.mark.parametrize("query, section", [
    ("exclusiv", "#sec-theorems"),              # the beginning of a word
    ("compositon", "#sec-theorems"),            # a slip of the pen
    ("GOODFELLOW explain", "#sec-citations"),
])
def test_search_forgives(visit, query, section):
    page = visit("index.html")
    search(page, query)
    links = page.locator("#search-results a")
    assert any(link.get_attribute("href").endswith(section) for link in links.all())


@pytest.mark.parametrize("query", ["zzyzzyva", "\"'\\ <img zzqq=qqzz>qqqqq", "zq(" * 2000])
def test_search_for_what_is_not_there_says_so(visit, query):
    page = visit("index.html")
    page.keyboard.press("Control+k")
    page.keyboard.insert_text(query)
    page.wait_for_function("document.querySelector('.search-state').textContent.startsWith('Nothing')")
    assert page.locator("#search-results a").count() == 0
    assert page.locator(".search-dialog img").count() == 0


def test_search_by_keyboard_alone(visit):
    page = visit("index.html")
    search(page, "section")
    options = page.locator("#search-results a")
    assert options.count() > 2
    page.keyboard.press("ArrowDown")
    expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    field = page.get_by_role("combobox")
    assert field.get_attribute("aria-activedescendant") == options.nth(1).get_attribute("id")
    page.keyboard.press("Escape")
    expect(page.locator(".search-dialog")).to_be_hidden()


def test_a_slash_typed_into_a_field_is_a_slash(visit):
    page = visit("index.html")
    page.evaluate("document.querySelector('main').append(document.createElement('textarea'))")
    page.locator("main textarea").press("/")
    assert page.locator("main textarea").input_value() == "/"
    assert not page.locator(".search-dialog").is_visible()


HOLD_SCRIPTS = """() => {
    const [plain, held] = [document.head.append.bind(document.head), []];
    document.head.append = (script) => held.push(script);
    window.release = () => held.splice(0).forEach((script) => plain(script));
    window.fail = () => held.splice(0).forEach((script) => script.dispatchEvent(new Event("error")));
}"""


def test_what_a_search_says_is_of_what_is_asked_now(visit):
    """The index may come when the words that asked for it are gone, or not at the first time."""
    page = visit("index.html")
    page.evaluate(HOLD_SCRIPTS)
    state = page.locator(".search-state")
    page.keyboard.press("/")
    page.keyboard.insert_text("layer")
    page.evaluate("fail()")
    expect(state).to_contain_text("The search does not work here")
    page.keyboard.insert_text("s")
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.evaluate("release()")
    page.wait_for_function("typeof bookSections !== 'undefined'")
    frames(page)
    assert state.inner_text() == ""
    page.keyboard.insert_text("layer")
    expect(state).to_contain_text("section")


# ------------------------------------------------------------------------------ light and dark

def theme(page):
    return page.evaluate("document.documentElement.dataset.bsTheme")


def test_the_theme_follows_the_system_until_the_reader_chooses(visit):
    page = visit("index.html", color_scheme="dark")
    assert theme(page) == "dark"
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.documentElement.dataset.bsTheme === 'light'")
    page.click(".theme-button")
    assert theme(page) == "dark"
    assert page.get_attribute(".theme-button", "aria-pressed") == "true"
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        frames(page)
        assert theme(page) == "dark"

    def remembered():       # by the browser, which writes it down when it has the time
        page.reload()
        return theme(page) == "dark"

    until(remembered, "the theme that was chosen")
    assert theme(visit("chapters/maps.html")) == "dark"


def test_a_nonsensical_memory_is_no_choice(visit):
    page = visit("index.html")
    page.evaluate("localStorage.setItem('book-theme', 'purple')")
    page.reload()
    assert theme(page) == "light"


# Okabe and Ito's colours, of which the figures are made, and how the three forms of colour
# blindness see them (Machado, Oliveira and Fernandes 2009, severity 1, on linear RGB).
PALETTE = ["#E69F00", "#56B4E9", "#009E73", "#0072B2", "#D55E00", "#CC79A7"]
SIGHT = {
    "full": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protan": [[.152286, 1.052583, -.204868], [.114503, .786281, .099216],
               [-.003882, -.048116, 1.051998]],
    "deutan": [[.367322, .860646, -.227968], [.280085, .672501, .047413],
               [-.011820, .042940, .968881]],
    "tritan": [[1.255528, -.076749, -.178779], [-.078411, .930809, .147602],
               [.004733, .691367, .303900]],
}


def picture_of(colours):
    stripes = "".join(f'<rect x="{60 * n}" width="60" height="60" fill="{colour}"/>'
                      for n, colour in enumerate(colours))
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" width="{60 * len(colours)}" height="60">' \
          f'{stripes}</svg>'
    return "data:image/svg+xml;base64," + base64.b64encode(svg.encode()).decode()


def shown(page, colours):
    """The colours that a figure with stripes of these colours has on the page, as linear RGB."""
    page.evaluate("""(source) => {
        const image = document.querySelector('main figure img');
        image.src = source; image.style.width = 'max-content'; image.style.maxWidth = 'none';
        return image.decode();
    }""", picture_of(colours))
    image = page.locator("main figure img").first
    pixels = np.asarray(Image.open(BytesIO(image.screenshot())).convert("RGB")) / 255
    row = pixels[30, 30:60 * len(colours):60]
    return np.where(row <= 0.04045, row / 12.92, ((row + 0.055) / 1.055) ** 2.4)


def lab(linear):
    xyz = linear @ np.array([[.4124564, .3575761, .1804375], [.2126729, .7151522, .0721750],
                             [.0193339, .1191920, .9503041]]).T / [.95047, 1, 1.08883]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_figure_has_the_pages_ground_and_colours_that_stand_out(visit, scheme):
    page = visit("chapters/cells.html", color_scheme=scheme)
    ground, ink, *colours = shown(page, ["#FFFFFF", "#000000", *PALETTE])
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    paper = np.array(re.findall(r"\d+", paper)[:3], int) / 255
    assert np.allclose(ground, ((paper + 0.055) / 1.055) ** 2.4, atol=0.01)
    light = np.array([ink, *colours]) @ [.2126, .7152, .0722]
    contrast = (np.maximum(light, ground @ [.2126, .7152, .0722]) + 0.05) / (
        np.minimum(light, ground @ [.2126, .7152, .0722]) + 0.05)
    assert contrast[0] > 10
    assert np.all(contrast[1:] > (2 if scheme == "light" else 3)), contrast


def test_on_dark_the_figures_colours_stay_as_far_apart_as_on_light(visit):
    shown_on = {scheme: shown(visit("chapters/cells.html", color_scheme=scheme), PALETTE)
                for scheme in ("light", "dark")}

    def nearest(scheme, sight):
        seen = lab(np.clip(shown_on[scheme] @ np.array(SIGHT[sight]).T, 0, 1))
        apart = np.linalg.norm(seen[:, None] - seen[None], axis=-1)
        return apart[np.triu_indices(len(PALETTE), 1)].min()

    for sight in SIGHT:
        assert nearest("dark", sight) > 0.7 * nearest("light", sight), sight


def test_a_photograph_is_left_alone(visit):
    page = visit("chapters/cells.html", color_scheme="dark")
    image = page.locator("main figure img").first
    shown = "getComputedStyle(e).filter"
    assert image.evaluate(f"(e) => {shown}") != "none"
    assert image.evaluate(f"(e) => {{ e.src = 'a.JPG'; return {shown} }}") == "none"
    assert image.evaluate(f"(e) => {{ e.src = 'a.png'; return {shown} }}") != "none"
    assert image.evaluate(f"(e) => {{ e.parentNode.classList.add('as-is'); return {shown} }}") == "none"


# --------------------------------------------------------------------------------- mathematics

def boxes(page, selector):
    return page.evaluate("""(selector) => [...document.querySelectorAll(selector)].map((e) => {
        const { left, right, top, bottom } = e.getBoundingClientRect();
        return { left, right, top, bottom };
    })""", selector)


def test_a_fraction_stands_on_its_bar_and_the_number_at_the_margin(visit):
    page = visit()
    over, under = boxes(page, "#eq-sigmoid mfrac > *")
    assert over["bottom"] <= under["top"] + 1
    number, = boxes(page, "#eq-sigmoid .equation-number")
    formula, = boxes(page, "#eq-sigmoid mfrac")
    column, = boxes(page, "#sec-math > p:first-of-type")
    assert abs(number["right"] - column["right"]) < 2
    assert number["top"] < under["bottom"] and number["bottom"] > over["top"]
    assert column["left"] + 100 < formula["left"] < number["left"] - 100


def test_aligned_lines_meet_at_the_sign(visit):
    page = visit()
    left_sides = boxes(page, "#eq-two-lines mtr > mtd:first-child > :last-child")
    right_sides = boxes(page, "#eq-two-lines mtr > mtd:nth-child(2) mo:first-of-type")
    assert len(left_sides) == len(right_sides) == 2
    assert abs(left_sides[0]["right"] - left_sides[1]["right"]) < 2
    assert abs(right_sides[0]["left"] - right_sides[1]["left"]) < 2


def test_no_line_begins_with_the_comma_after_a_formula(visit):
    for width in range(320, 420, 20):
        page = visit(width=width)
        split = page.evaluate("""() => [...document.querySelectorAll('main p > .unbroken')].filter((e) =>
            new Set([...e.getClientRects()].map((box) => Math.round(box.left))).size > 1
            && e.getClientRects().length > 1).length""")
        assert split == 0


# ------------------------------------------------------------------------------------ previews

def point_at(page, element):
    """Point at what is in view and rests, for a page that scrolls takes its preview away."""
    element.scroll_into_view_if_needed()
    frames(page)
    element.hover()


@pytest.mark.parametrize("link, says", [
    ("a.footnote-ref >> nth=1", "Written below"),
    (".citation a >> nth=0", "Deep Learning"),                                  # another page
    ("a.quarto-xref[href='#eq-sigmoid'] >> nth=0", "(1.1)"),
    ("a.quarto-xref[href='#thm-affine'] >> nth=0", "A composition of affine maps"),
    ("a.quarto-xref[href='#tbl-activations'] >> nth=0", "Two activation functions"),
    ("a.quarto-xref[href='#sec-subsection'] >> nth=0", "It has a label too"),
    ("a.quarto-xref[href$='#sec-callouts'] >> nth=0", "callout"),               # another page
    ("a.quarto-xref[href$='#eq-dual'] >> nth=0", "(A.1)"),                      # another page
])
def test_a_preview_shows_what_a_reference_leads_to(visit, link, says):
    page = visit()
    point_at(page, page.locator(f"main >> {link}"))
    preview = page.get_by_role("tooltip")
    preview.wait_for()
    assert says.lower() in preview.inner_text().lower()
    box = preview.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280
    assert box["y"] >= 0 and box["y"] + box["height"] <= 900
    assert page.evaluate("new Set([...document.querySelectorAll('[id]')].map((e) => e.id)).size === "
                         "document.querySelectorAll('[id]').length")
    page.keyboard.press("Escape")
    expect(preview).to_be_hidden()


def test_a_preview_shows_a_figure(visit):
    page = visit("chapters/cells.html")
    point_at(page, page.locator("main a.quarto-xref[href^='#fig-']").first)
    page.get_by_role("tooltip").wait_for()
    page.wait_for_function("document.querySelector('.preview img')?.naturalWidth > 0")


def test_a_preview_follows_the_focus_and_can_be_pointed_at(visit):
    page = visit(height=300)
    link = page.locator("main a.footnote-ref").first
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.evaluate("scrollTo(0, 0)")
    frames(page)
    page.keyboard.press("Tab")          # scrolls to the link
    preview = page.get_by_role("tooltip")
    frames(page)
    assert page.evaluate("scrollY") > 0
    assert link.get_attribute("aria-describedby") == "preview"
    for move in (lambda: page.evaluate("scrollBy(0, 20)"),
                 lambda: page.set_viewport_size({"width": 1000, "height": 300})):
        move()
        frames(page)
        page.wait_for_function("""() => {
            const link = document.activeElement.getBoundingClientRect();
            const shown = document.querySelector('.preview').getBoundingClientRect();
            return Math.min(Math.abs(link.bottom - shown.top),
                            Math.abs(link.top - shown.bottom)) < 20;
        }""")
    link.scroll_into_view_if_needed()
    frames(page)
    page.clock.install()
    preview.hover()
    page.clock.run_for(5000)
    assert preview.is_visible()
    point_at(page, page.locator("main h1"))
    page.clock.run_for(5000)
    assert not preview.is_visible()


def test_a_link_into_nothing_has_no_preview(visit):
    page = visit()
    page.evaluate("document.querySelector('main a.quarto-xref').setAttribute('href', '#%E0%A4%A')")
    page.clock.install()
    links = page.locator("main a.quarto-xref")
    for link, is_shown in ((links.first, False), (links.nth(1), True)):
        point_at(page, link)
        page.clock.run_for(5000)
        assert page.get_by_role("tooltip").is_visible() == is_shown


# ------------------------------------------------------------------------------------ keyboard

def test_everything_is_reached_by_tab_with_visible_focus(visit):
    page = visit("chapters/blocks.html")
    wanted = page.evaluate("""() => [...document.querySelectorAll(
        'a[href], button, input:not([disabled]), summary, [tabindex="0"]')]
        .filter((e) => e.checkVisibility() && e.tabIndex >= 0
                       && !(e.name && e.type === 'radio')).length""")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip-link"
    seen = page.evaluate_handle("new Set()")
    for _ in range(wanted + 5):
        told = page.evaluate("""(seen) => {
            const e = document.activeElement, style = getComputedStyle(e);
            if (e === document.body) return null;
            seen.add(e);
            return [e.outerHTML.slice(0, 80), style.outlineStyle, parseFloat(style.outlineWidth),
                    parseFloat(style.opacity)];
        }""", seen)
        if told is None:
            break
        assert told[1] != "none" and told[2] >= 2 and told[3] > 0.5, told[0]
        page.keyboard.press("Tab")
    assert page.evaluate("(seen) => seen.size", seen) >= wanted


def test_the_skip_link_leads_to_the_text(visit):
    page = visit()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**#quarto-document-content")
    page.keyboard.press("Tab")
    page.wait_for_function("!!document.activeElement.closest('main')")


# -------------------------------------------------------------------------- phone, print, weight

def test_a_phone_scrolls_no_page_sideways(visit, names):
    for name in names:
        page = visit(name, width=390, height=844, has_touch=True)
        assert page.evaluate("document.documentElement.scrollWidth") == 390, name
        wide = page.evaluate("""() => [...document.querySelectorAll('main *')].filter((e) => {
            const box = e.getBoundingClientRect();
            if (box.right <= 391 || !box.width) return false;
            for (let up = e.parentElement; up; up = up.parentElement) {
                if (getComputedStyle(up).overflowX !== 'visible') return up === document.body;
            }
            return true;
        }).map((e) => e.outerHTML.slice(0, 100))""")
        assert not wide, name


def test_the_contents_open_and_close_on_a_phone(visit):
    page = visit(width=390, height=844)
    side = page.locator("#quarto-sidebar")
    assert not side.is_visible()
    page.click(".menu-button")
    expect(side).to_be_visible()
    page.keyboard.press("Escape")
    expect(side).to_be_hidden()


@pytest.mark.needs("poppler")
def test_print_holds_the_text_alone_and_is_light(visit, tmp_path):
    page = visit(color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(35, 38, 43)"
    page.pdf(path=tmp_path / "page.pdf")
    printed = subprocess.run(["pdftotext", tmp_path / "page.pdf", "-"], capture_output=True,
                             text=True, check=True).stdout
    assert "A composition of affine maps" in printed
    assert "Report an issue" not in printed and "Copy" not in printed


def test_nothing_comes_from_another_host_and_the_page_is_light_of_weight(visit, names):
    """The measure is what a server that compresses text sends before the pictures."""
    for name in names:
        page = visit(name, color_scheme="light")
        page.wait_for_load_state("load")
        assert all(address.startswith("file:") for address in page.asked), page.asked
        files = [unquote(address.removeprefix("file://")) for address in page.asked
                 if not re.search(r"\.(svg|png)$", address)]
        assert any(file.endswith(".woff2") for file in files)
        assert sum(map(sent, files)) < 400_000, name


def sent(path):
    """The bytes of a file on its way; fonts are compressed as they are."""
    with open(path, "rb") as file:
        content = file.read()
    return len(content if path.endswith(".woff2") else gzip.compress(content, 6))


# --------------------------------------------------------------------------------- small things

def test_code_is_copied(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.clock.install(time=0)
    page.clock.pause_at(1000)       # the button says so for a moment only
    block = page.locator("main div.sourceCode").first
    block.hover()
    block.get_by_role("button").click()
    page.wait_for_function("document.querySelector('.copy-button').textContent === 'Copied'")
    assert page.evaluate("navigator.clipboard.readText()") == "def layer(x, w, b):\n    return w @ x + b"
    page.clock.run_for(1000)
    block.get_by_role("button").click()         # and again: the moment begins anew
    copied = page.evaluate_handle("navigator.clipboard.writeText(' ').then(() => true)")
    assert copied.json_value()
    page.clock.run_for(1000)
    assert block.get_by_role("button").inner_text() == "Copied"
    page.clock.run_for(5000)
    assert block.get_by_role("button").inner_text() == "Copy"


def test_copying_takes_no_focus_from_where_the_reader_has_gone(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    page.evaluate("""() => {
        navigator.clipboard.writeText = () => new Promise((done) => { window.copied = done; });
    }""")
    button = page.locator("main div.sourceCode").first.get_by_role("button")
    button.click()
    page.locator("main a").first.focus()
    page.evaluate("copied()")
    expect(button).to_have_text("Copied")
    expect(page.locator("main a").first).to_be_focused()
    page.evaluate("delete navigator.clipboard.writeText")
    page.evaluate("Object.defineProperty(navigator, 'clipboard', { value: undefined })")
    button.click()
    expect(button).to_be_focused()


def test_headings_can_be_linked_to(visit):
    page = visit()
    link = page.locator("#sec-math > h2 > .anchor-link")
    page.locator("#sec-math > h2").hover()
    assert link.get_attribute("href") == "#sec-math"
    expect(link).to_have_css("opacity", "1")


def test_the_page_can_be_edited_opened_as_notebook_and_left(visit, book):
    page = visit("chapters/cells.html")
    actions = page.locator(".page-actions")
    edit = actions.get_by_role("link", name="Edit this page").get_attribute("href")
    assert edit == "https://example.org/us/book/edit/main/chapters/cells.qmd"
    link = actions.get_by_role("link", name="Open as notebook")
    assert link.get_attribute("download") is not None
    notebook = json.loads((book / "chapters" / link.get_attribute("href")).read_text())
    assert any("plt.plot" in "".join(cell["source"]) for cell in notebook["cells"])
    page.locator("a[rel=prev]").last.click()
    page.wait_for_url("**/chapters/maps.html")
    assert page.get_by_role("link", name="Open as notebook").count() == 0       # it has no cells


def test_tabs_switch_by_arrow_keys(visit):
    page = visit("chapters/blocks.html")
    tabs = page.locator(".panel-tabset").first.get_by_role("tab")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.nth(1)).to_have_attribute("aria-selected", "true")
    expect(page.locator(f"#{tabs.nth(1).get_attribute('aria-controls')}")).to_be_visible()


def test_tabsets_of_a_group_switch_together_and_on_the_next_page(visit, book):
    text = (book / "chapters" / "blocks.html").read_text(encoding="utf-8")
    soup = BeautifulSoup(text, "html.parser")
    first = soup.select_one(".panel-tabset")
    first["data-group"] = "g"
    first.insert_after(BeautifulSoup(str(first).replace("tabset-", "other-"), "html.parser").div)
    grouped = book / "chapters" / "grouped.html"
    grouped.write_text(str(soup), encoding="utf-8")
    try:
        for act in (lambda tabs: tabs.nth(1).click(), lambda tabs: None):
            page = visit("chapters/grouped.html")
            tabs = page.locator(".panel-tabset[data-group=g]").get_by_role("tab")
            act(tabs)
            chosen = tabs.evaluate_all("(all) => all.map((e) => e.getAttribute('aria-selected'))")
            assert chosen == ["false", "true", "false"] * 2
    finally:
        grouped.unlink()


def test_a_callout_folds_by_keyboard_and_unfolds_for_a_link_into_it(visit):
    page = visit("chapters/blocks.html")
    closed = page.locator('.callout:has([aria-expanded="false"])').first
    header, body = closed.get_by_role("button", name="Closed at first"), closed.locator(".callout-body")
    assert not body.is_visible()
    header.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hidden until it is opened.")).to_be_visible()
    page.keyboard.press("Space")
    expect(page.get_by_text("Hidden until it is opened.")).to_be_hidden()
    page.evaluate("document.querySelector('[aria-expanded=false] + .callout-body').id = 'within'")
    page.evaluate("location.hash = 'within'")
    page.get_by_text("Hidden until it is opened.").wait_for()


def test_a_link_into_what_is_closed_opens_it_each_time_and_leads_there(visit):
    page = visit("chapters/blocks.html")
    page.evaluate("""() => {
        document.querySelector("[aria-expanded=false] + .callout-body").id = "folded";
        document.querySelector(".tab-pane:not(.active)").firstElementChild.id = "in-tab";
        document.querySelector("main h1").insertAdjacentHTML("afterend",
            "<p><a href='#folded'>to the callout</a> <a href='#in-tab'>to the tab</a></p>");
    }""")
    hidden, tab = page.get_by_text("Hidden until it is opened."), page.locator("#in-tab")
    for _ in range(2):
        page.get_by_text("to the callout").click()
        expect(hidden).to_be_visible()
        page.get_by_role("button", name="Closed at first").click()
        expect(hidden).to_be_hidden()
    for _ in range(2):
        page.get_by_text("to the tab").click()
        expect(tab).to_be_visible()
        expect(tab).to_be_in_viewport()
        tabs = page.locator(".panel-tabset:has(#in-tab)").first.get_by_role("tab")
        tabs.first.click()
        expect(tab).to_be_hidden()


def test_the_contents_step_aside_for_a_note_that_comes_to_lie_over_them(visit):
    """As it does when what stands above it, a picture perhaps, has its size later."""
    page = visit("chapters/blocks.html")
    covered = "document.querySelector('.page-side').classList.contains('covered')"
    assert not page.evaluate(covered)
    page.evaluate("""() => {
        const note = document.querySelector("main :is(.column-margin, .aside)");
        const isAbove = (each) => note.compareDocumentPosition(each) === Node.DOCUMENT_POSITION_PRECEDING;
        for (const each of [...document.querySelectorAll("main *")].filter(isAbove)) each.hidden = true;
    }""")
    page.wait_for_function(covered)


def test_a_remark_stands_beside_its_paragraph(visit):
    page = visit("chapters/blocks.html")
    line = page.get_by_text("A line with an aside.").bounding_box()
    remark = page.get_by_text("Beside the line.").bounding_box()
    assert remark["x"] > line["x"] + 400 and abs(remark["y"] - line["y"]) < 15
    narrow = visit("chapters/blocks.html", width=390)
    line = narrow.get_by_text("A line with an aside.").bounding_box()
    assert narrow.get_by_text("Beside the line.").bounding_box()["y"] > line["y"]


def test_without_scripts_everything_can_be_read(visit):
    page = visit("chapters/blocks.html", java_script_enabled=False, width=390)
    assert page.locator("#quarto-sidebar").is_visible()
    assert all(panel.is_visible() for panel in page.locator(".tab-pane").all())
    assert all(body.is_visible() for body in page.locator(".callout-body").all())
    assert not any(button.is_visible() for button in page.locator(".book-bar button").all())


# --------------------------------------------------------------------------------------- axe

# Pictures to which the sample's author gave no words; a seventh is in a tab that is closed.
WITHOUT_WORDS = {"appendices/notation.html": ["neuron"], "chapters/cells.html": ["fig-tanh", "cell"],
                 "chapters/blocks.html": ["fig-neuron", "fig-side-neuron", "fig-side-chain",
                                          "sec-picture-plain"]}


def test_axe_finds_nothing_on_any_page_light_or_dark_but_pictures_without_words(visit, names):
    for name in names:
        page = visit(name)
        found = in_both_looks(page)
        assert [each for each in found if each[0] != "image-alt"] == [], name
        speechless = [target for rule, (target,), _ in found if rule == "image-alt"]
        assert len(speechless) == len(WITHOUT_WORDS.get(name, [])), name
        for target, words in zip(speechless, WITHOUT_WORDS.get(name, [])):
            assert words in target or words in page.locator(target).first.get_attribute("src")


def test_axe_finds_nothing_in_search_and_preview(visit):
    page = visit()
    search(page, "layer")
    assert in_both_looks(page) == []
    page.keyboard.press("Escape")
    point_at(page, page.locator("main a.quarto-xref[href^='#thm-']").first)
    page.get_by_role("tooltip").wait_for()
    assert in_both_looks(page) == []
