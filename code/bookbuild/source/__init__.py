"""The author's text: the project, its pages with what they include, and their prose and cells.

`vocabulary` says what the press knows of Quarto, and `mistake` what is wrong with a name.
"""

from bookbuild.source.includes import Manuscript, read_manuscript
from bookbuild.source.pieces import Cell, FrontMatter, InlineCode, Prose, SplitText, Unit, python_of
from bookbuild.source.project import (PACKAGE, Page, Project, find_root, load_project,
                                      output_problem, place_in)
from bookbuild.source.settings import COMPUTED, CONFIG, NOT_COMPUTED
from bookbuild.source.splitting import split_source
from bookbuild.source.verdicts import mistake
from bookbuild.source.vocabulary import (ATTRIBUTE, CLASS, EXECUTE, HEAD, MARKDOWN, RAW,
                                         Attribute)
from bookbuild.source.yaml_lines import dump_yaml

__all__ = ["ATTRIBUTE", "CLASS", "COMPUTED", "CONFIG", "EXECUTE", "HEAD", "MARKDOWN",
           "NOT_COMPUTED", "PACKAGE", "RAW", "Attribute", "Cell", "FrontMatter", "InlineCode", "Manuscript", "Page", "Project", "Prose",
           "SplitText", "Unit", "dump_yaml", "find_root", "load_project", "mistake",
           "output_problem", "place_in", "python_of", "read_manuscript", "split_source"]
