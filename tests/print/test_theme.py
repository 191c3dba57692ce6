"""Both presses' pages have the same colours and faces, and the fonts that they name are there."""

import importlib.util
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typst

THEME = Path(__file__).parents[2] / "code" / "bookbuild" / "print" / "theme"
CSS = (THEME / "html" / "book.css").read_text(encoding="utf-8")
SCSS = [(THEME / "quarto" / name).read_text(encoding="utf-8") for name in ("book.scss", "dark.scss")]
PAIRS = dict(re.findall(r"--([\w-]+): light-dark\((#\w+, #\w+)\)", CSS))
NAMES = dict(re.findall(r"--([\w-]+): #\{\$([\w-]+)\};", SCSS[0]))


def value(name, sheets):
    """What a variable of Sass is: the last sheet that sets it decides; one may stand for another."""
    for sheet in reversed(sheets):
        if found := re.search(rf"^\${name}: (.+?) !default;", sheet, re.MULTILINE):
            said = found[1]
            return value(said[1:], sheets) if said.startswith("$") else said
    raise AssertionError(f"no ${name}")


@pytest.mark.parametrize("name", PAIRS)
def test_a_colour_is_the_same_in_both_presses(name):
    light, dark = PAIRS[name].split(", ")
    assert value(NAMES[name], SCSS[:1]) == light
    assert value(NAMES[name], SCSS) == dark


def test_the_figures_filter_is_the_same_in_both_presses():
    for name in ("on-dark", "on-page"):
        light, dark, *_ = re.findall(rf"--{name}: ([^;}}]+);", CSS)
        assert (value(name, SCSS[:1]), value(name, SCSS)) == (light, dark)


@pytest.mark.parametrize("sheet, folder", [(CSS, THEME / "html"),
                                           (SCSS[0].replace("#{$fonts}", "fonts"), THEME / "html")])
def test_every_font_that_is_named_is_there(sheet, folder):
    named = re.findall(r'url\("(fonts/[^"]+)"\)', sheet)
    assert len(named) == 11
    assert all((folder / name).is_file() for name in named)
    assert (folder / "fonts" / "OFL.txt").is_file()


def finish():
    spec = importlib.util.spec_from_file_location("finish", THEME / "quarto" / "finish.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


HEAD = """<script src="https://cdn.jsdelivr.net/npm/jquery@3.5.1/dist/jquery.min.js"></script>
<script src="https://cdn.jsdelivr.net/npm/requirejs@2.3.6/require.min.js"></script>
<script type="application/javascript">define('jquery', [],function() {return window.jQuery;})</script>
"""


def test_a_table_of_quartos_loads_nothing_from_another_host():
    page = f"<head>{HEAD}</head><table><tr><th role=x></th><th>a</th></tr></table>"
    assert finish().finished(page) == "<head></head><table><tr><td></td><th>a</th></tr></table>"


def test_a_widget_keeps_what_it_needs():
    page = f"<head>{HEAD}</head><script>require(['plotly'], draw)</script>"
    assert finish().finished(page) == page


def test_pictures_of_quartos_are_light(tmp_path, monkeypatch):
    page, picture = tmp_path / "words.html", tmp_path / "words_files" / "figure-html" / "one.svg"
    picture.parent.mkdir(parents=True)
    page.write_text("<p>Words.</p>")
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg"><!-- Matplotlib -->\n'
                       '<path d="M 0 0 \nL 1.123456 2 \n"/></svg>')
    monkeypatch.setenv("QUARTO_PROJECT_DIR", str(tmp_path))
    monkeypatch.setenv("QUARTO_PROJECT_OUTPUT_DIR", ".")
    monkeypatch.setenv("QUARTO_PROJECT_OUTPUT_FILES", str(page))
    finish().main()
    assert 'd="M0 0l1.12 2"' in picture.read_text() and page.read_text() == "<p>Words.</p>"


CODE = '''\
@remember(2)
def mean(values, *, of=None):  # not a "string"
    """What is
    in the middle."""
    return f"{sum(values):.2f} of {len(values)!r}" if of is None else rb'x' + "it's"
class Short(Exception): pass
x.max = 1_0.5e-3 + max(.5, 0xFF); lambda_ = 'open
raise ValueError("no")
'''
COLOURED = {"#1f3f8f": "def return if is else class pass raise".split(), "#5b6470": [
    '# not a "string"', '    """', "What is", "    in the middle."],
            "#6a1b7a": ["@remember", "mean", "Short"],
            "#0b5f6b": ["sum", "len", "Exception", "max", "ValueError"],
            "#8a3b00": ["2", "None", ":.2f", "1_0.5e-3", ".5", "0xFF"],
            "#2f6b1f": ['f"', " of ", "rb'", "x", "it's", "'", "ope", "no", '"']}


def test_code_in_print_is_coloured_by_what_its_words_are(tmp_path):
    for name in ("code.tmTheme", "python.sublime-syntax"):
        shutil.copy(THEME / "typst" / name, tmp_path)
    (tmp_path / "main.typ").write_text("""\
#set raw(theme: "code.tmTheme", syntaxes: "python.sublime-syntax")
#show text: it => context [#metadata((it.text, text.fill.to-hex())) <word>#it]
#raw(json("code.json"), lang: "python", block: true)
""")
    (tmp_path / "code.json").write_text(json.dumps(CODE))
    words = json.loads(typst.Compiler(tmp_path / "main.typ", root=tmp_path).query(
        "<word>", field="value"))
    assert "".join(word for word, _ in words) == CODE.replace("\n", "")
    found: dict = {}
    for word, colour in words:
        found.setdefault(colour, []).append(word)
    for colour, expected in COLOURED.items():
        for word in expected:
            assert word in found[colour]


QUARTOS = '''
#import "quarto.typ": *
#show: book.with(title: [T], authors: ("A",))
= Maps
#figure([One], caption: [A dot], kind: "quarto-float-fig", supplement: "Figure")
#figure(table(columns: 1)[a], caption: figure.caption(position: top, [Squares]),
  kind: "quarto-float-tbl", supplement: "Table")
#figure([Two], caption: [], kind: "quarto-float-fig", supplement: "Figure")
#show figure: set figure(numbering: _ => subfloat-numbering(1, 2))
#figure([Three], caption: [A part], kind: "quarto-float-fig", supplement: "Figure")
#math.equation(block: true, numbering: equation-numbering, $ x $)
'''


@pytest.mark.needs("poppler")
def test_floats_as_quarto_writes_them_have_their_numbers(tmp_path):
    shutil.copytree(THEME / "typst", tmp_path, dirs_exist_ok=True)
    (tmp_path / "main.typ").write_text(QUARTOS)
    typst.Compiler(tmp_path / "main.typ", root=tmp_path).compile(output=tmp_path / "main.pdf")
    said = subprocess.run(["pdftotext", tmp_path / "main.pdf", "-"], capture_output=True, text=True,
                          check=True).stdout
    for words in ("Figure 1.1: A dot\n", "Table 1.1: Squares\n", "Figure 1.2\n", "(1.1)\n",
                  "Figure 1.1 (b): A part\n"):
        assert words in said


def test_how_long_a_word_of_code_may_be_is_one_number():
    """The template breaks longer ones; in the longest lines the presses do, each in its language."""
    said = [(THEME / "typst" / "book.typ", r"least-letters = (\d+)"),
            (THEME / "quarto" / "typst" / "typst.lua", r"LONG_WORD = (\d+)"),
            (THEME.parent / "typst.py", r"LONG_WORD = .*\\S\{(\d+),")]
    assert len({re.search(pattern, path.read_text(encoding="utf-8"))[1] for path, pattern in said}) == 1
