"""Chooses what pages load at once and what only when a run imports it; run by `pack.cjs`.

It runs in the Pyodide of the pages, so that what it compiles is what they would compile.
"""

import importlib.util
import json
import marshal
import sys
from io import BytesIO
from pathlib import Path

SITE = "site-packages"
# Readers look at the source of these.
OWN = "deepmath", "_cells.py", "_checks.py", "_later.py", "_state.py"
DOCUMENTED = "numpy", *OWN      # of the others docstrings stay out, and what they cost
WHOLE = "pyodide", "_pyodide"           # a browser may import more of these than Node
SKIPPED = {"tests", "sample_data", "images", "include", "afm", "pdfcorefonts", "_pyinstaller"}
MODULES = ".py", ".so"
DATA = ".json", ".mplstyle", ".gz", ".ttf", ""
# Of the faces, those that are drawn with unless code asks for others, and all that mathematics is
# set in; for others matplotlib takes the nearest of these, and says so.
FACES = {"DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSansMono",
         "DejaVuSansDisplay", "STIXGeneral", "STIXGeneralItalic", "STIXNonUni", "STIXNonUniIta",
         "STIXNonUniBol", "STIXNonUniBolIta", "STIXSizOneSymReg", "STIXSizTwoSymReg",
         "STIXSizThreeSymReg", "STIXSizFourSymReg", "STIXSizFiveSymReg", "cmb10", "cmex10",
         "cmmi10", "cmr10", "cmss10", "cmsy10", "cmtt10"}
LARGE = 300_000         # bytes
# Of the large ones, what texts and formulas are written in; not, for one, Arabic or Braille.
SIGNS = [*range(0x600), *range(0x1D00, 0x2800), *range(0x2900, 0x2C00), *range(0xA700, 0xA800),
         *range(0xFB00, 0xFB07), 0xFFFD, *range(0x1D400, 0x1D800)]
MISTAKES = "undefined", "import undefined", "x = = 1", "[].undefined", "print(1 / 0)"


def main(library: str, target: str) -> None:
    """Write packages.bin and rest.bin, not yet compressed, into the folder `target`."""
    root = Path(library)
    at_once = imported(root)
    folders = {path.parent for path in at_once}
    first: dict[str, bytes] = {}
    rest: dict[str, bytes] = {}
    later: list[str] = []
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root)
        if not path.is_file() or SKIPPED & set(name.parts) or path.suffix not in MODULES + DATA \
                or any(part.endswith((".dist-info", "__pycache__")) for part in name.parts):
            continue
        if path.suffix in MODULES:
            is_first = path in at_once or bool({*OWN, *WHOLE} & set(name.parts))
        else:
            home = next(folder for folder in path.parents if holds_modules(folder))
            is_first = home in folders
        if is_first:
            first |= packed(path, name)
        elif path.suffix != ".ttf":
            rest[str(name)] = path.read_bytes()
            if path.suffix in MODULES:
                later.append(module_of(name))
    for file, files, modules in (("packages.bin", first, later), ("rest.bin", rest, [])):
        index = json.dumps({"files": [(name, len(content)) for name, content in files.items()],
                            "later": modules}).encode()
        Path(target, file).write_bytes(b"".join([len(index).to_bytes(4, "little"), index,
                                                 *files.values()]))


def imported(root: Path) -> set[Path]:
    """The files of the modules that a page has imported when its first picture is drawn."""
    import _cells  # type: ignore[import-not-found]
    _cells.rehearse()
    for code in MISTAKES:
        try:
            exec(code, {})
        except Exception as error:
            _cells.description(error, code)
    archive = f"{root.parent}/python314.zip"
    files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
    return {Path(file.replace(archive, str(root))) for file in files}


def holds_modules(folder: Path) -> bool:
    return any(path.suffix in MODULES for path in folder.iterdir())


def module_of(name: Path) -> str:
    """The name by which a file of the library or of a package is imported."""
    parts = list(name.parts[name.parts[0] == SITE:])
    parts[-1] = parts[-1].partition(".")[0]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def packed(path: Path, name: Path) -> dict[str, bytes]:
    """A file of those that are loaded at once, by its name: compiled, or without the unread."""
    content = path.read_bytes()
    if path.suffix == ".ttf":
        is_large = path.stem.startswith("DejaVu") and len(content) > LARGE
        return {str(name): face(content, is_large)} if path.stem in FACES else {}
    if path.name == "fontlist.json":
        content = font_list(json.loads(content))
    elif path.suffix == ".py" and not set(OWN) & set(name.parts):
        return {f"{name}c": compiled(content, path)}
    elif path.suffix == ".py":
        kept = importlib.util.cache_from_source(path).removeprefix(str(path.parent))
        return {str(name): content, f"{name.parent}{kept}": compiled(content, path)}
    return {str(name): content}


def compiled(source: bytes, path: Path) -> bytes:
    """A module as Python keeps it; nothing is compared with its source, which is not there."""
    level = 0 if set(DOCUMENTED) & set(path.parts) else 2
    code = compile(source, path, "exec", dont_inherit=True, optimize=level)
    return b"".join([importlib.util.MAGIC_NUMBER, (1).to_bytes(4, "little"), bytes(8),
                     marshal.dumps(code)])


def face(content: bytes, is_large: bool) -> bytes:
    """A face without what matplotlib never reads: instructions, as it hints by itself, features."""
    from fontTools import subset    # now: what it imports is not what a page does

    options = subset.Options(hinting=False, legacy_kern=True, glyph_names=True, notdef_outline=True,
                             recommended_glyphs=True, layout_features=[], name_IDs=["*"])
    options.drop_tables += ["GPOS", "GSUB", "GDEF", "FFTM"]
    font = subset.load_font(BytesIO(content), options)
    choice = subset.Subsetter(options)
    choice.populate(unicodes=SIGNS) if is_large else choice.populate(glyphs=font.getGlyphOrder())
    choice.subset(font)
    made = BytesIO()
    font.save(made)
    return made.getvalue()


def font_list(listed: dict) -> bytes:
    """Matplotlib's list of faces, of those that are there."""
    listed["afmlist"] = []
    listed["ttflist"] = [each for each in listed["ttflist"] if Path(each["fname"]).stem in FACES]
    return json.dumps(listed).encode()
