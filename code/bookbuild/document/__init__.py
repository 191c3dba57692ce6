"""The text as pandoc reads it, and what a book makes of it: blocks, numbers, references, citations."""

from bookbuild.document import citations, pandoc, references
from bookbuild.document.blocks import (CALLOUT_KINDS, FLOAT_KINDS, MATH_ENVIRONMENT, THEOREM_KINDS,
                                       UNNUMBERED_KINDS, inlines, is_display, prefix, structure)
from bookbuild.document.citations import cited_keys, link_to_bibliography
from bookbuild.document.memory import Memory
from bookbuild.document.model import (ATTRIBUTE_PLACE, LEAVES, Node, attributes, classes, div,
                                      identifier, is_node, link, nodes, pairs, para, plain,
                                      raw_block, raw_inline, rewrite, rewrite_lists, span, text,
                                      words)
from bookbuild.document.numbers import Chapter, Entry, number_book, part_of
from bookbuild.document.outputs import CellWriter, picture_type, stand_ins
from bookbuild.document.references import (chapter_name, cross_references, is_cross_reference,
                                           linked_page, page_links)

__all__ = ["ATTRIBUTE_PLACE", "CALLOUT_KINDS", "FLOAT_KINDS", "LEAVES", "MATH_ENVIRONMENT",
           "THEOREM_KINDS", "UNNUMBERED_KINDS", "CellWriter", "Chapter", "Entry", "Memory", "Node",
           "attributes", "chapter_name", "citations", "cited_keys", "classes", "cross_references",
           "div", "identifier", "inlines", "is_cross_reference", "is_display", "is_node", "link",
           "link_to_bibliography", "linked_page", "nodes", "number_book", "page_links", "pairs",
           "pandoc", "para", "part_of", "picture_type", "plain", "prefix", "raw_block",
           "raw_inline", "references", "rewrite", "rewrite_lists", "span", "stand_ins",
           "structure", "text", "words"]
