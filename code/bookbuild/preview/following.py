"""The command `book preview`: the book in a browser, always as its files are."""

import os
import queue
import shutil
import sys
import tempfile
import threading
import time
import webbrowser
from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from bookbuild.document import stand_ins
from bookbuild.memory import Memory
from bookbuild.pipeline import Pipeline
from bookbuild.preview.server import Server, Site
from bookbuild.preview.session import Loop, Session
from bookbuild.run import ChapterCode, KeptResults, Look
from bookbuild.say import BookError, Problem, say
from bookbuild.source import Cell, Project, load_project

PORTS_TRIED = 20
ECHOES = 20             # times in a row that what changes while cells run is shown
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
        preview.refresh(None)
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
        self.sessions: dict[str, Session] = {}
        self.events: queue.Queue[set[Path] | None] = queue.Queue()      # None: cells have run
        self.stopped = threading.Event()
        self.moved = threading.Event()      # what is to be watched is no longer what is watched
        self.looked_at: set[str] = set()    # by cells: paths, and folders that they listed
        self.listed: set[str] = set()
        self.waiting: tuple[float, set[Path]] | None = None     # changes that are not shown yet
        self.echoes = Counter[Path]()       # files, and how often they changed while cells ran
        self.told_echo = False
        self.count = 0
        self.memory = Memory()

    # ------------------------------------------------------------------------- following

    def watch(self) -> None:
        """Begin to note what changes; before the first render, so that no edit is missed."""
        threading.Thread(target=self._watch, daemon=True).start()

    def follow(self) -> None:
        """Render again whenever a file changed or a cell has run."""
        while True:
            with suppress(queue.Empty):
                events = [self.events.get(timeout=1)]
                while not self.events.empty():
                    events.append(self.events.get())
                changes = [event for event in events if event is not None]
                self.refresh(set().union(*changes) if changes else None)

    def close(self) -> None:
        self.stopped.set()
        self.moved.set()
        self.loop.cancel()
        for session in self.sessions.values():
            self.loop.run(session.stop())
        self.loop.stop()

    def _watch(self) -> None:
        """Report changed files; folders that come and go are taken into account."""
        import watchfiles       # not worth its time to the other commands

        while not self.stopped.is_set():
            self.moved.clear()
            folders = self._folders()
            begun = False
            try:
                for changes in watchfiles.watch(*folders, recursive=False, debounce=60, step=20,
                                                stop_event=self.moved, raise_interrupt=False,
                                                watch_filter=self._matters, rust_timeout=300,
                                                yield_on_timeout=True):
                    if changes or not begun:        # something may have changed before it began
                        self.events.put({Path(path) for _, path in changes})
                        begun = True
                    if changes and self._folders() != folders:
                        break
            except (OSError, RuntimeError):        # a folder vanished before it was watched
                self.moved.wait(0.2)

    def _folders(self) -> list[Path]:
        """The project's folders, and those in which cells looked for files."""
        around = {*map(os.path.dirname, self.looked_at), *self.listed}
        return sorted({*self._below(self.root), *map(Path, filter(os.path.isdir, around))})

    def _below(self, folder: Path):
        """A folder and those in it; links are not followed, so that a loop of them does no harm."""
        yield folder
        with suppress(OSError):
            for entry in os.scandir(folder):
                if entry.is_dir(follow_symlinks=False) and self._is_source(entry.name):
                    yield from self._below(Path(entry.path))

    @staticmethod
    def _is_source(name: str) -> bool:
        return not name.startswith(".") and name not in PASSED_OVER

    def _matters(self, _, path: str) -> bool:
        if path in self.looked_at or os.path.dirname(path) in self.listed:
            return True
        name = os.path.basename(path)
        return (Path(path).is_relative_to(self.root) and self._is_source(name)
                and not name.endswith(UNFINISHED))

    # ------------------------------------------------------------------------- rendering

    def refresh(self, changed: set[Path] | None) -> None:
        """Render what the files say now; if they can't be rendered, keep the last book.

        Parameters
        ----------
        changed : set of Path or None
            The files that changed; None if no file did, but cells have run.
        """
        if changed:
            begun, before = self.waiting or (time.perf_counter(), set())
            self.waiting = begun, before | changed
            if any(path.suffix not in (".qmd", ".py") for path in changed):
                self.memory = Memory()
        version = self.site.state["version"]
        try:
            busy = self._render(changed is not None and not self._is_echo(changed))
        except BookError as error:
            self._fail(error.problems)
        except OSError as error:
            self._fail([Problem(error.filename or "book", None, error.strerror or str(error))])
        except Exception as error:          # a mistake of ours must not end the author's day
            self._fail([Problem("book", None, f"a mistake of the press itself: {error!r}")])
        else:
            self.site.tell(problems=[], busy=busy)
            self._tell_shown(bool(busy), self.site.state["version"] != version)

    def _is_echo(self, changed: set[Path]) -> bool:
        """Do cells change these files again and again, whatever the author does?

        Cells of one chapter may change what those of another read, and these what the first do.
        They run again a number of times, and then no more until a file changes while none runs.
        """
        spans = [span for each in self.sessions.values() for span in each.spans]
        for path in changed:
            at = changed_at(path)
            if not any(begun <= at <= ended for begun, ended in spans):
                self.echoes, self.told_echo = Counter(), False
                return False
        self.echoes.update(changed)
        is_echo = bool(changed) and min(self.echoes[path] for path in changed) > ECHOES
        if is_echo and not self.told_echo:
            self.told_echo = True
            names = ", ".join(sorted(os.path.relpath(path, self.root) for path in changed))
            self.say(f"{names}: changes each time that cells run, and cells of another chapter "
                     "read it: what they show may be of an earlier run")
        return is_echo

    def _tell_shown(self, busy: bool, is_new: bool) -> None:
        """Say that changes are shown, once no cell is running whose result they change."""
        if not self.waiting or busy:
            return
        begun, changed = self.waiting
        self.waiting = None
        names = sorted(os.path.relpath(path, self.root) for path in changed)
        shown = ", ".join(names[:3]) + (" ..." if len(names) > 3 else "")
        self.say(f"{shown}: shown after {time.perf_counter() - begun:.1f} s" if is_new else
                 f"{shown}: the pages stay as they are")

    def _fail(self, problems: list[Problem]) -> None:
        told = [str(problem) for problem in problems]
        if told != self.site.state["problems"]:
            for line in told:
                self.say(line)
        self.waiting = None
        self.site.tell(problems=told, busy="")

    def _render(self, files_changed: bool) -> str:
        """Render; gives the chapters whose cells are running."""
        project = load_project(self.root)
        book = Pipeline(project, self.memory)
        found: list[Problem] = []
        results, busy = self._cells(project, book.drafts, found, files_changed)
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
        return busy

    def _cells(self, project: Project, drafts: list, problems: list[Problem],
               files_changed: bool) -> tuple[dict, str]:
        """The results that there are, and which chapters are still running."""
        results: dict = {}
        running, chapters = [], []
        for draft in drafts:
            if not draft.source.units:
                continue
            path = str(draft.page.source)
            chapter = draft.code(project)
            chapters.append(path)
            shown = self.loop.run(self._session(project, chapter).want(chapter, files_changed))
            problems += shown.problems
            running += [path] * shown.busy
            results |= {unit: waiting(unit) if result is None else result
                        for unit, result in zip(draft.source.units, shown.results, strict=True)
                        if result is not None or isinstance(unit, Cell)}
        for path in self.sessions.keys() - chapters:
            self.loop.run(self.sessions.pop(path).stop())
        self._look_where([look for each in self.sessions.values() for look in each.looks])
        return results, ", ".join(running)

    def _look_where(self, looks: list[Look]) -> None:
        """Watch also what cells looked at."""
        looked_at, listed = places_of(looks)
        if (looked_at, listed) != (self.looked_at, self.listed):
            before = self._folders()
            self.looked_at, self.listed = looked_at, listed
            if self._folders() != before:
                self.moved.set()

    def _session(self, project: Project, chapter: ChapterCode) -> Session:
        def on_cell(line: str) -> None:
            self.say(line)
            self.site.tell(busy=line)

        path = str(chapter.path)
        known = self.sessions.get(path)
        if known and known.chapter.environment != chapter.environment:
            self.loop.run(self.sessions.pop(path).stop())       # its kernel has the old variables
        if path not in self.sessions:
            self.sessions[path] = Session(chapter, KeptResults(project.state_dir),
                                          lambda: self.events.put(None), on_cell,
                                          self.cell_timeout)
        return self.sessions[path]


def places_of(looks: Iterable[Look]) -> tuple[set[str], set[str]]:
    """The paths whose changes matter, and the folders in which every change does."""
    looked_at, listed = set(), set()
    for kind, path, _, there in set(looks):
        if kind in ("names", "entries", "modules"):
            listed.add(path)
        if kind == "modules":
            listed |= {folder for name in there.split()
                       if os.path.isdir(folder := os.path.join(path, name))}
        looked_at |= {path, os.path.realpath(path)}
        while not os.path.exists(path):         # if it comes, its folder comes first
            path = os.path.dirname(path)
            looked_at.add(path)
    return looked_at, listed


def changed_at(path: Path) -> int:
    """When a file changed, in nanoseconds; of one that is gone, when its folder did."""
    while not os.path.lexists(path):
        path = path.parent
    return os.lstat(path).st_mtime_ns


def waiting(cell: Cell) -> list[dict]:
    """What is shown of a cell that has not run yet."""
    outputs = stand_ins(cell)
    for output in outputs:
        if "image/svg+xml" in output["data"]:
            output["data"] = {"image/svg+xml": TO_COME}
    return outputs
