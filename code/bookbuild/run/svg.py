"""Matplotlib's SVG, lighter: the same picture in half of the bytes.

Matplotlib writes places with six decimals of a point, each path and mark with its style, each
group with an id, and all of it indented. Two decimals are a hundredth of a point, which nobody
sees. Pictures of other programs, whose units may be anything, stay as they are.
"""

import re
from collections import Counter
from xml.etree import ElementTree

SVG, XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
HREF = f"{XLINK}href"
KEPT_WHOLE = {f"{SVG}text", f"{SVG}style"}
LETTERS = "abcdefghijklmnopqrstuvwxyz"

STEP = re.compile(r"([MLQCz])([^MLQCz]*)")
FOREIGN = re.compile(r"[^MLQCz\d.\s-]")
TRANSLATE = re.compile(r"translate\((-?[\d.]+) (-?[\d.]+)\)")
REFERENCE = re.compile(r"(?<=url\(#)[^)]+(?=\))")

for prefix, space in (("", SVG), ("xlink", XLINK)):
    ElementTree.register_namespace(prefix, space.strip("{}"))


def lighter(svg: str) -> str:
    """The picture without what no reader sees; another program's, or no SVG, as it is."""
    if "Matplotlib" not in svg[:1500]:
        return svg
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError:
        return svg
    for metadata in root.findall(f"{SVG}metadata"):
        root.remove(metadata)
    _shorten(root)
    _drop_repeated(root)
    _rename(root)
    _nest(root)
    return ElementTree.tostring(root, encoding="unicode").replace(" />", "/>")


def _shorten(element: ElementTree.Element) -> None:
    """Places in hundredths of a point, styles without blanks; what indents is dropped."""
    if element.tag in KEPT_WHOLE:
        return
    element.text = None if not (element.text or "").strip() else element.text
    given = element.attrib
    if "d" in given:
        given["d"] = shorter_path(given["d"])
    if "style" in given:
        given["style"] = re.sub(r"([:;]) +", r"\1", given["style"])
    if given.get(HREF, "").startswith("data:"):
        given[HREF] = "".join(given[HREF].split())
    if "transform" in given:
        given["transform"] = TRANSLATE.sub(
            lambda found: f"translate({hundredths(found[1])} {hundredths(found[2])})",
            given["transform"])
    if element.tag == f"{SVG}use":
        moved = TRANSLATE.fullmatch(given.get("transform", ""))
        if moved and not {"x", "y"} & set(given):
            given |= {"x": moved[1], "y": moved[2]}
            del given["transform"]
        for name in {"x", "y"} & set(given):
            given[name] = hundredths(given[name])
            if given[name] == "0":
                del given[name]
    for child in element:
        _shorten(child)
        child.tail = None if not (child.tail or "").strip() else child.tail


def _drop_repeated(root: ElementTree.Element) -> None:
    """No style where a path is used that has all of it itself, as ticks have: its own holds."""
    own = {f"#{element.get('id')}": set(element.get("style", "").split(";"))
           for element in root.iter(f"{SVG}path")}
    for element in root.iter(f"{SVG}use"):
        if set(element.get("style", "").split(";")) <= own.get(element.get(HREF, ""), set()):
            element.attrib.pop("style", None)


def _rename(root: ElementTree.Element) -> None:
    """One letter or two for each id that is referred to, most often first; no others."""
    used = Counter(name for element in root.iter() for name in _references(element))
    held = {element.get("id") for element in root.iter()}
    short = {name: _letters(place) for place, (name, _) in enumerate(used.most_common())
             if name in held}
    for element in root.iter():
        given = element.attrib
        if name := given.pop("id", None):
            given |= {"id": short[name]} if name in short else {}
        for key, value in given.items():
            if key == HREF and value[1:] in short and value.startswith("#"):
                given[key] = "#" + short[value[1:]]
            elif "url(#" in value:
                given[key] = REFERENCE.sub(lambda found: short.get(found[0], found[0]), value)


def _references(element: ElementTree.Element) -> list[str]:
    """The ids that an element's attributes refer to."""
    names = [element.attrib[HREF][1:]] if element.get(HREF, "").startswith("#") else []
    return names + [name for value in element.attrib.values() if "url(#" in value
                    for name in REFERENCE.findall(value)]


def _letters(place: int) -> str:
    """The names a, b, ..., z, aa, ab, ..."""
    more, last = divmod(place, len(LETTERS))
    return (_letters(more - 1) if more else "") + LETTERS[last]


def _nest(element: ElementTree.Element) -> None:
    """Groups that say nothing are opened; neighbours of one style are put into one that says it."""
    children: list[ElementTree.Element] = []
    for child in element:
        _nest(child)
        plain = child.tag == f"{SVG}g" and not child.attrib and not child.tail
        children += list(child) if plain else [child]
    element[:] = []
    run: list[ElementTree.Element] = []
    for child in children:
        style = child.get("style") if child.tag == f"{SVG}use" else None
        if run and style != run[0].get("style"):
            element.extend(_grouped(run))
            run = []
        if style:
            run.append(child)
        else:
            element.append(child)
    element.extend(_grouped(run))


def _grouped(run: list[ElementTree.Element]) -> list[ElementTree.Element]:
    if len(run) < 2:
        return run
    group = ElementTree.Element(f"{SVG}g", {"style": run[0].attrib["style"]})
    for child in run:
        del child.attrib["style"]
        group.append(child)
    return [group]


def shorter_path(drawn: str) -> str:
    """A path's data in steps of a hundredth, each from the last place; another's as it is.

    Examples
    --------
    >>> shorter_path("M 10.123456 20 L 15.5 20 L 15.5 9.999 Q 1 2 3 4 z")
    'M10.12 20h5.38v-10q-14.5-8-12.5-6z'
    """
    if FOREIGN.search(drawn):
        return drawn
    written: list[str] = []
    at, begun, last = (0, 0), (0, 0), ""
    for letter, places in STEP.findall(drawn):
        steps = points = [round(100 * float(place)) for place in places.split()]
        if letter == "z":
            at = begun
        else:
            if letter == "M":
                begun = points[0], points[1]
            else:
                letter = letter.lower()
                steps = [point - at[each % 2] for each, point in enumerate(points)]
            at = points[-2], points[-1]
        if letter == "l" and not (steps[0] and steps[1]):
            letter, steps = ("v", steps[1:]) if steps[1] else ("h", steps[:1])
        for step in map(decimal, steps):
            again = letter == last
            written += [" " if again and step[0] != "-" else "" if again else letter, step]
            last = letter
        if letter == "z":
            written.append(letter)
            last = letter
    return "".join(written)


def hundredths(number: str) -> str:
    """A number with at most two decimals."""
    return decimal(round(100 * float(number)))


def decimal(hundredths: int) -> str:
    """So many hundredths, in as few signs as can be."""
    whole, part = divmod(abs(hundredths), 100)
    text = f"{whole or '' if part else whole}" + f".{part:02}".rstrip("0") * bool(part)
    return f"-{text}" if hundredths < 0 else text
