"""The command `book preview`: the book in a browser, always as its files are."""

import os
import queue
import shutil
import sys
import tempfile
import threading
import time
import webbrowser
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bookbuild.document import stand_ins
from bookbuild.files import digest_file, digest_folder
from bookbuild.pipeline import Memory, Pipeline
from bookbuild.preview.server import Server, Site
from bookbuild.preview.session import Bench, Loop, unit_key
from bookbuild.run import Cache, ChapterCode, Modules
from bookbuild.say import BookError, Problem, say
from bookbuild.source import PACKAGE, Cell, Project, load_project, python_of

PORTS_TRIED = 20
PASSED_OVER = {"__pycache__", "node_modules", "_book", "site_libs"}
UNFINISHED = (".pyc", ".part", ".swp", ".swx", ".tmp")
TO_COME = ('<svg xmlns="http://www.w3.org/2000/svg" width="504" height="120" viewBox="0 0 504 120">'
           '<rect x="1" y="1" width="502" height="118" rx="6" fill="none" stroke="#8a909c" '
           'stroke-dasharray="5 5"/><text x="252" y="64" text-anchor="middle" fill="#6b7280" '
           'font-family="sans-serif" font-size="14">this cell is still to run</text></svg>')


def preview(root: Path, first_port: int, port: int | None, browser: bool,
            cell_timeout: float) -> int:
    """Serve the book in a folder until Ctrl-C.

    Parameters
    ----------
    root : Path
        The project's folder.
    first_port, port : int
        Where to begin to look for a free port, and the port that was asked for.
    browser : bool
        Whether to open one.
    cell_timeout : float
        The most seconds for one cell.

    Raises
    ------
    BookError
        If there is no port to serve on.
    """
    with tempfile.TemporaryDirectory(prefix="book-preview-") as folder:
        preview = Preview(root, Path(folder), say, cell_timeout)
        ports = range(first_port, first_port + PORTS_TRIED) if port is None else [port]
        server = open_server(preview.site, ports)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        say(f"serving {root.name} at {server.address}  (Ctrl-C ends)")
        preview.watch()
        preview.refresh(set())
        if browser and shows_windows():
            webbrowser.open(server.address)
        try:
            preview.follow()
        except KeyboardInterrupt:
            say("book: the preview has ended")
        finally:
            preview.close()
            server.shutdown()
    return 0


def open_server(site: Site, ports: Iterable[int]) -> Server:
    """A server on the first port that is free.

    Raises
    ------
    BookError
        If all are taken.
    """
    for candidate in ports:
        try:
            return Server(site, candidate)
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
    raise BookError([Problem(f"port {candidate}", None, f"cannot be served on: {reason}; choose "
                             "another with --port")])


def shows_windows() -> bool:
    """Is there somebody at a terminal, with a screen?"""
    screen = sys.platform == "darwin" or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return sys.stderr.isatty() and bool(screen)


class Preview:
    """The book as it is served, its chapters' kernels, and the files that it is made from.

    Parameters
    ----------
    root : Path
        The project's folder.
    folder : Path
        Where the pages are written, outside the project.
    say : callable
        Told what is being done.
    cell_timeout : float
        The most seconds for one cell.
    """

    def __init__(self, root: Path, folder: Path, say, cell_timeout: float) -> None:
        self.root, self.folder, self.say, self.cell_timeout = root, folder, say, cell_timeout
        self.site = Site()
        self.loop = Loop()
        self.benches: dict[str, Bench] = {}
        self.modules = Modules(root / "code", [PACKAGE])
        self.events: queue.Queue = queue.Queue()
        self.stopped = threading.Event()
        self.count = 0
        self.beside: set[Path] = set()      # folders of pages, from which cells can import
        self.helpers: dict[Path, str] = {}
        self.memory = Memory()

    # ------------------------------------------------------------------------- following

    def watch(self) -> None:
        """Begin to note what changes; before the first render, so that no edit is missed."""
        threading.Thread(target=self._watch, daemon=True).start()

    def follow(self) -> None:
        """Render again whenever a file changed or a cell has run."""
        while True:
            with suppress(queue.Empty):
                changed = self.events.get(timeout=1)
                while not self.events.empty():
                    changed |= self.events.get()
                self.refresh(changed)

    def close(self) -> None:
        self.stopped.set()
        for bench in self.benches.values():
            self.loop.run(bench.stop())
        self.loop.stop()

    def _watch(self) -> None:
        """Report changed files; folders that come and go are taken into account."""
        import watchfiles       # not worth its time to the other commands

        while not self.stopped.is_set():
            folders = list(self._folders(self.root))
            try:
                for changes in watchfiles.watch(*folders, recursive=False, debounce=60, step=20,
                                                stop_event=self.stopped, raise_interrupt=False,
                                                watch_filter=self._matters):
                    self.events.put({Path(path) for _, path in changes})
                    if list(self._folders(self.root)) != folders:
                        break
            except (OSError, RuntimeError):        # a folder vanished before it was watched
                time.sleep(0.2)

    def _folders(self, folder: Path):
        """The project's folders; links are not followed, so that a loop of them does no harm."""
        yield folder
        with suppress(OSError):
            for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
                if entry.is_dir(follow_symlinks=False) and self._is_source(entry.name):
                    yield from self._folders(Path(entry.path))

    @staticmethod
    def _is_source(name: str) -> bool:
        return not name.startswith(".") and name not in PASSED_OVER

    def _matters(self, _, path: str) -> bool:
        place = Path(path)
        if place.suffix == ".py":
            return place.parent in self.beside or self.root / "code" / PACKAGE in place.parents
        return self._is_source(place.name) and place.suffix not in ("", *UNFINISHED)

    # ------------------------------------------------------------------------- rendering

    def refresh(self, changed: set[Path]) -> None:
        """Render what the files say now; if they can't be rendered, keep the last book."""
        begin = time.perf_counter()
        if any(path.suffix not in (".qmd", ".py") for path in changed):
            self.memory = Memory()
        try:
            project, busy = self._render()
        except BookError as error:
            self._fail(error.problems)
        except OSError as error:
            self._fail([Problem(error.filename or "book", None, error.strerror or str(error))])
        except Exception as error:          # a mistake of ours must not end the author's day
            self._fail([Problem("book", None, f"a mistake of the press itself: {error!r}")])
        else:
            self.site.tell(problems=[], busy=busy)
            if changed:
                names = sorted(os.path.relpath(path, self.root) for path in changed)
                shown = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
                self.say(f"{shown}: shown after {time.perf_counter() - begin:.1f} s")

    def _fail(self, problems: list[Problem]) -> None:
        told = [str(problem) for problem in problems]
        if told != self.site.state["problems"]:
            for line in told:
                self.say(line)
        self.site.tell(problems=told, busy="")

    def _render(self) -> tuple[Project, str]:
        project = load_project(self.root)
        book = Pipeline(project, self.memory)
        self.beside = {(self.root / draft.page.source).parent for draft in book.drafts}
        found: list[Problem] = []
        results, busy = self._cells(project, book.drafts, found)
        book.problems |= set(found)
        book.stop_if_hindered()
        book.parse(results, complete=not busy)
        book.compose("html")
        book.stop_if_hindered()
        book.resolve()
        self.count += 1
        built = self.folder / str(self.count)
        book.write_html(built)
        try:
            book.write_live(built, None, self.say)
        except BookError as error:          # pages are worth reading without live cells
            self.say(f"live cells: {error}")
        self.site.show(built)
        book.write_search(built)
        shutil.rmtree(self.folder / str(self.count - 2), ignore_errors=True)
        return project, busy

    def _cells(self, project: Project, drafts: list, problems: list[Problem]) -> tuple[dict, str]:
        """The results that there are, and which chapters are still running."""
        modules, changed = Modules(self.root / "code", [PACKAGE]), set()
        if modules.digests != self.modules.digests:
            changed = modules.users(name for name, digest in self.modules.digests.items()
                                    if modules.digests.get(name) != digest)
            self.modules = modules
        helpers = {path: digest_file(path) for folder in self.beside
                   for path in sorted(folder.glob("*.py"))}
        changed |= {path.stem for path, digest in helpers.items()
                    if self.helpers.get(path) != digest}
        self.helpers = helpers
        around = [digest_folder(project.root / "data")]
        results, running = {}, []
        for draft in drafts:
            if not draft.source.units:
                continue
            path = str(draft.page.source)
            chapter = ChapterCode(draft.page.source, project.root / draft.page.source.parent,
                                      draft.source.units, project.config.get("execute") or {})
            bench = self._bench(project, path)
            shown = self.loop.run(bench.want(chapter, self._keys(chapter, around), changed))
            problems += shown.problems
            running += [path] * shown.busy
            results |= {unit: waiting(unit) if result is None else result
                        for unit, result in zip(draft.source.units, shown.results)
                        if result is not None or isinstance(unit, Cell)}
        return results, ", ".join(running)

    def _keys(self, chapter: ChapterCode, around: list[str]) -> list[str]:
        beside = [digest for path, digest in self.helpers.items()
                  if path.parent == chapter.folder]
        codes = [python_of(unit) for unit in chapter.units]
        uses = self.memory.step(Modules.used, str(chapter.path), self.modules, codes)
        return [unit_key(chapter, unit, [*around, *beside,
                                         *(self.modules.digests[name] for name in sorted(used))])
                for unit, used in zip(chapter.units, uses)]

    def _bench(self, project: Project, path: str) -> Bench:
        def on_cell(line: str) -> None:
            self.say(line)
            self.site.tell(busy=line)

        if path not in self.benches:
            cache = Cache(project.state_dir / "cache",
                          [project.root / "code" / "deepmath", project.root / "data"])
            self.benches[path] = Bench(cache, lambda: self.events.put(set()), on_cell,
                                       self.cell_timeout)
        return self.benches[path]


def waiting(cell: Cell) -> list[dict]:
    """What is shown of a cell that has not run yet."""
    outputs = stand_ins(cell)
    for output in outputs:
        if "image/svg+xml" in output["data"]:
            output["data"] = {"image/svg+xml": TO_COME}
    return outputs
