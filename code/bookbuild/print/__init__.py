"""The book on the page, in print and as an e-book; `theme/` holds their looks."""

from bookbuild.print import epub, html, search, typst

__all__ = ["epub", "html", "search", "typst"]
