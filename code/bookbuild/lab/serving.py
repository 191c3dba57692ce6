"""What Jupyter serves in a book's folder, however it was started: an extension of its server."""

from pathlib import Path

from jupyter_server.serverapp import ServerApp
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager

from bookbuild.lab.contents import ChapterContents
from bookbuild.lab.environment import BookKernel
from bookbuild.lab.jupyterlab import EXTENSIONS
from bookbuild.say import BookError
from bookbuild.source import find_root


def _jupyter_server_extension_points() -> list[dict]:
    return [{"module": __name__}]


def _link_jupyter_server_extension(server: ServerApp) -> None:
    """Let chapters be notebooks, before the server makes what serves its files.

    What somebody has configured otherwise stays, and so do other kernels outside of books.
    """
    if server.contents_manager_class is not AsyncLargeFileManager:
        return
    server.contents_manager_class = ChapterContents
    server.config.LabServerApp.extra_labextensions_path = [str(EXTENSIONS)]
    is_asked_for = "kernel_spec_manager_class" in server.config.ServerApp
    if not is_asked_for and "GatewayClient" not in server.config and is_in_book(server.root_dir):
        server.kernel_spec_manager_class = BookKernel


def _load_jupyter_server_extension(server: ServerApp) -> None:
    server.log.info("Chapters (.qmd) open as notebooks.")


def is_in_book(folder: str) -> bool:
    try:
        find_root(Path(folder))
    except BookError:
        return False
    return True
