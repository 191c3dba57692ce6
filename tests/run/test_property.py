"""What a render gives from what is kept is what it gives from nothing, whatever was edited.

Books and edits are those of `books`: after each step, in which every chapter and now and then the
book is edited, the book's folder is copied without what is kept; both are rendered, and all files
of both books are the same bytes, or the same problems are told. `BOOK_EDITS=5000` asks for as
many edits; by default there are a few hundred. Almost all run in light kernels (see `light`).
"""

import os
import tempfile
from pathlib import Path

import books
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from light import LightKernel

from bookbuild import cli
from bookbuild.run import kernel
from bookbuild.say import BookError

EDITS = int(os.environ.get("BOOK_EDITS", 240))
A_STEP = 4.3            # edits on average
STEPS = 6
# A smaller example would cost minutes; the step that failed is told.
SLOW = settings(suppress_health_check=list(HealthCheck), print_blob=True,
                phases=[Phase.reuse, Phase.generate])


@pytest.fixture
def light(monkeypatch):
    monkeypatch.setattr(kernel, "Kernel", LightKernel)


def rendered(root, *options):
    """The book's files, or what was told instead."""
    args = cli.parser().parse_args(
        ["render", str(root), "--engine", "builtin", "--to", "html", *options])
    try:
        args.run(args)
    except BookError as error:
        return [str(problem) for problem in error.problems]
    return books.files_of(root / "_book")


def differing(first, second):
    """What two renders differ in, for people."""
    if isinstance(first, list) or isinstance(second, list):
        return first if isinstance(first, list) else sorted(first), second
    return [(name, first.get(name), second.get(name)) for name in {*first, *second}
            if first.get(name) != second.get(name)]


def hold(cells, steps, counts):
    with tempfile.TemporaryDirectory(prefix="book-property-") as parent:
        book = books.begin(Path(parent, "kept"), cells)
        for step in [None, *steps]:
            counts["edits"] += books.apply(book, *step) if step else 0
            copy = book.copy(Path(parent, "nothing"))
            before = LightKernel.started
            fresh = rendered(copy)
            between = LightKernel.started
            kept = rendered(book.root)
            counts["renders"] += 2
            counts["renders with problems"] += 2 * isinstance(fresh, list)
            counts["kernels from nothing"] += between - before
            counts["kernels from what is kept"] += LightKernel.started - between
            assert kept == fresh, (step, differing(kept, fresh))


def test_what_is_kept_is_what_a_render_from_nothing_gives(light, record_property, capsys):
    counts = dict.fromkeys(("edits", "renders", "renders with problems", "kernels from nothing",
                            "kernels from what is kept"), 0)

    @settings(SLOW, max_examples=max(1, round(EDITS / A_STEP / STEPS)))
    @given(books.beginnings, st.lists(books.step, min_size=STEPS, max_size=STEPS))
    def edited(cells, steps):
        hold(cells, steps, counts)
        capsys.readouterr()

    edited()
    record_property("kept results against renders from nothing",
                    ", ".join(f"{count} {name}" for name, count in counts.items()))
