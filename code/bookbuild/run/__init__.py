"""Cells and expressions: run in kernels, and their results kept."""

from bookbuild.run.arithmetic import arithmetic
from bookbuild.run.chapters import (ChapterCode, InlineValue, Ran, Result, run_chapters,
                                    run_unit)
from bookbuild.run.kept import KeptResults, kept_or_run, unit_key
from bookbuild.run.observing import Answers, Look, Observer, answer, holds
from bookbuild.run.standing import Stamp

__all__ = ["Answers", "ChapterCode", "InlineValue", "KeptResults", "Look", "Observer", "Ran",
           "Result", "Stamp", "answer", "arithmetic", "holds", "kept_or_run", "run_chapters",
           "run_unit", "unit_key"]
