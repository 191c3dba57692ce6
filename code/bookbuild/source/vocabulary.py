"""What the press knows of Quarto's vocabulary, as data.

An entry says of a name, in the places where an author may write it, what the press does about
it and why. The checks, the sentences of refusals and the list of what is covered are made of it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

PRINTED, HARMLESS, SILENT, REFUSED = "printed", "harmless", "passed over", "refused"
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
    hold: Callable[[Any], bool]


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
        PRINTED as Quarto does; HARMLESS: the book is the same without; SILENT: Quarto would
        follow it and the press does not, without a word; or REFUSED.
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
        return "builtin" if self.mend == ELSEWHERE else "both"


# ------------------------------------------------------------------------------------ places

TOP = Place("Keys of `_quarto.yml`", UNKNOWN("the key `{name}`"))
PROJECT, BOOK = (Place(f"Keys of `{section}`", UNKNOWN(f"the key `{section}: {{name}}`"),
                       f"`{section}: {{name}}` takes {{words}}, not {{value!r}}")
                 for section in ("project", "book"))
AUTHOR = Place("Keys of an author", UNKNOWN("an author's `{name}`"))
FILE = Place("Files of chapters",
             "the built-in press prints .qmd chapters only, not {name}: {mend}")
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


def flag_or(word: str) -> Values:
    return Values(f"true, false or {word}", lambda v: isinstance(v, bool) or v == word)


TEXT = Values("a text", lambda v: v is None or is_text(v))
WORDING = Values("text", lambda v: isinstance(v, str))
TITLE = Values("a text", lambda v: isinstance(v, (str, int, float)))
FLAG = Values("true or false", lambda v: isinstance(v, bool))
TRUE = Values("true", lambda v: v is True)
FALSE = Values("false", lambda v: v is False)
OWN = Values("the book's own", _own)
PICTURE_TEXTS = Values("text, or a list of texts, one a picture",
                       lambda v: isinstance(v, str) or _texts(v))
TARGET = Values("html, typst or epub", lambda a: a.value in ("html", "typst", "epub"))
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
_PASSED = "Quarto follows it"
_ONE_PLACE = "figures and tables stand in one place"
_AS_IT_STANDS = "code is shown as it stands"
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
    *_all(PRINTED, TOP, "lang csl", takes=TEXT),
    *_all(PRINTED, TOP, "alt-text", "our own, where `required` stops at a picture without it"),
    *_all(PRINTED, WORDS, "en*"),
    *_all(PRINTED, PROJECT, "type"),
    *_all(PRINTED, PROJECT, "output-dir", takes=TEXT),
    *_all(HARMLESS, PROJECT, "pre-render", _BY_ITSELF,
          only=Values(OWN_STEPS[0], lambda v: v == OWN_STEPS[0])),
    *_all(HARMLESS, PROJECT, "post-render", _BY_ITSELF,
          only=Values(OWN_STEPS[1], lambda v: v == OWN_STEPS[1])),
    *_all(PRINTED, BOOK, "title subtitle output-file favicon", takes=TEXT),
    *_all(PRINTED, BOOK, "author chapters appendices description repo-actions repo-branch "
          "repo-url"),
    *_all(PRINTED, AUTHOR, "name"),
    *_all(PRINTED, FILE, "*.qmd"),
    *_all(REFUSED, BOOK, "search page-navigation", "every page has it", only=FALSE,
          refusal=UNKNOWN("`book: {name}: false`")),
    *_all(HARMLESS, BOOK, "search page-navigation", "every page has it"),
    *_all(SILENT, BOOK, "date", "the EPUB alone tells it"),
    *_all(SILENT, BOOK, "sidebar site-url downloads reader-mode", _PASSED),
    *_all(PRINTED, FORMAT_NAME, "html typst epub"),

    # -------------------------------------------------------- documents: formats, front matter
    *_all(PRINTED, HEAD, "title", takes=TITLE),
    *_all(REFUSED, HEAD, "author authors bibliography csl date execute format lang link-citations "
          "number-sections subtitle toc toc-depth", "only `_quarto.yml` can say it"),
    *_all(REFUSED, SETTINGS, "number-sections", "chapters and sections have numbers", only=FALSE),
    *_all(PRINTED, FORMAT, "toc", "pages without it; a PDF and an EPUB have their contents"),
    *_all(PRINTED, FORMAT, "toc-depth"),
    *_all(HARMLESS, SETTINGS, "number-sections link-citations code-copy anchor-sections "
          "respect-user-color-scheme citeproc", _BY_ITSELF, only=TRUE),
    *_all(HARMLESS, SETTINGS, "html-math-method", _BY_ITSELF,
          only=Values("mathml", lambda v: v == "mathml")),
    *_all(HARMLESS, SETTINGS, "css filters template-partials", _BY_ITSELF, only=OWN),
    *_all(HARMLESS, DOCUMENT, "jupyter", "cells run in the Python of the press"),
    *_all(HARMLESS, DOCUMENT, "editor editor_options zotero order", "for editors and listings"),
    *_all(HARMLESS, DOCUMENT, "cache daemon daemon-restart debug enabled fail-if-warnings freeze "
          "ipynb-shell-interactivity keep-ipynb keep-md keep-source keep-typ log-file "
          "quarto-required trace verbosity", "how Quarto works, not what it prints"),
    *_all(HARMLESS, DOCUMENT, "biblatexoptions biblio-config biblio-style biblio-title "
          "block-headings CJK* classoption colorlinks documentclass fontenc "
          "fontfamily fontfamilyoptions geometry hyperrefoptions indent links-as-notes listings "
          "mainfontoptions mathfontoptions microtypeoptions monofontoptions natbiboptions "
          "pagestyle pdf-engine* sansfontoptions secnumdepth toccolor urlcolor "
          "use-rsvg-convert", _LATEX),
    *_all(SILENT, TOP, "author date subtitle title toc toc-depth", _PASSED),
    *_all(SILENT, FORMAT, "author bibliography csl date execute format lang subtitle title",
          _PASSED),
    *_all(SILENT, SETTINGS, "link-citations", _PASSED),
    *_all(SILENT, DOCUMENT, "abbreviations aliases anchor-sections ascii author-meta body-classes "
          "brand-mode canonical-url citecolor code-copy codefont copyright crossrefs-hover "
          "date-format date-meta date-modified description-meta document-css dpi echo "
          "email-obfuscation error eval extract-media file-scope filecolor format-links from "
          "highlight-style html-math-method html-pre-tag-processing html-q-tags image image-* "
          "include input-files keep-hidden keywords license link-bibliography "
          "link-external-* monobackgroundcolor other-links output output-ext output-file "
          "page-numbering pagetitle pdf-standard plotly-connected repo-actions "
          "respect-user-color-scheme search smooth-scroll split-level strip-comments subject "
          "syntax-highlighting theme title-meta title-prefix toc-indent warning", _PASSED),
    *_all(SILENT, DOCUMENT, "belongs-to-collection contributor coverage creator epub-* "
          "group-position ibooks identifier page-progression-direction relation rights type",
          "Quarto puts it into an EPUB"),
    *_all(REFUSED, DOCUMENT, "about abstract abstract-title affiliation affiliations doi funding "
          "institute thanks title-block-*", "a page begins with its title"),
    *_all(REFUSED, DOCUMENT, "backgroundcolor brand columns css font-paths fontcolor fontsize grid "
          "linestretch linkcolor logo mainfont margin margin-* mathfont max-width minimal monofont "
          "page-layout papersize sansfont theorem-appearance", "looks are the theme's"),
    *_all(REFUSED, DOCUMENT, "appendix-* crossref dir language number-depth number-offset "
          "section-numbering shift-heading-level-by top-level-division",
          "numbers and words are Quarto's defaults"),
    *_all(REFUSED, DOCUMENT, "code-annotations code-block-* code-fold code-line-numbers code-link "
          "code-links code-summary code-tools indented-code-classes syntax-definition "
          "syntax-definitions", "code is shown as its cell says"),
    *_all(REFUSED, DOCUMENT, "bibliographystyle citation* cite-method citeproc footnotes-* nocite "
          "notes-after-punctuation reference-location", "sources and notes are Quarto's defaults"),
    *_all(REFUSED, DOCUMENT, "default-image-extension df-print fig-* html-table-processing "
          "lightbox lof lot tabsets tbl-*", "figures and tables are as their cells say"),
    *_all(REFUSED, DOCUMENT, "toc-expand toc-location toc-title", "contents stand in one place"),
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
    *_all(PRINTED, CELL, "layout-ncol",
          takes=Values("a whole number from 1", lambda v: type(v) is int and v >= 1)),
    *_all(PRINTED, CELL, "tbl-cap", takes=WORDING),
    *_all(PRINTED, CELL, "tbl-subcap", takes=Values("a list of texts, one a table", _texts)),
    *_all(PRINTED, CELL, "lst-label", takes=Values("one word that begins with lst-",
                                                   lambda v: _id(v) and v.startswith("lst-"))),
    *_all(PRINTED, CELL, "lst-cap", takes=WORDING),
    *_all(PRINTED, CELL, "code-fold", takes=flag_or("show")),
    *_all(PRINTED, CELL, "code-summary", takes=WORDING),
    *_all(PRINTED, CELL, "classes", takes=Values("one word", _id)),
    *_all(PRINTED, CELL, "tags", takes=Values("a list of texts", _texts)),
    *_all(PRINTED, CELL, "cache", "where false means to run at every render", takes=FLAG),
    *_all(PRINTED, EXECUTE, "cache", "where false means to run at every render",
          takes=flag_or("refresh")),
    *_all(REFUSED, EXECUTE, "enabled", "what does not run is not printed", only=FALSE,
          refusal=UNKNOWN("`execute: {name}: false`")),
    *_all(HARMLESS, EXECUTE, "daemon enabled freeze keep-ipynb",
          "how Quarto works, not what it prints"),
    *_all(REFUSED, CELL, "cap-location column fig-align fig-cap-location fig-column fig-env "
          "fig-link fig-pos fig-scap layout layout-align layout-nrow layout-valign "
          "output-location panel renderings tbl-cap-location tbl-column tbl-colwidths", _ONE_PLACE),
    *_all(REFUSED, CELL, "code-line-numbers code-overflow", _AS_IT_STANDS),
    *_all(REFUSED, CELL, "export html-table-processing id", _LACKING),
    *_all(REFUSED, CELL, "collapse comment fig-format fig-keep prompt", "of knitr",
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
          "callout-caution panel-tabset column-margin aside content-visible content-hidden proof "
          "remark solution unnumbered"),
    *_all(PRINTED, CLASS, "live check as-is", "our own"),
    *_all(REFUSED, CLASS, "column columns column-* grid g-col-* g-start-* landscape margin-caption "
          "panel-*", "a page has one column and a margin"),
    *_all(REFUSED, CLASS, "callout* content-*", "Quarto knows no others"),
    *_all(REFUSED, CLASS, "code-with* code-annotation* code-over* numberLines number-lines "
          "line-numbers", _AS_IT_STANDS),
    *_all(REFUSED, CLASS, "appendix hidden lightbox preview-image quarto-* unlisted",
          _LACKING),
    *_all(REFUSED, CLASS, "{*", "a cell that none runs"),
    *_all(PRINTED, ATTRIBUTE, "alt appearance collapse height icon name title width"),
    *_all(PRINTED, ATTRIBUTE, "layout-ncol", only=COLUMNS),
    *_all(PRINTED, ATTRIBUTE, "fig-alt",
          only=Values("on a picture", lambda a: a.element == "Image")),
    *_all(PRINTED, ATTRIBUTE, "tbl-cap",
          only=Values("on a div without an id", lambda a: a.element == "Div" and not a.id)),
    *_all(PRINTED, ATTRIBUTE, "lst-cap",
          only=Values("beside an id that begins with lst-", lambda a: a.id.startswith("lst-"))),
    *_all(PRINTED, ATTRIBUTE, "when-format unless-format", only=TARGET),
    *_all(REFUSED, ATTRIBUTE, "layout-ncol fig-alt tbl-cap lst-cap when-format unless-format",
          "Quarto makes something else of it"),
    *_all(REFUSED, ATTRIBUTE, "when-profile when-meta unless-profile unless-meta",
          "content depends on the format alone"),
    *_all(REFUSED, ATTRIBUTE, "code-fold code-line-numbers code-overflow code-summary filename "
          "startFrom", _AS_IT_STANDS),
    *_all(REFUSED, ATTRIBUTE, "cap-location fig-align fig-cap fig-cap-location fig-column "
          "fig-colwidths fig-env fig-link fig-pos fig-scap fig-subcap layout layout-align "
          "layout-nrow layout-valign lightbox lst-cap-location output-location reference-location "
          "renderings tbl-align tbl-cap-location tbl-column tbl-colwidths tbl-env tbl-link tbl-pos "
          "tbl-scap tbl-subcap", _ONE_PLACE),
    *_all(REFUSED, ATTRIBUTE, "group", "tabs switch by themselves"),
    *_all(REFUSED, ATTRIBUTE, "shortcode", _LACKING),
    *_all(PRINTED, RAW, "html typst"),
    *_all(PRINTED, RAW, "tex", "formulas alone"),
    *_all(REFUSED, (PROJECT, BOOK, AUTHOR, FILE, EXECUTE, FORMAT_NAME, WORDS, LANGUAGE, EXPRESSION,
                    SHORTCODE, RAW), "*", "whatever else Quarto knows"))
