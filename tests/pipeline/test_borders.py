"""What a render writes, and where."""

import hashlib

from bookbuild.cli import main

CHAPTER = """# One {#sec-one}

```{python}
#| label: first
print(1 + 1)
```

![A line](picture.svg)
"""
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><path d="M0 0h9"/></svg>'


def contents(folder):
    """Of each file in a folder, its digest."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in folder.rglob("*") if path.is_file()}


def test_a_render_writes_the_book_and_what_it_keeps_and_nothing_else(tmp_path):
    (root := tmp_path / "above" / "book").mkdir(parents=True)
    (tmp_path / "above" / "beside.txt").write_text("beside the book")
    (root / "_quarto.yml").write_text("project:\n  type: book\nbook:\n  title: T\n  author: A\n"
                                      "  chapters: [index.qmd, one.qmd]\n")
    (root / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello, @sec-one.\n")
    (root / "one.qmd").write_text(CHAPTER)
    (root / "picture.svg").write_text(PICTURE)
    before = contents(tmp_path)
    assert main(["render", "--engine", "builtin", "--to", "html", str(root)]) == 0
    after = contents(tmp_path)
    assert {name: after.get(name) for name in before} == before
    new = {name.removeprefix("above/book/").split("/")[0] for name in after.keys() - before.keys()}
    assert new == {"_book", ".book"}
