"""Cells and expressions: run in kernels, and their results kept."""

from bookbuild.run.arithmetic import arithmetic
from bookbuild.run.chapters import ChapterCode, InlineValue, Result, run_chapters, run_unit
from bookbuild.run.kept import Cache, cached_results
from bookbuild.run.standing import Stamp
from bookbuild.run.uses import Modules, imported_module

__all__ = ["Cache", "ChapterCode", "InlineValue", "Modules", "Result", "Stamp", "arithmetic",
           "cached_results", "imported_module", "run_chapters", "run_unit"]
