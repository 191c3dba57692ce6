#!/usr/bin/env python3
"""Make the book's web fonts from the full OpenType files.

    python subset.py FOLDER_WITH_OTF_FILES

Needs fonttools and brotli. README.md says where the full files come from.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

LATIN = "U+20-7E,U+A0-FF,U+100-107,U+10C-10F,U+118-11B,U+11E-11F,U+130-131,U+141-144,U+147-148," \
        "U+150-153,U+158-161,U+16E-171,U+178-17E,U+218-21B"
PUNCTUATION = "U+2010-2015,U+2018-201E,U+2020-2022,U+2026,U+2032-2033,U+2039-203A,U+20AC," \
              "U+2122,U+2190-2193,U+2212,U+2009-200A,U+202F"
TEXT = f"{LATIN},{PUNCTUATION}"
CODE = f"U+20-7E,U+A0-FF,U+391-3C9,{PUNCTUATION},U+2192,U+21A6,U+2202,U+2207,U+2208,U+2211," \
       "U+221A,U+221E,U+2248,U+2260,U+2264-2265,U+2500-2503,U+250C-254B,U+2588,U+2713,U+2717"
MATHS = (
    "U+20-7E,U+A0-AC,U+AF-B7,U+D7,U+F7,U+131,U+237,U+2C6-2C7,U+2D8-2DD,"
    "U+300-304,U+306-30C,U+332,U+338,U+20D6-20D7,U+20DB,"
    "U+391-3A1,U+3A3-3A9,U+3B1-3C9,U+3D1,U+3D5-3D6,U+3F0-3F1,U+3F5,"
    "U+2002-200B,U+2016,U+2020-2022,U+2026,U+2032-2034,U+203E,U+2044,U+2061-2064,"
    "U+2102,U+210B-2113,U+2115,U+2118-211E,U+2124,U+212C-2134,U+2190-2199,U+21A6,U+21CC,"
    "U+21D0-21D5,U+2200-220F,U+2210-2213,U+2216-221E,U+2220,U+2223-222F,U+2234-2237,U+223C,"
    "U+2243,U+2245,U+2248,U+224D,U+2250,U+2254,U+225C-225D,U+2260-2265,U+226A-226B,"
    "U+227A-227B,U+2282-2287,U+228E,U+2291-229B,U+22A2-22A5,U+22A8,U+22B2-22B5,U+22BA,"
    "U+22C0-22C6,U+22EE-22F1,U+2308-230B,U+23B4-23B5,U+23DC-23DF,U+25A0-25A1,U+25B3,U+25B8,"
    "U+25CB,U+25CF,U+27C2,U+27E6-27EB,U+27F5-27FC,U+2A00-2A02,U+2A7D-2A7E,U+2AAF-2AB0,"
    "U+1D400-1D467,U+1D49C-1D4CF,U+1D538-1D56B,U+1D6A4-1D6A5,U+1D6E2-1D71B,U+1D7CE-1D7D7"
)
# Alphabets that few pages use; a browser loads them only for a page that does (`unicode-range`).
MORE_MATHS = "U+1D468-1D49B,U+1D4D0-1D537,U+1D56C-1D59F,U+1D6A8-1D6E1,U+1D71C-1D7CB,U+1D7D8-1D7E1"

TEXT_FEATURES = ["kern", "liga", "ccmp", "mark", "locl", "lnum", "tnum"]
FONTS = [
    ("STIXTwoText-Regular.otf", "text-regular", TEXT, [*TEXT_FEATURES, "smcp"]),
    ("STIXTwoText-Italic.otf", "text-italic", TEXT, TEXT_FEATURES),
    ("STIXTwoText-SemiBold.otf", "text-bold", TEXT, TEXT_FEATURES),
    ("STIXTwoText-SemiBoldItalic.otf", "text-bold-italic", TEXT, TEXT_FEATURES),
    ("STIXTwoMath-Regular.otf", "maths", MATHS, ["ccmp", "dtls"]),
    ("STIXTwoMath-Regular.otf", "maths-more", MORE_MATHS, ["ccmp", "dtls"]),
    ("SourceSansPro-Regular.otf", "sans-regular", TEXT, ["kern", "ccmp", "mark"]),
    ("SourceSansPro-Semibold.otf", "sans-bold", TEXT, ["kern", "ccmp", "mark"]),
    ("SourceCodePro-Regular.otf", "code-regular", CODE, ["ccmp"]),
    ("SourceCodePro-Semibold.otf", "code-bold", CODE, ["ccmp"]),
    ("SourceCodePro-RegularIt.otf", "code-italic", CODE, ["ccmp"]),
]


def draw_primes_for_scripts(font: TTFont) -> None:
    """Let the primes' code points show the forms that are made to be superscripts.

    A browser takes the MATH table's sizes but not its `ssty` forms, and in MathML a prime is
    always a superscript.
    """
    forms = {code: f"{font.getBestCmap()[code]}.ssty" for code in (0x2032, 0x2033, 0x2034)}
    for table in font["cmap"].tables:
        table.cmap.update(forms)


def make(source: Path, target: Path, unicodes: str, features: list[str]) -> None:
    """Write the glyphs of `unicodes`, and what they stretch into, as WOFF2."""
    options = subset.Options(flavor="woff2", layout_features=features, hinting=False,
                             obfuscate_names=True, notdef_outline=True)
    font = subset.load_font(source, options)
    if "SVG " in font:
        del font["SVG "]
    if "MATH" in font:
        draw_primes_for_scripts(font)
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=subset.parse_unicodes(unicodes))
    subsetter.subset(font)
    subset.save_font(font, target, options)


def main(folder: Path) -> None:
    here = Path(__file__).parent
    for name, short, unicodes, features in FONTS:
        target = here / f"{short}.woff2"
        make(folder / name, target, unicodes, features)
        print(f"{target.stat().st_size:7d}  {target.name}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(Path(sys.argv[1]))
