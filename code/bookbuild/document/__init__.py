"""The text as pandoc reads it, and what a book makes of it: blocks, numbers, references."""

from bookbuild.document import bibliographies, citations, pandoc, references, wording
from bookbuild.document.blocks import (CALLOUT_KINDS, FLOAT_KINDS, MACROS, MATH_ENVIRONMENT,
                                       THEOREM_KINDS, UNNUMBERED_KINDS, meant_for, prefix,
                                       structure)
from bookbuild.document.citations import cited_keys, link_to_bibliography
from bookbuild.document.model import (LEAVES, Beside, Callout, Equation, Float, Layout, Node,
                                      Tabset, Theorem, Titled, Xref, caption, cited, classes,
                                      column_shares, columns, content, depth, display, div, emph,
                                      exchange, header, identifier, is_display, is_node, kind_of,
                                      labelled, left_aligned, level, link, metadata, nodes,
                                      numbering, outermost, pairs, para, plain, raw, raw_block,
                                      raw_inline, rewrite, rewrite_lists, span, strong, target, tex,
                                      text, translate, with_attributes, with_column_shares,
                                      with_content, with_pairs, with_target, words)
from bookbuild.document.numbers import (Chapter, Entry, Head, is_title, number_chapter,
                                        take_titles)
from bookbuild.document.outputs import CellWriter, is_shown, picture_type, place_captions, stand_ins
from bookbuild.document.raw_html import files_in_html, ids_in_html
from bookbuild.document.references import (chapter_name, cross_references, is_cross_reference,
                                           linked_page, page_links)
from bookbuild.document.wording import Words, letters, written_citations

__all__ = ["CALLOUT_KINDS", "FLOAT_KINDS", "LEAVES", "MACROS", "MATH_ENVIRONMENT", "THEOREM_KINDS",
           "UNNUMBERED_KINDS", "Beside", "Callout", "CellWriter", "Chapter", "Entry", "Equation",
           "Float", "Head", "Layout", "Node", "Tabset", "Theorem", "Titled", "Words", "Xref",
           "bibliographies", "caption", "chapter_name", "citations", "cited", "cited_keys",
           "classes", "column_shares", "columns", "content", "cross_references", "depth", "display",
           "div", "emph", "exchange", "files_in_html", "header", "identifier", "ids_in_html",
           "is_cross_reference", "is_display", "is_node", "is_shown", "is_title", "kind_of",
           "labelled", "left_aligned", "letters", "level", "link", "link_to_bibliography",
           "linked_page", "meant_for", "metadata", "nodes", "number_chapter", "numbering",
           "outermost", "page_links", "pairs", "pandoc", "para", "picture_type", "place_captions",
           "plain", "prefix", "raw", "raw_block", "raw_inline", "references", "rewrite",
           "rewrite_lists", "span", "stand_ins", "strong", "structure", "take_titles", "target",
           "tex", "text", "translate", "with_attributes", "with_column_shares", "with_content",
           "with_pairs", "with_target", "wording", "words", "written_citations"]
