"""Where code stands in a text: fenced blocks, code spans and comments, as pandoc sees them."""

import re
from bisect import bisect_left
from collections.abc import Iterator

TOKEN = re.compile(
    r"^(?P<lead>(?:[ \t>]|[-+*:][ \t]|\(?(?:\d{1,9}|[A-Za-z#])[.)][ \t])*+)"  # of an item, a quote
    r"(?P<fence>`{3,}+(?=[^`\n]*$)|~{3,}+)(?P<info>[^\n]*)(?:\n|\Z)"
    r"|(?P<comment><!--)|\\.|(?P<ticks>`+)", re.MULTILINE)
PARAGRAPH_END = re.compile(r"\n[ \t\r>]*(?:\n|`{3,}+[^`\n]*$|~{3})", re.MULTILINE)
SHOWN_INFO = re.compile(r"\{(\{+[A-Za-z][\w.+-]*\}+)\}")
CELL_INFO = re.compile(r"\{(?P<language>[A-Za-z][\w.+-]*)(?P<attributes>[ \t,][^}]*)?\}")


def regions(text: str, position: int) -> Iterator[tuple[re.Match, re.Match | None]]:
    """Fenced blocks and code spans as pandoc sees them: the first token, and the end.

    The end of a fenced block is its last line, or None if it is never closed.
    """
    comments, runs = True, _runs(text)
    paragraph = -1              # where it ends
    while token := TOKEN.search(text, position):
        position = token.end()
        if token["fence"]:
            closing = _closing_fence(token).search(text, position)
            position = closing.end() if closing else len(text)
            yield token, closing
        elif token["ticks"]:
            same = runs.get(len(token["ticks"]), [])
            place = bisect_left(same, position, key=re.Match.start)
            if token.start() > paragraph:
                ending = PARAGRAPH_END.search(text, token.start())
                paragraph = ending.start() if ending else len(text)
            if place < len(same) and same[place].end() <= paragraph:
                position = same[place].end()
                yield token, same[place]
        elif token["comment"] and comments:
            end = text.find("-->", position)
            comments = end >= 0
            position = end + 3 if comments else position


def _runs(text: str) -> dict[int, list[re.Match]]:
    """The runs of backticks in a text, by their lengths."""
    runs: dict[int, list[re.Match]] = {}
    for run in re.finditer("`+", text):
        runs.setdefault(len(run[0]), []).append(run)
    return runs


def _closing_fence(token: re.Match) -> re.Pattern:
    """What ends a fenced block; a cell's end repeats its beginning, as Quarto has it."""
    mark, least = token["fence"][0], len(token["fence"])
    if CELL_INFO.fullmatch(token["info"].strip()) and not token["lead"].strip():
        fence = f"{token['lead']}{mark}{{{least}}}"
    else:
        fence = f"[ \\t>]*{mark}{{{least},}}"
    return re.compile(rf"^{fence}[ \t]*\r?(?:\n|\Z)", re.MULTILINE)


def show_cells(text: str) -> str:
    """Cells that are to be shown, ```` ```{{python}} ````, as the code blocks that show them."""
    parts, position = [], 0
    for token, closing in regions(text, 0) if "{{" in text else ():
        info = SHOWN_INFO.fullmatch(token["info"].strip()) if token["fence"] else None
        if not info or not closing:
            continue
        lead, fence = token["lead"], token["fence"]
        below = re.sub(r"[^ \t>]", " ", lead)
        around = fence + fence[0]
        parts += [text[position:token.start()], f"{lead}{around}{{.markdown}}\n",
                  f"{below}```{info[1]}\n", text[token.end():closing.start()],
                  f"{below}```\n{below}{around}\n"]
        position = closing.end()
    return "".join(parts) + text[position:]


def without_code(text: str) -> str:
    """The text with blanks in the place of code and comments, and every line at its place.

    Of cells the options stay, of other code blocks the first line.
    """
    def blank(match: re.Match) -> str:
        return re.sub(r"[^\n]", " ", match[0])

    parts, position = [], 0
    for token, closing in regions(text, 0):
        end = closing.start() if closing else len(text)
        code = re.sub(r"(?m)^(?![ \t]*#\s*\|).*", blank, text[token.end():end])
        parts += [text[position:token.end()], code]
        position = end
    # the second half is there to come to an end: of many beginnings, none may look for it again
    return re.sub(r"(?s)<!--(?:.*?-->|(.*))",
                  lambda found: blank(found) if found[1] is None else found[0],
                  "".join(parts) + text[position:])
