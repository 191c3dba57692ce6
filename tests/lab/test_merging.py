"""Two versions of a chapter, made of one: merged where they do not clash, and nothing lost."""

import random

import pytest

from bookbuild.lab.merging import are_kin, merge

PROSE = ["# Title\n\nFirst words here, and more.\n\nSecond paragraph of it.\n\nThird one, at last.\n\n",
         "Between the cells.\n\n", "The end.\n"]
CODES = ["```{python}\n#| label: one\nx = 1\n```\n\n", "```{python}\ny = 2\nprint(y)\n```\n\n"]
BASE = PROSE[0] + CODES[0] + PROSE[1] + CODES[1] + PROSE[2]


def changed(*pairs):
    text = BASE
    for old, new in pairs:
        assert text.count(old) == 1
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("mine, theirs", [
    ([("x = 1", "x = 2")], [("y = 2", "y = 3")]),
    ([("x = 1", "x = 2")], [("Between the", "Among the")]),         # neighbours
    ([("First words", "Other words")], [("Third one", "Another one")]),     # paragraphs of a cell
    ([("x = 1", "x = 2")], [("x = 1", "x = 2")]),
    ([("x = 1", "x = 2")], [(CODES[1], "")]),
    ([(CODES[0], "")], [("The end", "An end")]),
    ([("The end.\n", "The end.\n\n```{python}\nz = 3\n```\n")], [("Between", "Among")]),
    ([("Between the cells.\n\n", "Between the cells.\n\n```{python}\nz = 3\n```\n\nWords.\n\n")],
     [("x = 1", "x = 2"), ("y = 2", "y = 3")]),
    ([("x = 1", "x = 2")], [("# Title\n", "# Title\n\n\n\n")]),
    ([], [("The end.\n", "The end")]),
    ([("# Title\n\n", "# Title\n\nNew.\n\n")], [("Third one", "Another one")]),
])
def test_what_does_not_clash_is_merged(mine, theirs):
    for own, other in ((mine, theirs), (theirs, mine)):
        result = merge(BASE, changed(*own), changed(*other))
        assert not result.clashes
        both = BASE
        for old, new in [*other, *(each for each in own if each not in other)]:
            both = both.replace(old, new)
        assert result.text.split() == both.split()
        assert result.both == result.text
        if own == mine:
            assert result.text == both


@pytest.mark.parametrize("mine, theirs, name", [
    (("x = 1", "x = 2"), ("x = 1", "x = 3"), "one"),
    (("y = 2", "y = 3"), ("print(y)", "print(y, y)"), '"y = 2"'),
    (("x = 1", "x = 2"), (CODES[0], ""), "one"),
    (("Second par", "2nd par"), ("Second par", "Another par"), '"# Title"'),
])
def test_what_clashes_is_shown_side_by_side(mine, theirs, name):
    for own, other in ((mine, theirs), (theirs, mine)):
        result = merge(BASE, changed(own, ), changed(other, ("The end", "An end")))
        assert [each.split(" = ")[0] for each in result.clashes] == [name.split(" = ")[0]]
        for _, new in (own, other):
            assert new.strip("\n`") in result.both
        assert own[1].strip("\n`") in result.text and "An end" in result.text
        assert result.both.count("<<<<<<< chapter\n") == result.both.count("\n>>>>>>> notebook") == 1


def test_nothing_that_one_side_wrote_is_lost():
    rng = random.Random(3)
    for _ in range(300):
        sides = []
        for side in "MT":
            pieces = [*PROSE[:1], CODES[0], PROSE[1], CODES[1], PROSE[2]]
            for number in range(rng.randrange(1, 4)):
                at, word = rng.randrange(len(pieces)), f"{side}{number}"
                pieces[at] = rng.choice([pieces[at].replace(" ", f" {word} ", 1),
                                         f"```{{python}}\n{word}\n```\n\n{pieces[at]}"])
            sides.append("".join(pieces))
        mine, theirs = sides
        result = merge(BASE, mine, theirs)
        words = {word for word in (mine + " " + theirs).split() if word[0] in "MT" and word[1:].isdigit()}
        assert words <= {*result.both.split()}
        assert result.clashes or result.both == result.text
        assert merge(BASE, BASE, theirs).text == theirs
        assert merge(BASE, mine, BASE).text.split() == mine.split()


def test_lines_end_as_in_the_chapter():
    mine, theirs = changed(("x = 1", "x = 2")), changed(("y = 2", "y = 3")).replace("\n", "\r\n")
    result = merge(BASE.replace("\n", "\r\n"), mine.replace("\n", "\r\n"), theirs)
    assert result.text == theirs.replace("x = 1", "x = 2")


def test_a_text_that_is_no_version_of_another_is_told():
    assert are_kin(BASE, changed(("x = 1", "x = 2"), ("The end", "An end")))
    assert not are_kin(BASE, "# Other\n\nThe end.\n") and not are_kin("", BASE)
