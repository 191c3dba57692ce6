"""Cells and expressions: run in kernels, and their results kept.

`kernel`, whose import takes time, is imported where it is used.
"""

from bookbuild.run.arithmetic import (AVX2, NUMPY, ONE_THREAD, PROCESSORS,
                                      numeric_environment)
from bookbuild.run.chapters import (ChapterCode, CodeRaised, InlineValue, Ran, Result,
                                    run_chapters, run_unit, started)
from bookbuild.run.kept import KeptResults, kept_or_run, unit_key
from bookbuild.run.observing import Answers, Look, Observer, answer, holds
from bookbuild.run.standing import Stamp, press
from bookbuild.run.svg import lighter

__all__ = ["AVX2", "NUMPY", "ONE_THREAD", "PROCESSORS", "Answers", "ChapterCode", "CodeRaised",
           "InlineValue", "KeptResults", "Look", "Observer", "Ran", "Result", "Stamp", "answer",
           "holds", "kept_or_run", "kernel", "lighter", "numeric_environment", "press",
           "run_chapters", "run_unit", "started", "unit_key"]
