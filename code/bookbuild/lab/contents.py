"""Files as JupyterLab reads and saves them: chapters are notebooks, and stay chapters."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbformat import NotebookNode
from tornado.web import HTTPError

from bookbuild.files import decode_utf8, digest, is_writable, keep, replace_file
from bookbuild.lab.notebook import notebook_of, text_of
from bookbuild.say import BookError


class ChapterContents(AsyncLargeFileManager):
    """Jupyter's own file manager, to which a ``.qmd`` file is a notebook too.

    Whatever is saved replaces the old file only when it is complete. A chapter that changed on
    disk since it was last read or saved here is kept beside the one that takes its place.
    """

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.seen: dict[str, str] = {}

    async def get(self, path, content=True, type=None, format=None, require_hash=False):
        if type is None and path.endswith(".qmd") and await self.file_exists(path):
            type = "notebook"
        return await super().get(path, content, type, format, require_hash)

    async def _read_file(self, os_path, format, raw=False):     # type: ignore[override, unused-ignore]
        answer = await super()._read_file(os_path, format, raw)
        text = answer[0]            # or bytes, read to compare: JupyterLab doesn't show them
        if format == "text" and isinstance(text, str):
            self.seen[os_path] = digest(text.encode())
        return answer

    async def _read_notebook(self, os_path, as_version=4, capture_validation_error=None,
                             raw=False):
        if not os_path.endswith(".qmd"):
            return await super()._read_notebook(os_path, as_version, capture_validation_error, raw)
        content, _ = await self._read_file(os_path, "byte")
        self.seen[os_path] = digest(content)
        try:
            notebook = notebook_of(decode_utf8(content, Path(os_path).name))
        except BookError as error:
            raise HTTPError(400, str(error)) from None
        return (notebook, content) if raw else notebook

    def mark_trusted_cells(self, nb: NotebookNode, path: str = "") -> None:
        if path.endswith(".qmd"):       # it brings no outputs that could do harm
            self.notary.mark_cells(nb, True)
        else:
            super().mark_trusted_cells(nb, path)

    async def _save_notebook(self, os_path, nb: NotebookNode, capture_validation_error=None):
        if not os_path.endswith(".qmd"):
            return await super()._save_notebook(os_path, nb, capture_validation_error)
        try:
            text = text_of(nb, Path(os_path).name)
        except BookError as error:
            raise HTTPError(400, str(error)) from None
        await self._save_file(os_path, text, "text")

    @contextmanager
    def atomic_writing(self, os_path, text=True, **_) -> Iterator[io.StringIO | io.BytesIO]:
        content = io.StringIO(newline="") if text else io.BytesIO()
        yield content
        value = content.getvalue()
        new = value.encode() if isinstance(value, str) else value
        self.keep_unseen(Path(os_path))
        try:
            replace_file(Path(os_path), new)
        except OSError as error:
            raise HTTPError(403 if isinstance(error, PermissionError) else 507,
                            f"{Path(os_path).name} was not saved, the old file stands: "
                            f"{error.strerror}") from None
        self.seen[os_path] = digest(new)

    def keep_unseen(self, path: Path) -> None:
        """Put aside a chapter that another program wrote while it was open here."""
        if path.suffix != ".qmd" or not path.exists() or str(path) not in self.seen:
            return
        if digest(path.read_bytes()) != self.seen[str(path)]:
            copy = keep(path)
            self.log.warning("%s had changed on disk; that version is kept as %s", path, copy)

    def is_writable(self, path: str) -> bool:
        os_path = Path(self._get_os_path(path))
        return super().is_writable(path) and (not os_path.is_file() or is_writable(os_path))
