"""What a render gives from what is kept is what it gives from nothing, whatever was edited.

Books and edits are those of `books`: after each step, in which every chapter and now and then the
book is edited, the book's folder is copied without what is kept; both are rendered, and all files
of both books are the same bytes, or the same problems are told. `BOOK_EDITS=5000` asks for as
many edits; by default there are a few hundred. Almost all run in light kernels (see `light`), and
pandoc is asked once for each text.

The preview is held to the same: when it rests after an edit, its pages are those of a render from
nothing of the files as they then are. Cells that give another result each time are left out.
"""

import os
import tempfile
from contextlib import contextmanager
from pathlib import Path

import books
import pytest
from asked_once import asked_once
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from light import LightKernel

from bookbuild import cli
from bookbuild.document import pandoc
from bookbuild.preview import following, session
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
    monkeypatch.setattr(pandoc, "call", asked_once())


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


def test_light_kernels_are_as_good(tmp_path, monkeypatch):
    """All ways in which cells read, and an edit of each file: Jupyter's kernels give the same."""
    names = [name for name in books.NAMES if name not in NEVER_THE_SAME]
    book = books.begin(tmp_path / "kept", [names[::2], names[1::2], [], []])
    for step in (0, 1):
        if step:
            for name in books.CHAPTERS:
                for change in books.OF_DATA[:30:2]:
                    change(book, (book.root / name).parent, 7)
        copies = [book.copy(tmp_path / f"nothing {kind}") for kind in ("as it is", "light")]
        kept = rendered(book.root)
        real = rendered(copies[0]) if step else kept        # at first from nothing, too
        with monkeypatch.context() as patch:
            patch.setattr(kernel, "Kernel", LightKernel)
            light = rendered(copies[1])
        assert isinstance(kept, dict)
        assert kept == real, differing(kept, real)
        assert light == real, differing(light, real)


NEVER_THE_SAME = {"appends", "rewrites"}


@contextmanager
def previewed(root):
    """A preview that is told of changes by hand; what it shows when it rests."""
    with tempfile.TemporaryDirectory(prefix="book-preview-") as folder:
        preview = following.Preview(root, Path(folder), lambda line: None, 60)

        def rest():
            while not all(session.is_at_rest for session in preview.sessions.values()):
                preview.events.get(timeout=300)
                preview.refresh(None)
            while not preview.events.empty():
                preview.events.get()
            preview.refresh(None)

        def show():
            preview.refresh({root / "_quarto.yml"})
            rest()
            preview.refresh({root / "any"})     # of what cells wrote, it is told as well
            rest()
            assert not preview.site.state["busy"]
            return preview.site.state["problems"] or books.files_of(preview.site.folder)
        try:
            yield show
        finally:
            preview.close()


def hold_in_preview(cells, steps, counts):
    cells = [[each for each in own if each not in NEVER_THE_SAME] for own in cells]
    with tempfile.TemporaryDirectory(prefix="book-property-") as parent:
        book = books.begin(Path(parent, "shown"), cells)
        with previewed(book.root) as show:
            for step in [None, *steps]:
                counts["edits"] += books.apply(book, *step) if step else 0
                for chapter in book.chapters.values():
                    chapter["cells"] = [each for each in chapter["cells"]
                                        if each not in NEVER_THE_SAME]
                book.write()
                before = LightKernel.started
                shown = show()
                counts["kernels of the preview"] += LightKernel.started - before
                fresh = rendered(book.copy(Path(parent, "nothing")))
                counts["renders"] += 1
                assert shown == fresh, (step, differing(shown, fresh))


def test_what_a_preview_shows_is_what_a_render_from_nothing_gives(
        light, monkeypatch, record_property, capsys):
    monkeypatch.setattr(session, "REST", 0)
    counts = dict.fromkeys(("edits", "renders", "kernels of the preview"), 0)

    @settings(SLOW, max_examples=max(1, round(EDITS / A_STEP / STEPS / 2)))
    @given(books.beginnings, st.lists(books.step, min_size=STEPS, max_size=STEPS))
    def edited(cells, steps):
        hold_in_preview(cells, steps, counts)
        capsys.readouterr()

    edited()
    record_property("previews against renders from nothing",
                    ", ".join(f"{count} {name}" for name, count in counts.items()))
