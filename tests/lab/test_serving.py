"""Jupyter in a book's folder, however it was started, and chapters that begin there."""

import asyncio
import json
import sys
from importlib import import_module
from pathlib import Path

import pytest
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.filemanager import AsyncFileContentsManager
from traitlets.config import Config

from bookbuild.cli import main
from bookbuild.lab import jupyterlab
from bookbuild.lab.contents import ChapterContents
from bookbuild.lab.environment import BookKernel
from bookbuild.lab.jupyterlab import CONFIG, EXTENSIONS, register

BOOK = "project:\n  type: book\nbook:\n  title: B\n  chapters: [index.qmd, chapters/new.qmd]\n"


def linked(folder, **config):
    """A server that has read what its environment says of extensions, and made nothing yet."""
    told = json.loads(CONFIG.read_text())["ServerApp"]["jpserver_extensions"]
    assert all(hasattr(import_module(name), "_jupyter_server_extension_points") for name in told)
    server = ServerApp(root_dir=str(folder), jpserver_extensions=told,
                       config=Config({"ServerApp": config}))
    server.init_server_extensions()
    return server


def test_a_plain_jupyter_serves_chapters_in_a_book(tmp_path):
    (tmp_path / "_quarto.yml").write_text(BOOK)
    server = linked(tmp_path)
    assert server.contents_manager_class is ChapterContents
    assert server.kernel_spec_manager_class is BookKernel
    assert server.config.LabServerApp.extra_labextensions_path == [str(EXTENSIONS)]


def test_elsewhere_other_kernels_stay(tmp_path):
    server = linked(tmp_path, kernel_spec_manager_class=KernelSpecManager)
    assert server.contents_manager_class is ChapterContents
    assert server.kernel_spec_manager_class is KernelSpecManager


def test_what_somebody_configured_stays(tmp_path):
    server = linked(tmp_path, contents_manager_class=AsyncFileContentsManager)
    assert server.contents_manager_class is AsyncFileContentsManager
    assert "LabServerApp" not in server.config


def test_an_environment_is_told_once(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(jupyterlab.sys, "prefix", str(tmp_path))
    assert main(["lab", "--register"]) == 0
    file = Path(capsys.readouterr().out.strip())
    before = file.stat()
    assert register() == file and file.stat().st_mtime_ns == before.st_mtime_ns
    assert file == tmp_path / "etc/jupyter/jupyter_server_config.d/bookbuild.json"
    assert file.read_bytes() == CONFIG.read_bytes() and str(tmp_path) == sys.prefix


@pytest.mark.parametrize("name", ["new", "A name"])
def test_a_new_chapter_is_the_template_and_passes_the_check(tmp_path, name, capsys):
    (tmp_path / "_quarto.yml").write_text(BOOK.replace("new", name))
    (tmp_path / "index.qmd").write_text("# Preface\n")
    (tmp_path / "chapters").mkdir()
    contents = ChapterContents(root_dir=str(tmp_path))
    asyncio.run(contents.new(path=f"chapters/{name}.qmd"))
    text = (tmp_path / f"chapters/{name}.qmd").read_text()
    assert f"# Title {{#sec-{name.replace(' ', '-')}}}\n" in text
    assert main(["check", str(tmp_path)]) == 0, capsys.readouterr().out
    untitled = asyncio.run(contents.new_untitled("chapters", ext=".qmd"))
    assert untitled["path"] == "chapters/untitled.qmd"
    assert "fig-untitled" in (tmp_path / untitled["path"]).read_text()
