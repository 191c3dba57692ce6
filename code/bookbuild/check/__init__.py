"""What is wrong with a book, or beyond a press: every finding with its file and line."""

from bookbuild.check.constructs import deepest, too_deep
from bookbuild.check.labels import Survey, own_ids
from bookbuild.check.pages import (chapter_problems, file_problems, link_problems,
                                   page_problems)

__all__ = ["Survey", "chapter_problems", "deepest", "file_problems", "link_problems", "own_ids",
           "page_problems", "too_deep"]
