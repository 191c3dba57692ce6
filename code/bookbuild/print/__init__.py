"""The book on the page, in print and as an e-book; `theme/` holds their looks."""

from bookbuild.print import epub, formulas, highlighting, hover, html, pdf, search, typst

__all__ = ["epub", "formulas", "highlighting", "hover", "html", "pdf", "search", "typst"]
