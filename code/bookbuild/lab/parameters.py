"""The parameters at the top of a live cell, and what their comments say about their range.

A parameter is an assignment of a number or a text to a name, on a line of its own, with a comment
that says what else may stand there::

    N_HIDDEN = 8  # 2-64 units            a slider over whole numbers, with its unit
    LEARNING_RATE = 0.05  # 0.001-1       a slider; logarithmic, as it spans decades
    ACTIVATION = "relu"  # relu or tanh   a choice; of three: relu, tanh or sigmoid

`code/bookbuild/live/page/parameters.js` reads the same lines in the page, in the same way.
"""

import math
import re
from dataclasses import dataclass

NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
LINE = re.compile(r"""([A-Za-z_]\w*)(\s*=\s*)("[^"\\]*"|'[^'\\]*'|[^\s"'#]+)"""
                  r"(\s*+#\s*+)((?:.*\S)?)\s*", re.ASCII)
RANGE = re.compile(rf"({NUMBER})\s*(?:-|–|to\s)\s*({NUMBER})(?:\s+(.*))?")
CHOICE = re.compile(r"\w+(?:, \w+)*,? or \w+", re.ASCII)
STEPS_A_DECADE = 20


@dataclass(frozen=True)
class Parameter:
    """A line of a cell that a control stands for.

    Attributes
    ----------
    name, line : str
        The name that is assigned to, and the line as written.
    value : float, int or str
        What the line assigns.
    stops : list
        What the control offers, in order.
    unit : str
        What the number counts or measures, or nothing.
    """

    name: str
    line: str
    value: float | int | str
    stops: list
    unit: str = ""

    def written(self, value) -> str:
        """The line with another value."""
        match = LINE.fullmatch(self.line)
        assert match                            # as `parameter_of` has read it
        name, equals, old, mark, comment = match.groups()
        new = old[0] + value + old[0] if isinstance(value, str) else repr(value)
        return name + equals + new + mark + comment


def parameters(code: str) -> list[Parameter]:
    """The parameters in the first lines of a cell, up to the first line that is none."""
    found = []
    for line in code.split("\n"):
        if not re.fullmatch(r"\s*(#.*)?", line):
            parameter = parameter_of(line)
            if not parameter:
                break
            found.append(parameter)
    return found


def parameter_of(line: str) -> Parameter | None:
    match = LINE.fullmatch(line)
    if not match:
        return None
    name, _, value, _, comment = match.groups()
    if value[0] in "\"'":
        choices = re.split(r",? or |, ", comment) if CHOICE.fullmatch(comment) else []
        return Parameter(name, line, value[1:-1], choices) if choices else None
    limits = RANGE.fullmatch(comment)
    if not limits or not re.fullmatch(NUMBER, value):
        return None
    texts = value, limits[1], limits[2]
    number = int if all(re.fullmatch(r"[+-]?\d+", text) for text in texts) else float
    value, low, high = map(number, texts)
    return Parameter(name, line, value, stops(low, high), limits[3] or "") if low < high else None


def stops(low, high) -> list:
    """The values at which a slider stops: numbers that one would write.

    Every whole number, or a hundred steps; twenty a decade where the range spans two decades.
    """
    whole = isinstance(low, int)
    logarithmic = low > 0 and high >= 100 * low
    if logarithmic:
        count = math.ceil(STEPS_A_DECADE * math.log10(high / low))
        values = [float(f"{low * 10 ** (step / STEPS_A_DECADE):.2g}") for step in range(count)]
    else:
        count = high - low if whole and high - low <= 1000 else 100
        values = [float(f"{low + (high - low) * step / count:.4g}") for step in range(count)]
    return list(dict.fromkeys([*(map(round, values) if whole else values), high]))
