"""What the press knows of Quarto's vocabulary, as data.

An entry says of a name, in the places where an author may write it, what the press does about
it and why. The checks, the sentences of refusals and the list of what is covered are made of it.
"""

import json
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

PRINTED, HARMLESS, REFUSED = "printed", "harmless", "refused"
ELSEWHERE = "render with Quarto instead"
UNKNOWN = "the built-in press does not know {}: {{mend}}".format


@dataclass(frozen=True)
class Place:
    """Where names stand: a title for the documentation, and the sentences of mistakes there."""

    title: str
    refusal: str
    wrong_value: str = "`{name}` takes {words}, not {value!r}"


@dataclass(frozen=True)
class Values:
    """Some values of a name, in words and as a test."""

    words: str
    hold: Callable[[Any], object]


class Attribute(NamedTuple):
    """The value of an attribute, and the pandoc element and the id that it stands on."""

    value: str
    element: str
    id: str


@dataclass(frozen=True)
class Entry:
    """What the press does about a name.

    Attributes
    ----------
    name : str
        The name; `*` stands for any characters, and names without it go first.
    places : tuple of Place
        Where the entry holds.
    verdict : str
        PRINTED as Quarto does; HARMLESS: the book says the same without it; or REFUSED.
    reason : str
        Why, for the documentation.
    mend : str
        What an author does about a refusal.
    takes : Values or None
        The values that it may have, if that is looked at.
    only : Values or None
        The values for which the entry holds; for others, a later one does.
    refusal : str
        A sentence in the place of the place's.
    """

    name: str
    places: tuple[Place, ...]
    verdict: str
    reason: str = ""
    mend: str = ELSEWHERE
    takes: Values | None = None
    only: Values | None = None
    refusal: str = ""

    @property
    def stops(self) -> str:
        """The presses that a refusal stops: what is wrong for Quarto as well stops both."""
        return "builtin" if "Quarto" in self.mend else "both"


# ------------------------------------------------------------------------------------ places

TOP = Place("Keys of `_quarto.yml`", UNKNOWN("the key `{name}`"))
PROJECT, BOOK = (Place(f"Keys of `{section}`", UNKNOWN(f"the key `{section}: {{name}}`"),
                       f"`{section}: {{name}}` takes {{words}}, not {{value!r}}")
                 for section in ("project", "book"))
AUTHOR = Place("Keys of an author", UNKNOWN("an author's `{name}`"))
FILE = Place("Files of chapters",
             "the built-in press prints .qmd and .md chapters only, not {name}: {mend}")
BESIDE = Place("Files that Quarto reads by their names",
               "the built-in press does not read {name}: {mend}")
FORMAT_NAME = Place("Formats", UNKNOWN("the format `{name}`"))
FORMAT = Place("Keys of a format", UNKNOWN("the key `{shown}`"))
WORDS = Place("Languages", UNKNOWN("the words of the language `{name}`"))
HEAD = Place("Keys of a chapter's front matter",
             f"`{{name}}` in a chapter's front matter: {UNKNOWN('it')}")
_OPTION = "the cell option `{name}` takes {words}, not {value!r}"
CELL = Place("Options of cells", UNKNOWN("the cell option `{name}`"), _OPTION)
EXECUTE = Place("Keys of `execute`", UNKNOWN("the key `execute: {name}`"), _OPTION)
LANGUAGE = Place("Languages of cells",
                 "the built-in press runs Python cells only, not `{{{name}}}`: {mend}")
EXPRESSION = Place("Languages of expressions in the text",
                   "the built-in press runs Python only, not `{{{name}}}`: {mend}")
SHORTCODE = Place("Shortcodes", UNKNOWN("the shortcode `{name}`"))
CLASS = Place("Classes", f"`{{name}}`: {UNKNOWN('it')}")
ATTRIBUTE = Place("Attributes", f"`{{shown}}`: {UNKNOWN('it')}")
RAW = Place("Raw text", f"raw `{{name}}`: {UNKNOWN('it')}")
MARKDOWN = Place("Markdown", f"{{name}}: {UNKNOWN('it')}")
DOCUMENT, SETTINGS = (TOP, FORMAT, HEAD), (TOP, FORMAT)

# ------------------------------------------------------------------------------------ values

# What gives Quarto's pages what this press gives its own: live cells, mathematics, a script.
OWN_FILES = ("code/bookbuild/print/theme/", "code/bookbuild/live/")
OWN_STEPS = ("code/bookbuild/live/quarto/prepare.py",
             "code/bookbuild/print/theme/quarto/finish.py")


def is_text(value) -> bool:
    return isinstance(value, (str, int, float)) and not isinstance(value, bool)


def _texts(value) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _id(value) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9_][\w.:-]*", value) is not None


def _own(value) -> bool:
    listed = value if isinstance(value, list) else [] if value is None else [value]
    paths = [each.get("path") if isinstance(each, dict) else each for each in listed]
    return all(str(path).startswith(OWN_FILES) for path in paths)


def _named(value) -> bool:
    """Is this a theme by its name, or several, and no file but the book's own?"""
    if isinstance(value, (dict, list)):
        return all(map(_named, value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and (re.fullmatch(r"[a-z-]+", value) is not None or _own(value))


def day_of(value) -> date | None:
    """The day that a date names, in one of the forms that the press reads."""
    if value in ("today", "now"):
        return date.today()
    for form in ("%Y-%m-%d", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%m/%d/%Y", "%m-%d-%Y"):
        with suppress(ValueError):
            return datetime.strptime(str(value), form).date()
    return None


def _formulas(value) -> bool:
    method = value.get("method") if isinstance(value, dict) else value
    return method in ("mathml", "mathjax", "katex")


def layout_rows(value) -> list[list[float]] | None:
    """What a `layout` says, as JSON or as YAML gives it: rows of shares of the width, or one row.

    The shares of gaps are negative. None for anything else.
    """
    try:
        given = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return None
    rows = given if isinstance(given, list) else []
    rows = rows if any(isinstance(row, list) for row in rows) else [rows]
    known = all(isinstance(row, list) and all(
        type(share) in (int, float) and 0 < abs(share) < 1e6 for share in row)
        and any(share > 0 for share in row) for row in rows)
    return rows if known else None


def flag_or(word: str) -> Values:
    return Values(f"true, false or {word}", lambda v: isinstance(v, bool) or v == word)


def _depth(value) -> bool:
    return type(value) is int and 1 <= value <= 6


TEXT = Values("a text", lambda v: v is None or is_text(v))
WORDING = Values("text", lambda v: isinstance(v, str))
TITLE = Values("a text", lambda v: isinstance(v, (str, int, float)))
CODE = Values("a language such as en-GB", lambda v: isinstance(v, str) and re.fullmatch(
    r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8})*", v))
ADDRESS = Values("an address, https://...",
                 lambda v: v in ("", None) or isinstance(v, str) and re.match(r"https?://\S+$", v))
FLAG = Values("true or false", lambda v: isinstance(v, bool))
TRUE = Values("true", lambda v: v is True)
FALSE = Values("false", lambda v: v is False)
OWN = Values("the book's own", _own)
NAMED = Values("names, or the book's own files", _named)
DAY = Values("a day such as 2026-11-25, `today` or `last-modified`",
             lambda v: v in ("", None, "last-modified") or day_of(v))
PICTURE_TEXTS = Values("text, or a list of texts, one a picture",
                       lambda v: isinstance(v, str) or _texts(v))
# Of the last ones no press here makes any: what is meant for them is left out, or shown.
TARGETS = ("html", "html:js", "typst", "epub", "pdf", "latex", "docx", "pptx", "revealjs")
TARGET = Values(f"{', '.join(TARGETS[:-1])} or {TARGETS[-1]}", lambda a: a.value in TARGETS)
COLUMNS = Values("1 to 99", lambda a: re.fullmatch(r"[1-9]\d?", a.value) is not None)

# ------------------------------------------------------------------------------------ entries


def _all(verdict: str, places: Place | tuple[Place, ...], names: str, reason: str = "",
         **more) -> list[Entry]:
    """An entry for each of some names."""
    places = places if isinstance(places, tuple) else (places,)
    return [Entry(name, places, verdict, reason, **more) for name in names.split()]


_KNITR = "the cell option `{name}` has no effect in Python cells: {mend}"
_FIGURE_SIZE = "set the size in the code, as in `plt.figure(figsize=(7, 4))`"
_BY_ITSELF = "the press does it by itself"
_LATEX = "of LaTeX, by which no format here is made"
_AS_IT_IS = "it is so"
_AT_THE_TOP = "say it at the top of `_quarto.yml`, or render with Quarto"
_ONE_PLACE = "figures and tables stand in one place"
_AS_IT_STANDS = "code is shown as it stands"
_WITHOUT_EFFECT = "`{name}` has no effect here: {mend}"
_LACKING = "a part of Quarto that this press does not have"

VOCABULARY = (
    *(Entry(name, (MARKDOWN,), PRINTED) for name in (
        "chapters, parts (with or without a page) and appendices", "unnumbered chapters",
        "cells with outputs of every kind, and expressions in the text",
        "captions and sub-captions of figures, tables and listings",
        "references in all forms and across chapters: sections, figures, tables, listings, "
        "equations, theorems and their kin, callouts",
        "callouts of all kinds, folding, with their looks", "tabsets", "margin content",
        "content by format", "footnotes", "citations and the bibliography",
        "definition, task and example lists", "line blocks")),
    Entry("code annotations", (MARKDOWN,), REFUSED, _AS_IT_STANDS),

    # ------------------------------------------------------------------------ _quarto.yml
    *_all(PRINTED, TOP, "project book format execute bibliography"),
    *_all(PRINTED, TOP, "csl", takes=TEXT),
    *_all(PRINTED, TOP, "lang", takes=CODE),
    *_all(PRINTED, TOP, "alt-text", "our own, where `required` stops at a picture without it"),
    *_all(PRINTED, WORDS, "en*"),
    *_all(PRINTED, PROJECT, "type"),
    *_all(PRINTED, PROJECT, "output-dir", takes=TEXT),
    *_all(HARMLESS, PROJECT, "pre-render", _BY_ITSELF,
          only=Values(OWN_STEPS[0], lambda v: v == OWN_STEPS[0])),
    *_all(HARMLESS, PROJECT, "post-render", _BY_ITSELF,
          only=Values(OWN_STEPS[1], lambda v: v == OWN_STEPS[1])),
    *_all(PRINTED, BOOK, "title subtitle output-file favicon", takes=TEXT),
    *_all(PRINTED, BOOK, "author chapters appendices repo-actions"),
    *_all(PRINTED, BOOK, "description repo-branch", takes=TEXT),
    *_all(PRINTED, BOOK, "repo-url", takes=ADDRESS),
    *_all(PRINTED, AUTHOR, "name"),
    *_all(PRINTED, FILE, "*.qmd"),
    *_all(PRINTED, FILE, "*.md", "text without cells"),
    *_all(HARMLESS, PROJECT, "lib-dir preview title", "how Quarto works, not what it prints"),
    *_all(REFUSED, BOOK, "search page-navigation", "every page has it", only=FALSE,
          refusal=UNKNOWN("`book: {name}: false`")),
    *_all(HARMLESS, BOOK, "search page-navigation", "every page has it"),
    *_all(PRINTED, BOOK, "date", only=DAY),
    *_all(REFUSED, BOOK, "date", "only a day is read",
          mend="write it as 2026-11-25, or render with Quarto"),
    *_all(PRINTED, BOOK, "site-url", "where the links of notebooks lead", takes=ADDRESS),
    *_all(HARMLESS, BOOK, "reader-mode", _AS_IT_IS, only=FALSE),
    *_all(HARMLESS, BOOK, "sidebar", _AS_IT_IS, only=Values(
        "docked", lambda v: v == {"style": "docked"})),
    *_all(REFUSED, BOOK, "downloads reader-mode sidebar", "every page has the same around it"),
    *_all(PRINTED, BESIDE, "_environment _environment.local"),
    *_all(HARMLESS, BESIDE, "_environment.required", "it only says what must be there"),
    *_all(HARMLESS, BESIDE, "_variables.yml _variables.yaml", "for a shortcode that is refused"),
    *_all(REFUSED, BESIDE, "_metadata.yml _metadata.yaml _quarto.yml.local _quarto.yaml.local",
          "one file describes the book", mend="say it in `_quarto.yml`, or render with Quarto"),
    *_all(REFUSED, BESIDE, "_language.yml _brand.yml _brand.yaml _brand/_brand.yml "
          "_brand/_brand.yaml", "words and looks are the press's own"),
    *_all(REFUSED, BESIDE, "404.qmd 404.md 404.ipynb 404.Rmd", "all pages are chapters",
          mend="list it as a chapter, or render with Quarto"),
    *_all(PRINTED, FORMAT_NAME, "html typst epub"),
    *_all(REFUSED, FORMAT_NAME, "pdf", "Typst makes the PDF",
          mend="name it `typst`, print `--to html`, or render with Quarto"),

    # -------------------------------------------------------- documents: formats, front matter
    *_all(PRINTED, HEAD, "title", takes=TITLE),
    *_all(PRINTED, HEAD, "execute",
          takes=Values("`key: value` lines", lambda v: isinstance(v, dict))),
    *_all(HARMLESS, DOCUMENT, "number-sections link-citations", _BY_ITSELF, only=TRUE),
    *_all(REFUSED, HEAD, "author authors bibliography csl date format lang link-citations "
          "number-sections subtitle toc toc-depth", "only `_quarto.yml` can say it"),
    *_all(REFUSED, SETTINGS, "number-sections", "chapters and sections have numbers"),
    *_all(PRINTED, SETTINGS, "toc", "pages without it; a PDF and an EPUB have their contents",
          takes=FLAG),
    *_all(PRINTED, SETTINGS, "toc-depth", takes=Values("1 to 6", _depth)),
    *_all(PRINTED, FORMAT, "bibliography"),
    *_all(PRINTED, FORMAT, "csl", takes=TEXT),
    *_all(PRINTED, (TOP, HEAD), "echo", takes=flag_or("fenced")),
    *_all(PRINTED, (TOP, HEAD), "eval include warning error", takes=FLAG),
    *_all(PRINTED, (TOP, HEAD), "output", takes=flag_or("asis")),
    *_all(REFUSED, FORMAT, "echo eval include warning error output execute lang",
          "the same for all formats", mend=_AT_THE_TOP),
    *_all(REFUSED, SETTINGS, "author authors date subtitle title",
          "a book's title is `book: title`",
          mend="say it under `book:`, or render with Quarto"),
    *_all(HARMLESS, DOCUMENT, "code-copy",
          _BY_ITSELF, only=Values("true or hover", lambda v: v is True or v == "hover")),
    *_all(HARMLESS, DOCUMENT, "anchor-sections citations-hover citeproc crossrefs-hover "
          "fig-responsive footnotes-hover link-bibliography plotly-connected "
          "respect-user-color-scheme search",
          _BY_ITSELF, only=TRUE),
    *_all(HARMLESS, DOCUMENT, "html-math-method", "formulas are MathML", only=Values(
        "mathml, mathjax or katex", _formulas)),
    *_all(HARMLESS, SETTINGS, "css filters template-partials", _BY_ITSELF, only=OWN),
    *_all(HARMLESS, DOCUMENT, "highlight-style syntax-highlighting theme",
          "looks are the press's own", only=NAMED),
    *_all(HARMLESS, DOCUMENT, "code-link code-overflow draft format-links html-q-tags keep-hidden "
          "lightbox link-external-icon link-external-newwindow output-divs section-divs "
          "self-contained smooth-scroll strip-comments", _AS_IT_IS, only=FALSE),
    *_all(HARMLESS, DOCUMENT, "lightbox", "every figure opens large", only=Values(
        "true or auto", lambda v: v is True or v == "auto")),
    *_all(HARMLESS, DOCUMENT, "email-obfuscation", _AS_IT_IS,
          only=Values("none", lambda v: v == "none")),
    *_all(HARMLESS, DOCUMENT, "from", _AS_IT_IS,
          only=Values("markdown", lambda v: v == "markdown")),
    *_all(HARMLESS, DOCUMENT, "ipynb-shell-interactivity", _AS_IT_IS,
          only=Values("last_expr", lambda v: v == "last_expr")),
    *_all(HARMLESS, DOCUMENT, "pdf-standard", _BY_ITSELF, only=Values(
        "ua-1", lambda v: v in ("ua-1", ["ua-1"]))),
    *_all(HARMLESS, DOCUMENT, "engine", "cells run in the Python of the press",
          only=Values("jupyter", lambda v: v == "jupyter")),
    *_all(HARMLESS, DOCUMENT, "jupyter", "cells run in the Python of the press"),
    *_all(HARMLESS, DOCUMENT, "editor editor_options zotero order", "for editors and listings"),
    *_all(HARMLESS, DOCUMENT, "image image-*", "for cards and listings, which the book has not"),
    *_all(REFUSED, DOCUMENT, "enabled", "what does not run is not printed", only=FALSE),
    *_all(HARMLESS, DOCUMENT, "ascii cache daemon daemon-restart debug dump-args enabled "
          "fail-if-warnings file-scope freeze ignore-args input-file input-files keep-ipynb "
          "keep-md keep-source keep-tex keep-typ log-file preview-mode quarto-required trace "
          "verbosity", "how Quarto works, not what it prints"),
    *_all(HARMLESS, DOCUMENT, "beamer* biblatexoptions biblio-config biblio-style biblio-title "
          "block-headings CJK* citecolor classoption colorlinks documentclass filecolor fontenc "
          "fontfamily fontfamilyoptions geometry hyperrefoptions indent latex-* links-as-notes "
          "listings mainfontoptions mathfontoptions microtypeoptions monofontoptions "
          "natbiboptions pagestyle pdf-engine* sansfontoptions secnumdepth shorthands toccolor "
          "urlcolor use-rsvg-convert", _LATEX),
    *_all(HARMLESS, DOCUMENT, "adjusting article aspectratio auto-* background-transition category "
          "center center-title-slide chalkboard colortheme* contrastcolor controls controls-* "
          "default-timing disable-layout display email-version embedded eol expandable fonttheme* "
          "footer footertext fragment-in-url fragments hash hash-* header headertext height help "
          "hide-* history hyphenate includesource incremental indenting innertheme* "
          "interlinespace ipynb-output journal jump-to-slide keyboard layout lineheight linkstyle "
          "list-tables loop markdown-headings max-scale menu min-scale mobile-view-distance "
          "mouse-wheel multiplex nav-buttons navigation navigation-mode notes orientation "
          "outertheme* output-location overview page-width pagenumbering parallax-* pause "
          "pdf-max-pages-per-slide pdf-page-height-offset pdf-separate-fragments pdfa* pointsize "
          "prefer-html preload-iframes preserve-tabs preview-links progress reference-doc "
          "request-headers respond-to-hash-changes revealjs-url rtl s5-url scroll-view scrollable "
          "scrolling section section-titles show-notes show-slide-number shuffle slide-* "
          "slideous-url slidy-url smaller subject tab-stop tags themeoptions title-slide-* "
          "titlegraphic touch track-changes transition transition-speed variant view-distance "
          "whitespace width wrap", "of formats that are not made here"),
    *_all(REFUSED, DOCUMENT, "anchor-sections code-copy code-overflow crossrefs-hover format-links "
          "html-math-method link-bibliography link-external-* output-divs "
          "plotly-connected respect-user-color-scheme search smooth-scroll strip-comments",
          "every page is made in the same way"),
    *_all(REFUSED, SETTINGS, "link-citations", "every page is made in the same way"),
    *_all(REFUSED, DOCUMENT, "back-to-top-navigation body-footer body-header bread-crumbs "
          "cap-location google-scholar navbar open-graph page-footer page-navigation reader-mode "
          "sidebar twitter-card", "every page is made in the same way"),
    *_all(REFUSED, DOCUMENT, "affiliation-title author-title categories doi-title modified-title "
          "published-title", "a page begins with its title"),
    *_all(REFUSED, DOCUMENT, "abbreviations canonical-url copyright date-format date-modified "
          "description keywords license pagetitle *-meta title-prefix",
          "a page begins with its title"),
    *_all(REFUSED, DOCUMENT, "belongs-to-collection contributor coverage creator epub-* "
          "group-position ibooks identifier page-progression-direction relation rights "
          "split-level type", "an EPUB is bound in one way"),
    *_all(REFUSED, FORMAT, "format", "an EPUB is bound in one way"),
    *_all(REFUSED, DOCUMENT, "output-ext output-file", "a page is called as its chapter's file"),
    *_all(REFUSED, DOCUMENT, "about abstract abstract-title affiliation affiliations doi funding "
          "institute thanks title-block-*", "a page begins with its title"),
    *_all(REFUSED, DOCUMENT, "backgroundcolor brand columns css font-paths fontcolor fontsize grid "
          "linestretch linkcolor logo mainfont margin margin-* mathfont max-width minimal monofont "
          "page-layout papersize sansfont theme theorem-appearance body-classes brand-mode "
          "codefont css-property-processing document-css dpi highlight-style monobackgroundcolor "
          "page-numbering syntax-highlighting toc-indent", "looks are the theme's"),
    *_all(REFUSED, DOCUMENT, "appendix-* crossref dir language number-depth number-offset "
          "section-numbering shift-heading-level-by top-level-division",
          "numbers and words are Quarto's defaults"),
    *_all(REFUSED, DOCUMENT, "code-annotations code-block-* code-fold code-line-numbers code-link "
          "code-links code-summary code-tools indented-code-classes syntax-definition "
          "syntax-definitions", "code is shown as its cell says"),
    *_all(REFUSED, DOCUMENT, "bibliographystyle citation* cite-method citeproc footnotes-* nocite "
          "notes-after-punctuation reference-location", "sources and notes are Quarto's defaults"),
    *_all(PRINTED, FORMAT, "fig-format", "as all pictures of cells are",
          only=Values("svg", lambda v: v == "svg")),
    *_all(REFUSED, DOCUMENT, "default-image-extension df-print fig-* html-table-processing "
          "lightbox lof lot tabsets tbl-*", "figures and tables are as their cells say"),
    *_all(REFUSED, DOCUMENT, "toc-expand toc-location toc-title", "contents stand in one place"),
    *_all(REFUSED, DOCUMENT, "aliases data-dir defaults draft email-obfuscation extract-media from "
          "html-pre-tag-processing html-q-tags ipynb ipynb-* keep-hidden merge-includes metadata "
          "other-links pdf-standard repo-actions resource-path to", _LACKING),
    *_all(REFUSED, DOCUMENT, "axe comments embed-resources engine engines extensions filters "
          "header-includes identifier-prefix include-* julia knitr listing manuscript mermaid "
          "metadata-file metadata-files notebook-* ojs-engine params profile resources "
          "section-divs self-contained* server shortcodes template* variables website",
          _LACKING),

    # ----------------------------------------------------------------------------------- cells
    *_all(PRINTED, CELL, "label", takes=Values("one word of letters, digits and -_.:", _id)),
    *_all(PRINTED, (CELL, EXECUTE), "echo", takes=flag_or("fenced")),
    *_all(PRINTED, (CELL, EXECUTE), "eval include", takes=FLAG),
    *_all(PRINTED, (CELL, EXECUTE), "output", takes=flag_or("asis")),
    *_all(PRINTED, (CELL, EXECUTE), "warning error", takes=FLAG),
    *_all(PRINTED, CELL, "fig-cap", takes=PICTURE_TEXTS),
    *_all(PRINTED, CELL, "fig-subcap", takes=Values("a list of texts, one a picture", _texts)),
    *_all(PRINTED, CELL, "fig-alt", takes=PICTURE_TEXTS),
    *_all(PRINTED, CELL, "layout", takes=Values("rows such as [[1, 1], [2]]",
                                                layout_rows)),
    *_all(PRINTED, CELL, "layout-ncol layout-nrow",
          takes=Values("a whole number from 1 to 99", lambda v: type(v) is int and 0 < v < 100)),
    *_all(PRINTED, CELL, "tbl-cap", takes=WORDING),
    *_all(PRINTED, CELL, "tbl-subcap", takes=Values("a list of texts, one a table", _texts)),
    *_all(PRINTED, CELL, "lst-label", takes=Values("one word that begins with lst-",
                                                   lambda v: _id(v) and v.startswith("lst-"))),
    *_all(PRINTED, CELL, "lst-cap", takes=WORDING),
    *_all(PRINTED, CELL, "code-fold", takes=flag_or("show")),
    *_all(PRINTED, CELL, "code-summary", takes=WORDING),
    *_all(PRINTED, CELL, "classes", takes=Values("one word", _id)),
    *_all(PRINTED, CELL, "tags", takes=Values("a list of texts", _texts)),
    *_all(HARMLESS, CELL, "slideshow", "kept for Jupyter, which makes slides of notebooks"),
    *_all(PRINTED, CELL, "cache", "where false means to run at every render", takes=FLAG),
    *_all(PRINTED, EXECUTE, "cache", "where false means to run at every render",
          takes=flag_or("refresh")),
    *_all(REFUSED, EXECUTE, "enabled", "what does not run is not printed", only=FALSE,
          refusal=UNKNOWN("`execute: {name}: false`")),
    *_all(HARMLESS, EXECUTE, "daemon daemon-restart debug enabled freeze keep-ipynb keep-md",
          "how Quarto works, not what it prints"),
    *_all(REFUSED, CELL, "cap-location column fig-align fig-cap-location fig-column fig-env "
          "fig-link fig-pos fig-scap layout-align layout-valign "
          "output-location panel renderings tbl-cap-location tbl-column tbl-colwidths", _ONE_PLACE),
    *_all(REFUSED, CELL, "code-line-numbers code-overflow", _AS_IT_STANDS),
    *_all(REFUSED, CELL, "color content context expandable export height html-table-processing id "
          "padding title width", _LACKING),
    *_all(REFUSED, CELL, "aniopts animation-hook attr-* autodep cache-* child class-* code "
          "collapse comment dependson external fig-format fig-keep fig-show file highlight "
          "interval out-extra prompt purl sanit* tidy tidy-opts", "of knitr",
          mend="leave it out", refusal=_KNITR),
    *_all(REFUSED, CELL, "fig-asp fig-dpi fig-height fig-width out-height out-width", "of knitr",
          mend=_FIGURE_SIZE, refusal=_KNITR),
    *_all(REFUSED, CELL, "message", "of knitr", mend="use `warning`", refusal=_KNITR),
    *_all(REFUSED, CELL, "results", "of knitr", mend="use `output`", refusal=_KNITR),
    *_all(PRINTED, (LANGUAGE, EXPRESSION), "python"),

    # -------------------------------------------------------------------------------- Markdown
    *_all(PRINTED, SHORTCODE, "meta"),
    *_all(PRINTED, SHORTCODE, "include",
          only=Values("on a line of its own", lambda within_a_line: not within_a_line)),
    *_all(PRINTED, CLASS, "callout-note callout-tip callout-warning callout-important "
          "callout-caution panel-tabset proof remark solution unnumbered"),
    *_all(PRINTED, CLASS, "content-hidden content-visible",
          only=Values("on a div, a span or code",
                      lambda kind: kind in ("Div", "Span", "CodeBlock"))),
    *_all(PRINTED, CLASS, "aside",
          only=Values("on a div or a span", lambda kind: kind in ("Div", "Span"))),
    *_all(PRINTED, CLASS, "column-margin",
          only=Values("on a div, a span or a picture",
                      lambda kind: kind in ("Div", "Span", "Image"))),
    *_all(REFUSED, CLASS, "content-hidden content-visible", "Quarto follows it nowhere else",
          mend="put it on a block around this, `::: {...}`", refusal=_WITHOUT_EFFECT),
    *_all(REFUSED, CLASS, "aside column-margin", "what stands in the margin is a block",
          mend="put it on a block around this, `::: {...}`", refusal=_WITHOUT_EFFECT),
    *_all(PRINTED, CLASS, "callout", "a box without a title of its own"),
    *_all(PRINTED, CLASS, "live check as-is try", "our own"),
    *_all(REFUSED, CLASS, "column columns column-* grid g-col-* g-start-* landscape margin-caption "
          "panel-*", "a page has one column and a margin"),
    *_all(REFUSED, CLASS, "callout* content-*", "Quarto knows no others"),
    *_all(REFUSED, CLASS, "code-with* code-annotation* code-over* numberLines number-lines "
          "line-numbers", _AS_IT_STANDS),
    *_all(REFUSED, CLASS, "appendix hidden lightbox list-table preview-image quarto-* unlisted",
          _LACKING),
    *_all(REFUSED, CLASS, "dark-content light-content", "a page shows the same, light and dark"),
    *_all(REFUSED, CLASS, "{*", "a cell that none runs"),
    *_all(PRINTED, ATTRIBUTE, "alt cell name title"),
    *_all(PRINTED, ATTRIBUTE, "height width", only=Values(
        "a length on a picture or a div",
        lambda a: a.element not in ("Image", "Div") or re.fullmatch(
            r"\d+(?:\.\d+)?(?:px|%|cm|mm|in|pt|em)?", a.value))),
    *_all(PRINTED, ATTRIBUTE, "collapse icon", only=Values(
        "true or false on a div", lambda a: a.element != "Div" or a.value in ("true", "false"))),
    *_all(PRINTED, ATTRIBUTE, "appearance", only=Values(
        "default, simple or minimal on a div",
        lambda a: a.element != "Div" or a.value in ("default", "simple", "minimal"))),
    *_all(PRINTED, ATTRIBUTE, "layout-ncol layout-nrow", only=COLUMNS),
    *_all(PRINTED, ATTRIBUTE, "layout", only=Values("rows such as [[1,1],[2]]",
                                                     lambda a: layout_rows(a.value))),
    *_all(PRINTED, ATTRIBUTE, "shortcodes",
          only=Values("false on code", lambda a: a[:2] == ("false", "CodeBlock"))),
    *_all(PRINTED, ATTRIBUTE, "fig-align",
          only=Values("center on a picture", lambda a: a[:2] == ("center", "Image"))),
    *_all(PRINTED, ATTRIBUTE, "fig-alt",
          only=Values("on a picture", lambda a: a.element == "Image")),
    *_all(PRINTED, ATTRIBUTE, "tbl-cap",
          only=Values("on a div without an id", lambda a: a.element == "Div" and not a.id)),
    *_all(PRINTED, ATTRIBUTE, "lst-cap",
          only=Values("beside an id that begins with lst-", lambda a: a.id.startswith("lst-"))),
    *_all(PRINTED, ATTRIBUTE, "when-format unless-format", only=TARGET),
    *_all(REFUSED, ATTRIBUTE, "appearance collapse height icon layout layout-ncol layout-nrow "
          "width shortcodes fig-alt tbl-cap lst-cap when-format unless-format",
          "Quarto makes something else of it"),
    *_all(REFUSED, ATTRIBUTE, "when-profile when-meta unless-profile unless-meta",
          "content depends on the format alone"),
    *_all(REFUSED, ATTRIBUTE, "code-fold code-line-numbers code-overflow code-summary filename "
          "startFrom", _AS_IT_STANDS),
    *_all(REFUSED, ATTRIBUTE, "cap-location fig-align fig-cap fig-cap-location fig-column "
          "fig-colwidths fig-env fig-link fig-pos fig-scap fig-subcap layout-align "
          "layout-valign lightbox lst-cap-location output-location reference-location "
          "renderings tbl-align tbl-cap-location tbl-column tbl-colwidths tbl-env tbl-link tbl-pos "
          "tbl-scap tbl-subcap", _ONE_PLACE),
    *_all(REFUSED, ATTRIBUTE, "group", "each picture opens alone",
          only=Values("on a picture", lambda a: a.element == "Image")),
    *_all(PRINTED, ATTRIBUTE, "group", "tabs of a group switch together"),
    *_all(REFUSED, ATTRIBUTE, "shortcode", _LACKING),
    *_all(PRINTED, RAW, "html typst"),
    *_all(PRINTED, RAW, "tex", "formulas alone"),
    *_all(REFUSED, (PROJECT, BOOK, AUTHOR, FILE, EXECUTE, FORMAT_NAME, WORDS, LANGUAGE, EXPRESSION,
                    SHORTCODE, RAW), "*", "whatever else Quarto knows"))
