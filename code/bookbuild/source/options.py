"""The options of cells: which there are, what each takes, what is wrong with one."""

import difflib
import re
from collections.abc import Callable

ELSEWHERE = "render with Quarto instead"


def _text(value) -> bool:
    return isinstance(value, str)


def _flag(value) -> bool:
    return isinstance(value, bool)


def _texts(value) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _id(value) -> bool:
    return _text(value) and re.fullmatch(r"[A-Za-z0-9_][\w.:-]*", value) is not None


OPTIONS: dict[str, tuple[Callable, str]] = {
    "label": (_id, "one word of letters, digits and -_.:"),
    "echo": (lambda v: _flag(v) or v == "fenced", "true, false or fenced"),
    "eval": (_flag, "true or false"),
    "include": (_flag, "true or false"),
    "output": (lambda v: _flag(v) or v == "asis", "true, false or asis"),
    "warning": (_flag, "true or false"),
    "error": (_flag, "true or false"),
    "fig-cap": (lambda v: _text(v) or _texts(v), "text, or a list of texts, one a picture"),
    "fig-subcap": (_texts, "a list of texts, one a picture"),
    "fig-alt": (lambda v: _text(v) or _texts(v), "text, or a list of texts, one a picture"),
    "layout-ncol": (lambda v: type(v) is int and v >= 1, "a whole number from 1"),
    "tbl-cap": (_text, "text"),
    "tbl-subcap": (_texts, "a list of texts, one a table"),
    "lst-label": (lambda v: _id(v) and v.startswith("lst-"), "one word that begins with lst-"),
    "lst-cap": (_text, "text"),
    "code-fold": (lambda v: _flag(v) or v == "show", "true, false or show"),
    "code-summary": (_text, "text"),
    "classes": (lambda v: _id(v), "one word"),
    "tags": (_texts, "a list of texts"),
    "cache": (_flag, "true or false"),
}
ELSEWHERE_OPTIONS = {
    "cap-location", "code-line-numbers", "code-overflow", "column", "export", "fig-align",
    "fig-cap-location", "fig-column", "fig-env", "fig-link", "fig-pos", "fig-scap",
    "html-table-processing", "id", "layout", "layout-align", "layout-nrow", "layout-valign",
    "output-location", "panel", "renderings", "tbl-cap-location", "tbl-column",
    "tbl-colwidths",
}
_FIGURE_SIZE = "set the size in the code, as in `plt.figure(figsize=(7, 4))`"
KNITR_OPTIONS = {
    "collapse": "leave it out", "comment": "leave it out", "fig-asp": _FIGURE_SIZE, "fig-dpi": _FIGURE_SIZE,
    "fig-format": "leave it out", "fig-height": _FIGURE_SIZE, "fig-keep": "leave it out",
    "fig-width": _FIGURE_SIZE, "message": "use `warning`", "out-height": _FIGURE_SIZE,
    "out-width": _FIGURE_SIZE, "prompt": "leave it out", "results": "use `output`",
}


def option_mistake(name: str, value) -> str | None:
    """What is wrong with a cell option, or None.

    Parameters
    ----------
    name : str
        The option, such as "fig-cap".
    value : object
        Its value, as YAML gives it.
    """
    if name in OPTIONS:
        valid, wanted = OPTIONS[name]
        return None if valid(value) else f"the cell option `{name}` takes {wanted}, not {value!r}"
    if name in KNITR_OPTIONS:
        return f"the cell option `{name}` has no effect in Python cells: {KNITR_OPTIONS[name]}"
    close = difflib.get_close_matches(re.sub(r"[._ ]", "-", str(name).lower()), OPTIONS, n=1)
    advice = f"did you mean `{close[0]}`?" if close else f"known are {', '.join(OPTIONS)}"
    return f"unknown cell option `{name}`: {advice}"


def _clash(name: str, options: dict) -> str | None:
    """What is wrong with an option beside the cell's label."""
    label = str(options.get("label", ""))
    if name == "label" and label.startswith("lst-"):
        return f"label the code with `lst-label: {label}` and `lst-cap`"
    if name == "label" and re.fullmatch(r"cell-\d+", label):
        return f"`{label}` is what the press calls a cell without a label: choose another name"
    if name == "fig-cap" and label.startswith("fig-") and isinstance(options[name], list):
        return "a labelled figure takes one text in `fig-cap`: put the list into `fig-subcap`"
    return None
