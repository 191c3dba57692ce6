"""What is told: problems with file and line, and what a terminal shows while a command works."""

from bookbuild.say.problems import BookError, Problem, annotation, counted, hindrances, tally
from bookbuild.say.terminal import Say, Timings, progress, say, show, without_codes

__all__ = ["BookError", "Problem", "Say", "Timings", "annotation", "counted", "hindrances",
           "progress", "say", "show", "tally", "without_codes"]
