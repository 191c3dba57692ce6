"""The author's text: the project, its pages with what they include, and their prose and cells."""

from bookbuild.source.includes import Manuscript, read_manuscript
from bookbuild.source.pieces import (Cell, FrontMatter, InlineCode, Prose, Source, Unit, python_of,
                                     split_source)
from bookbuild.source.project import (CONFIG, PACKAGE, Page, Project, find_root, load_project,
                                      output_problem, place_in)
from bookbuild.source.vocabulary import (ATTRIBUTE, CLASS, HEAD, MARKDOWN, RAW, Attribute, mistake)
from bookbuild.source.yaml_lines import dump_yaml

__all__ = ["ATTRIBUTE", "CLASS", "CONFIG", "HEAD", "MARKDOWN", "PACKAGE", "RAW", "Attribute",
           "Cell", "FrontMatter", "InlineCode", "Manuscript", "Page", "Project", "Prose",
           "Source", "Unit", "dump_yaml", "find_root", "load_project", "mistake",
           "output_problem", "place_in", "python_of", "read_manuscript", "split_source"]
