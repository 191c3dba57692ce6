"""The page finds a cell's data and seed in its code, and writes others in their place."""

import ast
import json
import subprocess

import pytest

from bookbuild.live.parts import PARTS
from bookbuild.live.scripts import joined

pytestmark = pytest.mark.needs("node")

PAGE = PARTS / "page"
BOOK = """N = 8  # 2-64

from deepmath import fit, xor

rng = default_rng(42)
X, y = xor(120, rng)  # xor, circles, spirals or own_points
"""


def in_the_page(expression, **given):
    """What an expression over the page's modules gives, for values by their names."""
    imports = "".join(f'import {{ {names} }} from {json.dumps((PAGE / f"{module}.js").as_uri())};\n'
                      for module, names in [("data", "choiceIn, dataOf, withData"),
                                            ("seeds", "seedOf, withSeed"), ("settings", "withSettings"), ("versions", "Versions")])
    values = "".join(f"const {name} = {json.dumps(value)};\n" for name, value in given.items())
    said = subprocess.run(
        ["node", "--input-type=module", "--eval",
         f"{imports}{values}console.log(JSON.stringify({expression}));"],
        capture_output=True, text=True, check=True).stdout
    return json.loads(said)


def changed(code, *changes):
    """The code after one change after another, as the page's controls make them."""
    return in_the_page("changes.reduce((text, one) => withData(text, { ...dataOf(text), ...one }, code), code)",
                       code=code, changes=changes)


def test_another_choice_is_written_and_imported_and_the_way_back_leads_to_the_book():
    circles = changed(BOOK, {"name": "circles"})
    assert circles == BOOK.replace("X, y = xor(", "X, y = circles(").replace("fit, xor", "fit, circles")
    noisy = changed(circles, {"noise": 0.1})
    assert "X, y = circles(120, rng, noise=0.1)  # xor, circles" in noisy
    assert changed(BOOK, {"name": "circles"}, {"noise": 0.1}, {"noise": 0}, {"name": "own_points"},
                   {"name": "xor", "noise": 0}) == BOOK


def test_own_points_are_plain_data_in_the_code():
    code = changed(BOOK, {"name": "own_points", "points": [[0.25, -1, 1], [0, 0.5, 0]]})
    line = next(line for line in code.split("\n") if line.startswith("X, y"))
    call = ast.parse(line).body[0].value
    assert call.func.id == "own_points" and "import fit, own_points" in code
    assert ast.literal_eval(call.args[0]) == [(0.25, -1, 1), (0, 0.5, 0)]
    assert in_the_page("dataOf(code).points", code=code) == [[0.25, -1, 1], [0, 0.5, 0]]
    other = code.replace("[(0.25", "[*more, (0.25")
    assert in_the_page("dataOf(code)", code=other)["points"] is None       # not to be lost


@pytest.mark.parametrize("line, found", [
    ("X, y = spirals(99, 3)  # xor or spirals", {"name": "spirals", "base": "99, 3", "noise": 0.02}),
    ("X, y = spirals(99, 3, noise=0.5)  # xor or spirals", {"base": "99, 3", "noise": 0.5}),
    ("X, y = spirals(99, 3, turns=2)  # xor or spirals", {"name": "spirals", "base": None, "noise": None}),
    ("X, y = xor(99, 3)", None), ("X, y = xor(99, 3)  # points", None), ("X = xor(99, 3)  # xor or y", None)])
def test_what_is_a_choice_of_data(line, found):
    told = in_the_page("dataOf(line)", line=line)
    assert told is None if found is None else told | found == told


def test_what_is_used_elsewhere_stays_imported():
    code = changed(BOOK + "more = xor(5, 0)\n", {"name": "circles"})
    assert "from deepmath import fit, xor, circles\n" in code


@pytest.mark.parametrize("code, seed, other", [
    (BOOK, 42, BOOK.replace("42", "43")), ("SEED = 7  # 0-99\nx = f(SEED)", 7, "SEED = 43  # 0-99\nx = f(SEED)"),
    ("rng = default_rng(seed)", None, "rng = default_rng(seed)"), ("", None, "")])
def test_a_seed_is_found_and_replaced(code, seed, other):
    assert in_the_page("[seedOf(code), withSeed(code, 43)]", code=code) == [seed, other]


def test_a_setting_of_the_text_sets_all_others_to_the_books():
    edited = changed(BOOK.replace("N = 8", "N = 9").replace("42", "50"), {"name": "circles"})
    set_to = "withSettings(edited, book, { values: {}, data: null, seed: null, ...settings })"
    for settings, wanted in [({}, BOOK), ({"values": {"N": 16}}, BOOK.replace("N = 8", "N = 16")),
                             ({"seed": 3}, BOOK.replace("42", "3"))]:
        assert in_the_page(set_to, edited=edited, book=BOOK, settings=settings) == wanted
    call = in_the_page("choiceIn(call)", call="spirals(120, rng, noise=0.1)")
    drawn = in_the_page(set_to, edited=edited, book=BOOK, settings={"data": call})
    assert "X, y = spirals(120, rng, noise=0.1)  #" in drawn and "fit, spirals" in drawn


def test_where_nothing_can_be_stored_both_versions_stay_as_long_as_the_page():
    steps = """(() => {
      globalThis.location = { pathname: "/one.html" };
      const refuse = () => { throw new Error("full"); };
      Object.defineProperty(globalThis, "localStorage",
        { value: { getItem: refuse, setItem: refuse, removeItem: refuse } });
      const cell = new Versions("plain", "book");
      const seen = () => ["book", "own", "linked"].map((version) => cell.codeOf(version));
      cell.changed("mine");
      Object.assign(cell, { link: "linked", shown: "linked" });
      cell.changed("linked, changed");
      const both = seen();
      cell.discard();
      return [both, cell.shown, seen()];
    })()"""
    assert in_the_page(steps) == [["book", "mine", "linked, changed"], "own", ["book", "mine", None]]


def test_the_modules_can_be_joined(tmp_path):
    """No name is given twice at their top level."""
    script = tmp_path / "joined.js"
    script.write_text(f"(() => {{ const SETTINGS = {{}};\n{joined(PAGE, 'main')}}})();")
    subprocess.run(["node", "--check", script], check=True)
