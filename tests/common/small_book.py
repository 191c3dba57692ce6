"""A small book of one chapter, printed as a PDF."""

from bookbuild.files.placing import only_render
from bookbuild.pipeline import render
from bookbuild.say import Timings
from bookbuild.source.project import load_project

CONFIG = """project:
  type: book
book:
  title: "A small book"
  author: "A. N. Author"
  chapters: [index.qmd, one.qmd]
"""
DOT = ('<svg xmlns="http://www.w3.org/2000/svg" width="90" height="90">'
       '<circle cx="45" cy="45" r="9"/></svg>')


def small_book(folder, chapter, dot=DOT):
    (folder / "_quarto.yml").write_text(CONFIG)
    (folder / "index.qmd").write_text("# Preface {.unnumbered}\n\nHello.\n")
    (folder / "one.qmd").write_text(chapter)
    (folder / "dot.svg").write_text(dot)
    project, said = load_project(folder), []
    with only_render(project.state_dir, project.output_dir, said.append):
        render(project, ["pdf"], None, said.append, Timings(), 600)
    return folder / "_book" / "A-small-book.pdf", said
