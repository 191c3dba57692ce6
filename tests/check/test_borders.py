"""What a page includes, shows and links to lies in the book's folder, or the author is told."""

import pytest

from bookbuild.cli import main

SECRET = "what stands outside of the book"
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'


@pytest.fixture
def book(tmp_path):
    """A book with a file, a picture and a folder beside it, and links that lead there."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.qmd").write_text(f"{SECRET}\n")
    (tmp_path / "outside" / "picture.svg").write_text(PICTURE)
    root = tmp_path / "book"
    (root / "chapters").mkdir(parents=True)
    (root / "_quarto.yml").write_text("project:\n  type: book\nbook:\n  title: T\n  author: A\n"
                                      "  chapters: [index.qmd, chapters/one.qmd]\n")
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    (root / "inside.qmd").write_text("Words from within.\n")
    (root / "picture.svg").write_text(PICTURE)
    (root / "alias.svg").symlink_to(root / "picture.svg")
    (root / "file.qmd").symlink_to(tmp_path / "outside" / "secret.qmd")
    (root / "picture-outside.svg").symlink_to(tmp_path / "outside" / "picture.svg")
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "circle").symlink_to("circle")
    return root


def checked(root, text, capsys):
    (root / "chapters" / "one.qmd").write_text(f"# One\n\n{text}\n")
    code = main(["check", str(root)])
    told = capsys.readouterr()
    return code, told.out + told.err


@pytest.mark.parametrize("name", [
    "../../outside/secret.qmd", "/../outside/secret.qmd", "../file.qmd", "/file.qmd",
    "/away/secret.qmd", "../../../../../../../../../../../../etc/hostname"])
def test_an_include_from_outside_is_told(book, capsys, name):
    code, told = checked(book, f"{{{{< include {name} >}}}}", capsys)
    assert code == 1 and "chapters/one.qmd:3: the included file " in told
    assert "outside the book's folder" in told and SECRET not in told
    assert main(["render", "--engine", "builtin", "--to", "html", str(book)]) == 1
    assert not (book / "_book").exists()


@pytest.mark.parametrize("text", [
    "![A line](../../outside/picture.svg)", "![A line](/etc/hostname)",
    "![A line](../picture-outside.svg)", "![A line](../away/picture.svg)",
    "[a file](../../outside/secret.qmd.txt)", "[a picture](../picture-outside.svg)",
    "![A line](../circle)", "[a link](../circle)"])
def test_a_picture_or_a_file_from_outside_is_told(book, capsys, text):
    code, told = checked(book, text, capsys)
    assert code == 1 and "chapters/one.qmd:" in told and "Traceback" not in told


def test_what_lies_within_is_read_by_whatever_name(book, capsys):
    code, told = checked(book, "{{< include ../inside.qmd >}}\n\n![A line](../alias.svg)\n\n"
                         "[the same](../picture.svg)", capsys)
    assert (code, told.count("outside")) == (0, 0), told
