"""Matplotlib's SVG, lighter: the same picture; another program's is not touched."""

import io
import re
from xml.etree import ElementTree

import numpy as np
import pytest
import typst
from bookbuild.run.chapters import shown_outputs
from bookbuild.run.svg import lighter, shorter_path
from hypothesis import given
from hypothesis import strategies as st
from matplotlib import rc_context
from matplotlib.figure import Figure
from PIL import Image

ABSOLUTE = re.compile(r"([MLQCz])([^MLQCz]*)")
RELATIVE = re.compile(r"([Mlhvqcz])([^Mlhvqcz]*)")
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")


def drawn(**settings):
    """A figure with a bit of all that figures hold, as matplotlib writes it."""
    figure = Figure(figsize=(5, 4))
    axes = figure.subplots(2, 2)
    x = np.linspace(0, 6, 80)
    axes[0, 0].plot(x, np.sin(x), "o--", label=r"$\sin x$, a wave")
    axes[0, 0].legend()
    axes[0, 1].fill_between(x, np.cos(x), 1, alpha=0.3, hatch="//")
    axes[0, 1].scatter(x, np.sin(3 * x), c=np.where(x > 3, "tab:red", "tab:blue"), s=9)
    axes[1, 0].imshow(np.outer(x[:8], x[:8]))
    axes[1, 0].contour(np.add.outer(x[:8], x[:8]))
    axes[1, 1].set_title("turned < & >", rotation=20)
    axes[1, 1].annotate("there", (0.2, 0.3), (0.6, 0.7), arrowprops={"arrowstyle": "->"})
    axes[1, 1].semilogy([1, 2, 3], [1e-3, 1, 1e4], "s")
    content = io.StringIO()
    with rc_context({"svg.hashsalt": "a", **settings}):
        figure.savefig(content, format="svg")
    return content.getvalue()


def pixels(folder, svg):
    (folder / "picture.svg").write_text(svg)
    (folder / "page.typ").write_text("#set page(width: auto, height: auto, margin: 0pt)\n"
                                     '#image("picture.svg", width: 360pt)')
    page = typst.compile(folder / "page.typ", format="png", ppi=144.0)
    return np.asarray(Image.open(io.BytesIO(page)).convert("RGB"), dtype=float)


def test_a_figure_looks_the_same_in_far_fewer_bytes(tmp_path):
    before = drawn()
    after = lighter(before)
    assert len(after) < 0.6 * len(before)
    apart = np.abs(pixels(tmp_path, before) - pixels(tmp_path, after))
    assert apart.mean() < 0.2 and (apart > 64).mean() < 1e-3     # of 255
    for name in ("width", "height", "viewBox"):
        assert ElementTree.fromstring(after).get(name) == ElementTree.fromstring(before).get(name)


def test_the_picture_s_every_reference_leads_somewhere():
    tree = ElementTree.fromstring(lighter(drawn()))
    ids = [element.get("id") for element in tree.iter() if element.get("id")]
    meant = set(re.findall(r"(?<=url\(#)\w+|(?<=href=\"#)\w+", ElementTree.tostring(tree, "unicode")))
    assert meant == set(ids) and len(ids) == len(meant)


def test_words_that_are_kept_as_words_stay():
    assert "turned &lt; &amp; &gt;" in lighter(drawn(**{"svg.fonttype": "none"}))


@pytest.mark.parametrize("svg", [
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><path d="M 0.123456 0 L 1 1"/></svg>',
    "<svg><title>Matplotlib</title><g></svg>", "no SVG", ""])
def test_other_pictures_stay_as_they_are(svg):
    assert lighter(svg) == svg


def test_a_cell_s_picture_comes_lighter():
    svg = drawn()
    output = {"output_type": "display_data", "metadata": {},
              "data": {"image/svg+xml": svg, "text/plain": "<Figure>"}}
    assert shown_outputs([output])[0]["data"] == {"image/svg+xml": lighter(svg),
                                                  "text/plain": "<Figure>"}


place = st.tuples(st.floats(-5e3, 5e3), st.floats(-5e3, 5e3)).map(
    lambda pair: f"{pair[0]:f} {pair[1]:f}")
step = st.one_of(st.tuples(st.just("L"), place), st.tuples(st.just("Q"), place, place),
                 st.tuples(st.just("C"), place, place, place), st.tuples(st.just("M"), place),
                 st.tuples(st.just("z"), st.tuples(st.just("M"), place).map(" ".join)))


@given(place, st.lists(step, max_size=12))
def test_a_path_leads_through_the_same_places(start, steps):
    path = "\n".join([f"M {start} ", *(" ".join(each) for each in steps)])
    expected = [float(number) for _, numbers in ABSOLUTE.findall(path)
                for number in NUMBER.findall(numbers)]
    assert np.allclose(expected, list(walked(shorter_path(path))), atol=0.0051, rtol=0)


def walked(path):
    """The absolute places of a path in relative steps, as SVG defines them."""
    x = y = 0.0
    begun = (x, y)
    for letter, text in RELATIVE.findall(path):
        numbers = list(map(float, NUMBER.findall(text)))
        size = {"h": 1, "v": 1, "M": 2, "l": 2, "q": 4, "c": 6, "z": 1}[letter]
        for start in range(0, len(numbers), size):
            part = numbers[start:start + size]
            pairs = {"h": [part[0], 0], "v": [0, part[0]]}.get(letter, part)
            if letter != "M":
                pairs = [value + (x, y)[place % 2] for place, value in enumerate(pairs)]
            yield from pairs
            x, y = pairs[-2:]
            begun = (x, y) if letter == "M" else begun
        if letter == "z":
            x, y = begun


@pytest.mark.parametrize("path", ["M 1 1 H 5", "m 1 1 l 2 2", "M 1e3 2 L 3 4", "M 0 0 A 1 1 0 0 1 2 2"])
def test_a_path_with_other_commands_stays(path):
    assert shorter_path(path) == path
