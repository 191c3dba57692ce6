"""The real book, whole, as readers get it: pages, PDF and EPUB by the built-in press."""

import re
import subprocess
import zipfile
from collections import Counter
from functools import cache
from pathlib import Path

import pikepdf
import pytest
import yaml
from accessibility import violations
from bs4 import BeautifulSoup
from lxml import etree
from layout import wide, without_cue
from printed import blanks
from programs import CHECK_EPUB, ROOT
from waiting import frames

from bookbuild.source import Cell, split_source

CONFIG = yaml.safe_load((ROOT / "_quarto.yml").read_text(encoding="utf-8"))
SOURCES = [*CONFIG["book"]["chapters"], *CONFIG["book"]["appendices"]]
PAGES = [re.sub(r"qmd$", "html", source) for source in SOURCES]


@cache
def page_of(book, name):
    return BeautifulSoup((book.output / name).read_text(encoding="utf-8"), "lxml")


def test_each_chapter_is_there_in_each_form(real_book):
    assert {path.relative_to(real_book.output).as_posix() for path in
            real_book.output.rglob("*.html")} == set(PAGES)
    titles = [page_of(real_book, name).main.h1.get_text(" ", strip=True) for name in PAGES]
    with pikepdf.open(real_book.output / "neural-networks.pdf") as pdf, pdf.open_outline() as outline:
        marks = " ".join(mark.title for mark in outline.root)
    with zipfile.ZipFile(real_book.output / "neural-networks.epub") as file:
        listed = file.read("EPUB/nav.xhtml").decode()
    for title in titles:
        words = re.sub(r"^(Appendix )?\w+ *(—|–) *|^\d+ +", "", title.replace("\xa0", " "))
        assert len(words) > 5 and words in marks and words in listed, title


def test_the_press_finds_nothing_wrong(real_book):
    assert not re.search(r"(?i)warning|not accessible|problem|Traceback", real_book.said)
    assert real_book.said.count("cell 1 of") == 6       # each chapter with cells was run, once


# ----------------------------------------------------------------------------------- pages

@pytest.mark.parametrize("width, scheme", [(1280, "light"), (390, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_and_nothing_is_cut(chromium, real_book, name, width, scheme):
    page = chromium.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme,
                             reduced_motion="reduce")
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto((real_book.output / name).as_uri())
    page.evaluate("document.fonts.ready.then(() => true)")
    # The look that it came in first; of the other, what another look may change. What is shown at
    # both widths, the text, has its contrast seen in the other look at the other width.
    rest = {"include": ["html", ".live-cell"], "exclude": ["main"]}
    for shown in sorted(["light", "dark"], key=scheme.__ne__):
        page.emulate_media(color_scheme=shown)
        page.wait_for_function("(shown) => document.documentElement.dataset.bsTheme === shown",
                               arg=shown)
        frames(page)
        found = violations(page) if shown == scheme else violations(page, "color-contrast", within=rest)
        assert found == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert (wide if width == 1280 else without_cue)(page) == []
    assert not errors and all(url.startswith("file:") for url in asked)
    page.close()


@pytest.mark.parametrize("name", PAGES)
def test_every_picture_has_words(real_book, name):
    pictures = page_of(real_book, name).main.find_all("img")
    assert all(picture.get("alt", "").strip() for picture in pictures)
    assert len(pictures) >= name.endswith(("neural-networks.html", "smoke.html"))


# ------------------------------------------------------------------------------------- PDF

def elements(node, parents=()):
    """The structure elements of a PDF, each with the kinds that it stands in."""
    children = node.get("/K", [])
    for child in children if isinstance(children, pikepdf.Array) else [children]:
        if isinstance(child, pikepdf.Dictionary) and "/S" in child:
            yield child, parents
            yield from elements(child, (*parents, str(child.S)))


@pytest.fixture(scope="module")
def pdf(real_book):
    with pikepdf.open(real_book.output / "neural-networks.pdf") as opened:
        yield opened


def test_the_pdf_says_that_it_is_ua_1_and_has_what_that_asks(pdf):
    with pdf.open_metadata() as metadata:
        assert metadata["pdfuaid:part"] == "1"
        assert metadata["dc:title"] == CONFIG["book"]["title"]
    assert pdf.Root.MarkInfo.Marked
    assert str(pdf.Root.Lang) == CONFIG["lang"]
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    for page in pdf.pages:
        assert "/StructParents" in page.obj
        if "/Annots" in page.obj:
            assert page.obj.Tabs == "/S"
    for font in {font.objgen: font for page in pdf.pages
                 for font in page.obj.get("/Resources", {}).get("/Font", {}).values()}.values():
        assert "/ToUnicode" in font


def test_the_pdfs_figures_and_formulas_have_words_and_its_headings_an_order(pdf, real_book):
    found = list(elements(pdf.Root.StructTreeRoot))
    kinds = Counter(str(element.S) for element, _ in found)
    for element, _ in found:
        if str(element.S) in ("/Figure", "/Formula"):
            assert str(element.get("/Alt", "")).strip()
    pictures = sum(len(page_of(real_book, name).main.find_all("img")) for name in PAGES)
    formulas = sum(len(page_of(real_book, name).main.find_all("math")) for name in PAGES)
    assert kinds["/Figure"] == pictures > 5
    assert kinds["/Formula"] > 0.8 * formulas > 100
    assert kinds["/H1"] >= len(PAGES)
    level = 0
    for element, _ in found:
        if heading := re.fullmatch(r"/H(\d)", str(element.S)):
            assert int(heading[1]) <= level + 1
            level = int(heading[1])


@pytest.mark.needs("poppler")
def test_the_pdfs_pages_are_filled_but_at_the_ends_of_chapters(real_book):
    found = blanks(real_book.output / "neural-networks.pdf")
    assert len(found) > 90
    assert {page: blank for page, blank in found.items() if blank > 0.2} == {}


FOR_PAGES = re.compile(r"(?ms)^::: \{\.content-visible when-format=\"html.*?^:::$")


@pytest.mark.needs("poppler")
def test_no_cell_of_up_to_twenty_lines_is_split(real_book):
    text = subprocess.run(["pdftotext", "-layout", real_book.output / "neural-networks.pdf", "-"],
                          capture_output=True, text=True, check=True).stdout
    pages = [re.sub(r"\s", "", page) for page in text.split("\f")]
    seen = 0
    for name in SOURCES:
        written = (real_book.root / name).read_text(encoding="utf-8")
        for piece in split_source(FOR_PAGES.sub("", written)).pieces:
            if not isinstance(piece, Cell) or "false" in (
                    str(piece.options.get(name, True)).lower() for name in ("echo", "include")):
                continue
            lines = [re.sub(r"\s", "", line)[:50] for line in piece.code.strip("\n").splitlines()]
            if len(lines) <= 20:
                seen += 1
                assert any(all(line in page for line in lines) for page in pages), piece.code
    assert seen > 40


# ------------------------------------------------------------------------------------ EPUB

@pytest.mark.needs("epubcheck")
def test_epubcheck_finds_nothing(real_book):
    done = subprocess.run([*CHECK_EPUB, real_book.output / "neural-networks.epub"],
                          capture_output=True, text=True)
    assert done.returncode == 0 and "No errors or warnings detected" in done.stdout, \
        done.stdout + done.stderr


def test_the_epubs_pictures_and_formulas_are_those_of_the_pages(real_book):
    counts = Counter()
    with zipfile.ZipFile(real_book.output / "neural-networks.epub") as file:
        for name in filter(lambda name: Path(name).suffix == ".xhtml", file.namelist()):
            page = etree.fromstring(file.read(name))
            pictures = list(page.iter("{*}img"))
            assert all(image.get("alt", "").strip() for image in pictures)
            counts["pictures"] += len(pictures)
            counts["formulas"] += sum(1 for _ in page.iter("{*}math"))
    pages = [page_of(real_book, name).main for name in PAGES]
    assert counts["pictures"] == sum(len(page.find_all("img")) for page in pages)
    assert counts["formulas"] >= sum(len(page.find_all("math")) for page in pages)
