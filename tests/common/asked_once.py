"""Pandoc, asked once for each text, in tests that print the same pages many times.

Pandoc gives the same for the same; which text it is given, and when, is the press's own. The files
that its options name, such as a bibliography, count by what is in them, wherever they lie.
"""

from collections import OrderedDict
from pathlib import Path

from bookbuild.document import pandoc

KEPT = 4000             # answers


def asked_once(call=pandoc.call):
    """What takes the place of `pandoc.call`."""
    answers = OrderedDict()

    def asked(source, *options):
        key = source, *map(meant, options)
        if not (said := answers.get(key)):
            said = answers[key] = call(source, *options)
            while len(answers) > KEPT:
                answers.popitem(last=False)
        return said
    return asked


def meant(option):
    """An option, with the content of the file that it names."""
    name, _, value = option.partition("=")
    file = Path(value)
    return (name, file.suffix, file.read_bytes()) if value and file.is_file() else option
