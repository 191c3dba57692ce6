"""The author's text: the project, its pages with what they include, and their prose and cells.

`vocabulary` says what the press knows of Quarto, and `mistake` what is wrong with a name.
"""

from bookbuild.source.fences import regions, show_cells, without_code
from bookbuild.source.includes import Manuscript, expand, read_manuscript
from bookbuild.source.pieces import Cell, FrontMatter, InlineCode, Prose, SplitText, Unit, python_of
from bookbuild.source.project import (PACKAGE, Page, Project, find_root, load_project,
                                      leaves, output_problem, place_in)
from bookbuild.source.settings import COMPUTED, CONFIG, NOT_COMPUTED
from bookbuild.source.splitting import split_source
from bookbuild.source.verdicts import mistake
from bookbuild.source.vocabulary import (ATTRIBUTE, CLASS, EXECUTE, HEAD, MARKDOWN, RAW,
                                         Attribute, layout_rows)
from bookbuild.source.yaml_lines import dump_yaml, load_yaml

__all__ = ["ATTRIBUTE", "CLASS", "COMPUTED", "CONFIG", "EXECUTE", "HEAD", "MARKDOWN",
           "NOT_COMPUTED", "PACKAGE", "RAW", "Attribute", "Cell", "FrontMatter", "InlineCode",
           "Manuscript", "Page", "Project", "Prose", "SplitText", "Unit", "dump_yaml", "expand",
           "find_root", "layout_rows", "leaves", "load_project", "load_yaml", "mistake",
           "output_problem", "place_in", "python_of", "read_manuscript", "regions",
           "show_cells", "split_source", "without_code"]
