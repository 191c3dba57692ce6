"""Files as JupyterLab reads and saves them: chapters are notebooks, and stay chapters."""

import io
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from jupyter_server.services.contents.largefilemanager import AsyncLargeFileManager
from nbformat import NotebookNode
from tornado.web import HTTPError

from bookbuild.files import decode_utf8, digest, is_writable, keep, replace_file
from bookbuild.lab.export import read_notebook
from bookbuild.lab.merging import Merged, are_kin, merge
from bookbuild.lab.notebook import KEY, notebook_of, text_of
from bookbuild.say import BookError


TEMPLATE = Path(__file__).with_name("template.qmd")


class ChapterContents(AsyncLargeFileManager):
    """Jupyter's own file manager, to which a ``.qmd`` file is a notebook too.

    Whatever is saved replaces the old file only when it is complete. A chapter that is not as the
    window that saves has read or saved it is kept beside the one that takes its place, and what was
    edited there is merged into that. A notebook tells the window by a token that each opening puts
    into its metadata; editors of text have none, and are known by their file.
    """

    def __init__(self, **options) -> None:
        super().__init__(**options)
        self.seen: dict[str, bytes] = {}        # by token or path: what is there seen
        self.merged: dict[str, str] = {}        # the same: the digest of what was made of that
        self.told: dict[str, dict] = {}         # by path: what a window has to know of its save

    async def get(self, path, content=True, type=None, format=None, require_hash=False):
        if type is None and path.endswith(".qmd") and await self.file_exists(path):
            type = "notebook"
        return await super().get(path, content, type, format, require_hash)

    async def _read_file(self, os_path, format, raw=False):     # type: ignore[override, unused-ignore]
        answer = await super()._read_file(os_path, format, raw)
        text = answer[0]            # or bytes, read to compare: JupyterLab doesn't show them
        if format == "text" and isinstance(text, str):
            self.see(os_path, text.encode())
        return answer

    async def _read_notebook(self, os_path, as_version=4, capture_validation_error=None,
                             raw=False):
        if not os_path.endswith(".qmd"):
            return await super()._read_notebook(os_path, as_version, capture_validation_error, raw)
        content, _ = await self._read_file(os_path, "byte")
        notebook = told(lambda: notebook_of(decode_utf8(content, Path(os_path).name)))
        notebook.metadata[KEY]["opening"] = token = secrets.token_hex(8)
        self.see(token, content)
        return (notebook, content) if raw else notebook

    def mark_trusted_cells(self, nb: NotebookNode, path: str = "") -> None:
        if path.endswith(".qmd"):       # it brings no outputs that could do harm
            self.notary.mark_cells(nb, True)
        else:
            super().mark_trusted_cells(nb, path)

    async def _save_notebook(self, os_path, nb: NotebookNode, capture_validation_error=None):
        if not os_path.endswith(".qmd"):
            return await super()._save_notebook(os_path, nb, capture_validation_error)
        text = told(text_of, nb, Path(os_path).name)
        opening = (nb.metadata.get(KEY) or {}).get("opening")
        self.replace(os_path, text.encode(), opening or without_token(os_path))

    @contextmanager
    def atomic_writing(self, os_path, text=True, **_) -> Iterator[io.StringIO | io.BytesIO]:
        content = io.StringIO(newline="") if text else io.BytesIO()
        yield content
        value = content.getvalue()
        self.replace(os_path, value.encode() if isinstance(value, str) else value, os_path)

    async def new(self, model=None, path=""):
        """Make a new file; a chapter begins as the template."""
        if path.endswith(".qmd") and "content" not in (model or {}):
            name = re.sub(r"[^\w-]", "-", Path(path).stem)
            text = TEMPLATE.read_text(encoding="utf-8").replace("NAME", name)
            model = {"type": "file", "format": "text", "content": text}
        return await super().new(model, path)

    async def save(self, model, path=""):
        """Save a file; the answer tells a window what others wrote, and if that is now in it."""
        answer = await super().save(model, path)
        return {**answer, **self.told.pop(self._get_os_path(path.strip("/")), {})}

    def see(self, window: str, content: bytes) -> None:
        self.seen[window] = content
        self.merged.pop(window, None)

    def replace(self, os_path: str, new: bytes, window: str) -> None:
        """Put a whole new file into the old one's place."""
        result = self.reconciled(Path(os_path), new, window)
        try:
            replace_file(Path(os_path), result)
        except OSError as error:
            raise HTTPError(403 if isinstance(error, PermissionError) else 507,
                            f"{Path(os_path).name} was not saved, the old file stands: "
                            f"{error.strerror}") from None
        self.see(window, new)
        if result != new:
            self.merged[window] = digest(result)

    def reconciled(self, path: Path, new: bytes, window: str) -> bytes:
        """What is to be saved: what a window has, with what others wrote while it was open there.

        Their version is put aside. Where a cell was edited here and there, the window's prevails.
        """
        base = self.seen.get(window)
        if path.suffix != ".qmd" or not path.exists() or (standing := path.read_bytes()) == base:
            return new
        both = merged(base, new, standing)
        result = both.text.encode() if both else new
        if digest(standing) != self.merged.get(window):
            copy = keep(path)
            self.log.warning("%s had changed on disk; that version is kept as %s", path, copy)
            told = "all edits are in it" if both and not both.clashes else (
                f"of {' and '.join(both.clashes) if both else 'it'} this window's text was saved")
            self.told[str(path)] = {"has_others": result != new, "told": (
                f"{path.name} had changed on disk: {told}. That version is kept as {copy.name}.")}
        return result

    async def rename_file(self, old_path, new_path):
        """Rename a file; a notebook that gets a chapter's name becomes one, and the other way."""
        old, new = (Path(self._get_os_path(path.strip("/"))) for path in (old_path, new_path))
        content = None
        if {old.suffix, new.suffix} == {".ipynb", ".qmd"} and old.is_file():
            content = told(converted, old)
        await super().rename_file(old_path, new_path)
        if content is not None:
            replace_file(new, content)
            self.see(without_token(new), content)

    def is_writable(self, path: str) -> bool:
        os_path = Path(self._get_os_path(path))
        return super().is_writable(path) and (not os_path.is_file() or is_writable(os_path))


def merged(base: bytes | None, mine: bytes, theirs: bytes) -> Merged | None:
    """Two versions merged; None where one is no text, or theirs another one's."""
    try:
        texts = [text.decode() for text in (base or b"", mine, theirs)]
    except UnicodeDecodeError:
        return None
    return merge(*texts) if are_kin(texts[0], texts[2]) else None


def without_token(path: str | Path) -> str:
    """How a notebook is known that has not been opened as a chapter."""
    return f"a notebook, {path}"


def converted(path: Path) -> bytes:
    """A chapter as a notebook's file, or a notebook's file as a chapter."""
    if path.suffix == ".qmd":
        return nbformat.writes(notebook_of(decode_utf8(path.read_bytes(), path.name))).encode()
    return text_of(read_notebook(path), path.name).encode()


def told(make, *arguments):
    """What a function gives; what is wrong with a chapter is an answer to the browser."""
    try:
        return make(*arguments)
    except BookError as error:
        raise HTTPError(400, str(error)) from None
