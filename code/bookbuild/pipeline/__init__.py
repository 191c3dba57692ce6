"""The steps from the project's files to the book, in their order."""

from bookbuild.pipeline.pipeline import FORMATS, Pipeline
from bookbuild.pipeline.rendering import check_book, keep_rest, page_words, render

__all__ = ["FORMATS", "Pipeline", "check_book", "keep_rest", "page_words", "render"]
