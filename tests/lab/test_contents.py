"""Chapters through Jupyter's contents manager: opened as notebooks, saved as they were, never lost."""

import asyncio
import errno
import os
import random
import stat

import nbformat
import pytest
from steps import forked
from tornado.web import HTTPError

from bookbuild.files import writes
from bookbuild.lab.contents import ChapterContents

CHAPTER = "# A\r\n\n```{python}\n#| label: a\nx = 1   \n```\n\nEnd, without a newline"


@pytest.fixture
def chapter(tmp_path):
    path = tmp_path / "a.qmd"
    path.write_bytes(CHAPTER.encode())
    return path


@pytest.fixture
def contents(tmp_path):
    return ChapterContents(root_dir=str(tmp_path))


def opened(contents, name="a.qmd", **options):
    return asyncio.run(contents.get(name, **options))


def save(contents, notebook, name="a.qmd"):
    return asyncio.run(contents.save({"type": "notebook", "format": "json", "content": notebook}, name))


def edited(contents):
    notebook = opened(contents)["content"]
    notebook.cells[1].source += "\ny = 2"
    return notebook


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.is_file())


def test_a_chapter_opens_as_a_notebook_and_saves_as_it_was(contents, chapter):
    model = opened(contents, type="notebook")
    assert model["type"] == "notebook" and model["writable"]
    nbformat.validate(model["content"])
    save(contents, model["content"])
    assert chapter.read_bytes() == CHAPTER.encode()
    assert files(chapter.parent) == ["a.qmd"]


def test_as_text_it_opens_in_an_editor(contents, chapter):
    model = opened(contents, type="file", format="text")
    assert model["content"] == CHAPTER
    asyncio.run(contents.save({"type": "file", "format": "text", "content": "new"}, "a.qmd"))
    assert chapter.read_bytes() == b"new"


def test_an_edit_is_saved_without_outputs(contents, chapter):
    notebook = edited(contents)
    notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text="said")]
    notebook.cells[1].execution_count = 7
    save(contents, notebook)
    assert chapter.read_bytes().decode() == CHAPTER.replace("   \n", "   \ny = 2\n")


def test_notebooks_stay_notebooks(contents, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    save(contents, notebook, "b.ipynb")
    assert nbformat.read(tmp_path / "b.ipynb", 4).cells[0].source == "x = 1"
    assert opened(contents, "b.ipynb")["content"].cells[0].source == "x = 1"


def test_the_listing_knows_chapters_for_notebooks(contents, chapter):
    types = {model["name"]: model["type"] for model in opened(contents, "")["content"]}
    assert types["a.qmd"] == "notebook"


# ---------------------------------------------------------------------- when it can't be saved

def test_a_full_disk_leaves_the_old_file(contents, chapter, monkeypatch):
    notebook = edited(contents)

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(writes.os, "fsync", full)
    with pytest.raises(HTTPError) as told:
        save(contents, notebook)
    assert told.value.log_message == ("a.qmd was not saved, the old file stands: No space left on "
                                      "device")
    assert chapter.read_bytes() == CHAPTER.encode()
    assert files(chapter.parent) == ["a.qmd"]


def test_whoever_is_killed_while_saving_leaves_a_whole_file(tmp_path, record_property):
    path, rng = tmp_path / "a.qmd", random.Random(1)
    texts = ["a" * 2_000_000, "b" * 2_000_000]
    path.write_text(texts[0])

    def saved(**options):
        other, = {*texts} - {path.read_text()}
        return forked(lambda: writes.replace_file(path, other), within=tmp_path, **options)

    steps = saved()
    kills = [saved(fatal=step) for step in range(1, steps + 1) if path.read_text() in texts]
    kills += [saved(fatal=rng.randint(1, steps), delay=rng.expovariate(1000)) for _ in range(12)
              if path.read_text() in texts]
    assert path.read_text() in texts and len(kills) == steps + 12
    assert steps >= 4 and kills[:steps] == [None] * steps
    record_property("saves killed", f"at each of {steps} steps, and {kills[steps:].count(None)} of "
                    "12 at any moment")


def test_a_read_only_file_stays_as_it_is(contents, chapter):
    notebook = edited(contents)
    chapter.chmod(0o444)
    assert not opened(contents)["writable"]
    with pytest.raises(HTTPError) as told:
        save(contents, notebook)
    assert told.value.status_code == 403 and "read-only" in told.value.log_message
    assert chapter.read_bytes() == CHAPTER.encode()


def test_a_save_keeps_permissions_and_links(contents, chapter, tmp_path):
    chapter.chmod(0o640)
    (tmp_path / "link.qmd").symlink_to(chapter)
    notebook = opened(contents, "link.qmd")["content"]
    notebook.cells[1].source = "z"
    save(contents, notebook, "link.qmd")
    assert (tmp_path / "link.qmd").is_symlink() and b"\nz\n" in chapter.read_bytes()
    assert stat.S_IMODE(chapter.stat().st_mode) == 0o640


def test_what_no_chapter_can_hold_is_told_and_nothing_is_replaced(contents, chapter):
    notebook = opened(contents)["content"]
    notebook.cells[0].source += "\n![a](attachment:a.png)"
    notebook.cells[0].attachments = {"a.png": {"image/png": "AAAA"}}
    with pytest.raises(HTTPError, match="cell 1 holds the pasted picture a.png"):
        save(contents, notebook)
    assert chapter.read_bytes() == CHAPTER.encode()


def test_what_is_no_text_is_told(contents, chapter):
    chapter.write_bytes(b"# A\n\ncaf\xe9\n")
    with pytest.raises(HTTPError, match="a.qmd:3: not UTF-8 text"):
        opened(contents)


# ------------------------------------------------------------------ when others write it, too

def test_a_version_that_was_not_seen_here_is_kept(contents, chapter):
    notebook = edited(contents)
    chapter.write_text("# Another's work\n")
    opened(contents, content=False, require_hash=True)      # JupyterLab compares, the reader decides
    save(contents, notebook)
    kept, = chapter.parent.glob("a.replaced-*.qmd")
    assert kept.read_text() == "# Another's work\n"
    assert b"y = 2" in chapter.read_bytes()
    save(contents, edited(contents))                        # nothing new was written meanwhile
    assert len(files(chapter.parent)) == 2


def test_what_others_wrote_in_other_cells_is_merged(contents, chapter):
    notebook = edited(contents)
    chapter.write_bytes(CHAPTER.replace("End,", "The end,").encode())
    model = save(contents, notebook)
    both = CHAPTER.replace("End,", "The end,").replace("   \n", "   \ny = 2\n")
    assert chapter.read_bytes().decode() == both
    kept, = chapter.parent.glob("a.replaced-*.qmd")
    assert "The end" in kept.read_text() and "y = 2" not in kept.read_text()
    assert model["has_others"] and f"all edits are in it. That version is kept as {kept.name}" in model["told"]
    notebook.cells[1].source += "\nz = 3"                   # in a window that does not show theirs
    assert "told" not in save(contents, notebook)
    assert chapter.read_bytes().decode() == both.replace("y = 2\n", "y = 2\nz = 3\n")
    assert len(files(chapter.parent)) == 2


def test_where_cells_clash_the_window_prevails_and_says_so(contents, chapter):
    notebook = edited(contents)
    chapter.write_bytes(CHAPTER.replace("x = 1", "x = 5").replace("End,", "The end,").encode())
    told = save(contents, notebook)["told"]
    assert told.startswith("a.qmd had changed on disk: of a this window's text was saved.")
    assert b"x = 1   \ny = 2" in chapter.read_bytes() and b"The end," in chapter.read_bytes()
    kept, = chapter.parent.glob("a.replaced-*.qmd")
    assert "x = 5" in kept.read_text()


def test_what_was_seen_is_not_kept(contents, chapter):
    for text in ("# One\n", "# Two\n"):
        chapter.write_text(text)
        save(contents, opened(contents)["content"])
    assert files(chapter.parent) == ["a.qmd"]


def kept(folder):
    return sorted(path.read_text() for path in folder.glob("*.replaced-*.qmd"))


def test_two_windows_of_one_server_lose_nothing(contents, chapter):
    """Each saves what it has; whatever the other one saved last stands beside it."""
    windows = [edited(contents) for _ in range(2)]
    for number, notebook in enumerate(windows):
        notebook.cells[1].source = f"window {number}"
    save(contents, windows[0])
    save(contents, windows[0])
    assert kept(chapter.parent) == []
    for turn, number in enumerate((1, 0, 1), start=1):
        before = chapter.read_text()
        windows[number].cells[1].source = f"window {number}, {turn}"
        save(contents, windows[number])
        assert f"window {number}, {turn}" in chapter.read_text()
        assert len(kept(chapter.parent)) == turn and before in kept(chapter.parent)


def test_a_notebook_and_an_editor_lose_nothing(contents, chapter):
    notebook = edited(contents)
    opened(contents, type="file", format="text")
    save(contents, notebook)
    saved = chapter.read_bytes().decode()
    asyncio.run(contents.save({"type": "file", "format": "text", "content": "# Text\n"}, "a.qmd"))
    asyncio.run(contents.save({"type": "file", "format": "text", "content": "# More\n"}, "a.qmd"))
    save(contents, notebook)
    assert {text.encode() for text in kept(chapter.parent)} == {
        each.replace("\r\n", "\n").encode() for each in (saved, "# More\n")}


def test_a_renamed_chapter_that_another_wrote_is_kept(contents, chapter):
    notebook = edited(contents)
    asyncio.run(contents.rename("a.qmd", "b.qmd"))
    (chapter.parent / "b.qmd").write_text("# Theirs\n")
    save(contents, notebook, "b.qmd")
    assert kept(chapter.parent) == ["# Theirs\n"]


def test_a_notebook_that_is_renamed_is_a_chapter_at_once(contents, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    save(contents, notebook, "fresh.ipynb")
    asyncio.run(contents.rename("fresh.ipynb", "fresh.qmd"))
    assert (tmp_path / "fresh.qmd").read_text() == "```{python}\nx = 1\n```\n"
    asyncio.run(contents.rename("fresh.qmd", "again.ipynb"))
    assert nbformat.read(tmp_path / "again.ipynb", 4).cells[0].source == "x = 1"
    assert files(tmp_path) == ["again.ipynb"]


def test_a_notebook_that_no_chapter_can_hold_keeps_its_name(contents, tmp_path):
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "ir", "language": "R",
                                                                 "display_name": "R"}})
    save(contents, notebook, "r.ipynb")
    with pytest.raises(HTTPError, match="the notebook is in R"):
        asyncio.run(contents.rename("r.ipynb", "r.qmd"))
    assert files(tmp_path) == ["r.ipynb"]


def test_a_new_chapter_is_markdown_from_the_first_save(contents, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# New")])
    save(contents, notebook, "new.qmd")
    save(contents, notebook, "new.qmd")
    assert (tmp_path / "new.qmd").read_text() == "# New\n" and files(tmp_path) == ["new.qmd"]
